/* Every op slot as data: the arrays of a call, the call, its operations, and the network's shapes
 * that it occurs in. Checks, benchmarks and costs all take a slot from here.
 *
 * Each slot has one row, in slots_<topic>.c; ops.def drives the table, so that a program with a
 * slot that has no row does not build. */
#ifndef C4_OP_SLOTS_H
#define C4_OP_SLOTS_H

#include "core/op/backend.h"

typedef void c4_op_fn(void); /* any slot's function; c4_op_call() casts it back */

/* Sizes and modes of one call, in the names of the op's header; a slot ignores the others.
 *   n, h, w, ci                convolutions; n, h, w also of the maps of batch norm and pooling (a
 *                              call over pixels has n * h * w of them; bn_rebuild and pool_select:
 *                              of y); n alone: stem and linear layer
 *   count                      sgd_update
 *   rows_x, rows_y, features   gram_block
 *   gap_x, gap_y, gap_gram     gram_block: elements between the end of a row and the next one
 *   order                      bn_apply applies ReLU in bn-relu, bn_rebuild masks in relu-bn
 *   shared                     channel_sums: b is a; bias_relu, relu_mask: in place
 *   lr, momentum               sgd_update */
struct c4_op_size {
    int n, h, w, ci;
    int64_t count;
    size_t rows_x, rows_y, features;
    size_t gap_x, gap_y, gap_gram;
    enum c4_order order;
    bool shared;
    float lr, momentum;
};

enum c4_op_type { C4_OP_F32, C4_OP_F64, C4_OP_I64, C4_OP_U8 };

size_t c4_op_type_bytes(enum c4_op_type type);

enum c4_op_role { C4_OP_IN, C4_OP_OUT, C4_OP_INOUT, C4_OP_SCRATCH };

/* What an input holds. Whoever fills it chooses the values: random ones, or what a check needs. */
enum c4_op_content {
    C4_OP_VALUES,         /* any numbers */
    C4_OP_FACTORS,        /* numbers that the values of another array are multiplied with */
    C4_OP_SPARSE_FACTORS, /* a gradient behind a ReLU: some of them are 0 */
    C4_OP_PADDED_VALUES,  /* rows of C4_LOGITS_STRIDE, 0 from column C4_CLASSES on */
    C4_OP_PADDED_FACTORS, /* both */
    C4_OP_PIXELS,         /* bytes 0..255 */
    C4_OP_WINNERS,        /* bytes 0..3: a pixel of a 2x2 window */
    C4_OP_TRANSFORMED     /* winograd_weights of the last array, which holds its FACTORS */
};

struct c4_op_array_spec {
    const char *name; /* the contract's */
    enum c4_op_type type;
    enum c4_op_role role;
    enum c4_op_content content; /* of IN and INOUT */
    size_t count;               /* elements in memory */
    size_t counted;             /* of them in the call's traffic: without padding columns and gaps
                                   between rows; 0: what is no argument of the call, and scratch,
                                   except Winograd's du */
    size_t align_bytes;         /* of the first element, as the contract has it */
};

enum { C4_OP_ARRAYS = 8 }; /* of a call at most */

/* Writes the arrays of a call of this size in the order of the contract, and returns how many. What
 * a TRANSFORMED array is made from stands behind them and is no argument. */
int c4_op_arrays(enum c4_op_slot slot, const struct c4_op_size *size,
                 struct c4_op_array_spec specs[C4_OP_ARRAYS]);

/* Calls `function`, which is of this slot, on pointers[i] = array i of c4_op_arrays(). */
void c4_op_call(enum c4_op_slot slot, c4_op_fn *function, const struct c4_op_size *size,
                void *const *pointers);

/* The slot's function; NULL if the backend has none. */
c4_op_fn *c4_op_function(const struct c4_backend *backend, enum c4_op_slot slot);

/* A multiply, an add, a division and a comparison count 1 each, a fused multiply-add 2. Padding
 * taps count like others, padding columns of the linear layer do not. Integers count like floats.
 */
struct c4_op_operations {
    double flops;      /* nominal: of the definition, for a convolution the direct sum */
    double products;   /* performed: Winograd multiplies 36 times for 16 outputs, a quarter */
    double transforms; /* performed beside the products: Winograd's, as ARITHMETIC.md has them */
};

struct c4_op_operations c4_op_operations(enum c4_op_slot slot, const struct c4_op_size *size);

/* The shapes that the network gives a slot. */
enum c4_net_shapes {
    C4_SHAPES_IMAGES,      /* a batch's bytes */
    C4_SHAPES_BLOCKS,      /* the convolution's maps of each block, block 1 with 3 channels */
    C4_SHAPES_LATE_BLOCKS, /* of blocks 2 to 4 */
    C4_SHAPES_POOLED,      /* maps behind the pooling of each block */
    C4_SHAPES_LINEAR,      /* a batch's features of pool4 */
    C4_SHAPES_FILTERS,     /* a block's 64 x 64 filters */
    C4_SHAPES_PARAMETERS,  /* all that SGD changes */
    C4_SHAPES_LAYERS       /* features of each of the C4_LAYERS layers */
};

enum c4_net_shapes c4_op_net_shapes(enum c4_op_slot slot);

/* Zeroes the columns from C4_CLASSES on of `count` elements in rows of C4_LOGITS_STRIDE. */
void c4_op_pad(float *rows, size_t count);

#endif
