/* Every op slot in every shape that the network gives it (c4_op_net_shapes). */
#ifndef C4_BENCH_OPS_LIST_H
#define C4_BENCH_OPS_LIST_H

#include "core/op/slots.h"

struct c4_op_shape {
    struct c4_op_size size;
    enum c4_op_slot slot;
    int images;     /* per call; 0: a call has no images */
    char label[32]; /* follows the slot's name in a row's name: "block2/n32", "images/n32",
                       "linear/n32", "weights", "parameters", "pool1/64x64"; with several threads
                       "block2/n32/t2" */
};

enum { C4_OP_SHAPES_MAX = C4_SLOT_COUNT * C4_LAYERS }; /* at most one shape per layer */

/* Writes all shapes for calls of `batch` images by each of `threads` threads, in the slots' order
 * in ops.def, and returns their number. A Gram block has 64 x 64 rows of each layer's features. */
int c4_op_shapes(int batch, int threads, struct c4_op_shape shapes[C4_OP_SHAPES_MAX]);

#endif
