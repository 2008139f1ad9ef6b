/* Op slots on canonical layouts (core/op/conv3x3.h, core/op/gram.h). Primitives and reordered
 * weights are made at every call, from the library's cache; a failure of the library fills the
 * output with NaN. */
#ifndef C4_ONEDNN_SLOTS_H
#define C4_ONEDNN_SLOTS_H

#include "core/op/conv3x3.h"
#include "core/op/gram.h"

c4_conv_fwd_direct_fn c4_dnn_conv_fwd_direct;
c4_conv_bwd_data_direct_fn c4_dnn_conv_bwd_data_direct;
c4_conv_bwd_weights_direct_fn c4_dnn_conv_bwd_weights_direct;
c4_gram_block_fn c4_dnn_gram_block;

#endif
