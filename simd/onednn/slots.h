/* Op slots on canonical layouts (core/op/conv3x3.h, core/op/gram.h): prepared, loaded, run and
 * released in each call; if the library fails, the output is filled with NaN. */
#ifndef C4_SIMD_ONEDNN_SLOTS_H
#define C4_SIMD_ONEDNN_SLOTS_H

#include "core/op/prepared.h"

c4_conv_fwd_direct_fn c4_dnn_conv_fwd_direct;
c4_conv_bwd_data_direct_fn c4_dnn_conv_bwd_data_direct;
c4_conv_bwd_weights_direct_fn c4_dnn_conv_bwd_weights_direct;
c4_gram_pack_fn c4_dnn_gram_pack;
c4_gram_block_fn c4_dnn_gram_block;

extern const struct c4_prepared_api c4_prepared_onednn;

#endif
