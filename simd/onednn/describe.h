/* The kernels that oneDNN chose. */
#ifndef C4_SIMD_ONEDNN_DESCRIBE_H
#define C4_SIMD_ONEDNN_DESCRIBE_H

#include "core/op/step.h"

/* For the batch size of the plan's last step or evaluation: the library's version, then a line per
 * operation, "conv2 forward: jit:avx2" or "weights2 reorder: jit:uni" (a change of layout). Empty
 * before the first step. The plan must come from the oneDNN backend; the text lives until the
 * plan's next step or evaluation. */
const char *c4_onednn_describe(const struct c4_plan *plan);

#endif
