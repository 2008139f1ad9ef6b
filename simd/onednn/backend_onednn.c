/* The table of the oneDNN backend. Its step keeps maps in the library's layouts; its slots take the
 * canonical ones, so that they can be compared. */
#include "core/op/backend.h"
#include "simd/onednn/plan.h"
#include "simd/onednn/slots.h"

#define TEXT(x) #x
#define VERSION(major, minor, patch) "dnnl " TEXT(major) "." TEXT(minor) "." TEXT(patch)

extern const struct c4_backend c4_backend_onednn;

const struct c4_backend c4_backend_onednn = {
    .name = "onednn",
    .variant = VERSION(DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR, DNNL_VERSION_PATCH),
    .bit_exact = false,
    .step = &c4_step_onednn,
    .prepared = &c4_prepared_onednn,
    .conv_fwd_direct = c4_dnn_conv_fwd_direct,
    .conv_bwd_data_direct = c4_dnn_conv_bwd_data_direct,
    .conv_bwd_weights_direct = c4_dnn_conv_bwd_weights_direct,
    .gram_pack = c4_dnn_gram_pack,
    .gram_block = c4_dnn_gram_block,
};
