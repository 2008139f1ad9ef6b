/* Convolutions in a backend's own layouts, made and loaded once and run often: how benchmarks see
 * the kernels of a backend whose layouts are not those of its op slots, apart from the reordering.
 */
#ifndef C4_OP_PREPARED_H
#define C4_OP_PREPARED_H

#include "core/op/backend.h"

struct c4_prepared; /* one convolution with memory of its own */

/* Calls are single-threaded, each on an object of its own; different objects may be used by
 * different threads at once. What fails has said so by c4_fail(). */
struct c4_prepared_api {
    /* `slot` is one of the six convolution slots. C4_ERR_ENVIRONMENT: there is no such kernel for
     * this CPU and shape. A failed open leaves nothing to close. */
    enum c4_status (*open)(enum c4_op_slot slot, const struct c4_conv_shape *shape,
                           struct c4_prepared **prepared);
    void (*close)(struct c4_prepared *prepared); /* NULL allowed */
    /* The library's name for its kernel; lives as long as `prepared`. */
    const char *(*kernel)(const struct c4_prepared *prepared);
    /* From canonical arrays (conv3x3.h), in the order of the slots' contracts: x and w, dy and wt,
     * or x and dy; Winograd slots take w and wt, too, and no u. */
    enum c4_status (*load)(struct c4_prepared *prepared, const float *first, const float *second);
    enum c4_status (*run)(struct c4_prepared *prepared);
    /* The last run's y, dx or dw, to the canonical array `out`. */
    enum c4_status (*store)(struct c4_prepared *prepared, float *out);
};

#endif
