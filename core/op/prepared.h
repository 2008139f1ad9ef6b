/* Convolutions in a backend's own layouts, created and loaded once and run many times: benchmarks
 * time the kernels without the reordering from and to the op slots' layouts. */
#ifndef C4_OP_PREPARED_H
#define C4_OP_PREPARED_H

#include "core/op/backend.h"

struct c4_prepared; /* one convolution and its memory */

/* Calls are single-threaded; different threads may use different objects at once. A call that fails
 * has called c4_fail(). */
struct c4_prepared_api {
    /* `slot` is one of the six convolution slots. C4_ERR_ENVIRONMENT: no such kernel for this CPU
     * and shape. A failed open leaves nothing to close. */
    enum c4_status (*open)(enum c4_op_slot slot, const struct c4_conv_shape *shape,
                           struct c4_prepared **prepared);
    void (*close)(struct c4_prepared *prepared); /* NULL allowed */
    /* The library's name for its kernel; lives as long as `prepared`. */
    const char *(*kernel)(const struct c4_prepared *prepared);
    /* From canonical arrays (conv3x3.h), in the order of the slots' contracts: x and w, dy and wt,
     * or x and dy; Winograd slots also take w or wt, not u or ut. */
    enum c4_status (*load)(struct c4_prepared *prepared, const float *first, const float *second);
    enum c4_status (*run)(struct c4_prepared *prepared);
    /* Writes the last run's y, dx or dw to the canonical array `out`. */
    enum c4_status (*store)(struct c4_prepared *prepared, float *out);
};

#endif
