#include "core/op/names.h"

const char *const c4_order_names[] = {[C4_BN_RELU] = "bn-relu", [C4_RELU_BN] = "relu-bn", NULL};
const char *const c4_conv_names[] = {[C4_WINOGRAD] = "winograd", [C4_DIRECT] = "direct", NULL};
const char *const c4_statistics_names[] = {
    [C4_BN_BATCH] = "batch", [C4_BN_RUNNING] = "running", NULL};
const char *const c4_kernels_words[] = {"auto", "direct", "winograd", NULL};

_Static_assert(C4_RELU_BN == 1 && C4_DIRECT == 1 && C4_BN_RUNNING == 1,
               "NULL follows the last name");
