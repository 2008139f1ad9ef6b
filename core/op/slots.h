/* Every op slot as data: a call's arrays, the call itself, its operation counts, and its shapes in
 * the network. Checks, benchmarks and costs all use it.
 *
 * Each slot has one row, in slots_<topic>.c; ops.def drives the table, so a program does not link
 * if a slot has no row. */
#ifndef C4_OP_SLOTS_H
#define C4_OP_SLOTS_H

#include "core/op/backend.h"

typedef void c4_op_fn(void); /* any slot's function; c4_op_call() casts it back */

/* Sizes and modes of one call, named as in the op's header; a slot ignores the others.
 *   n, h, w, ci                convolutions; n, h, w also of the maps of batch norm and pooling (a
 *                              call over pixels has n * h * w of them; bn_rebuild and pool_select:
 *                              of y); n alone: stem and linear layer
 *   count                      sgd_update
 *   rows_x, features           gram_pack, gram_block
 *   panels_y                   gram_block
 *   gap_x                      gram_pack: elements between the end of a row and the next one;
 *                              gram_block: of a panel, a multiple of 16
 *   gap_gram                   gram_block: elements between the end of a row and the next one
 *   order                      bn_apply applies ReLU in bn-relu, bn_rebuild masks in relu-bn
 *   shared                     channel_sums: b is a; bias_relu, relu_mask: in place
 *   lr, momentum               sgd_update */
struct c4_op_size {
    int n, h, w, ci;
    int64_t count;
    size_t rows_x, panels_y, features;
    size_t gap_x, gap_gram;
    enum c4_order order;
    bool shared;
    float lr, momentum;
};

/* What elements hold before a call of gram_block, which adds to them. */
#define C4_OP_GRAM_BEFORE 1.0

enum c4_op_type { C4_OP_F32, C4_OP_F64, C4_OP_I64, C4_OP_U8 };

size_t c4_op_type_bytes(enum c4_op_type type);

enum c4_op_role { C4_OP_IN, C4_OP_OUT, C4_OP_INOUT, C4_OP_SCRATCH };

/* What an input holds. The caller chooses the values: random ones, or those that a check needs. */
enum c4_op_content {
    C4_OP_VALUES,         /* any numbers */
    C4_OP_FACTORS,        /* numbers that another array's values are multiplied by */
    C4_OP_SPARSE_FACTORS, /* a gradient through a ReLU: some are 0 */
    C4_OP_PADDED_VALUES,  /* rows of C4_LOGITS_STRIDE, 0 from column C4_CLASSES on */
    C4_OP_PADDED_FACTORS, /* both */
    C4_OP_PIXELS,         /* bytes 0..255 */
    C4_OP_WINNERS,        /* bytes 0..3: a pixel of a 2x2 window */
    C4_OP_TRANSFORMED     /* winograd_weights of the last array, which holds FACTORS */
};

struct c4_op_array_spec {
    const char *name; /* as in the contract */
    enum c4_op_type type;
    enum c4_op_role role;
    enum c4_op_content content; /* of IN and INOUT */
    size_t count;               /* elements in memory */
    size_t counted;             /* those that are traffic: no padding columns, no gaps between rows;
                                   0 for scratch (except Winograd's du) and for an array that is not
                                   an argument */
    size_t align_bytes;         /* of the first element, by the contract */
};

enum { C4_OP_ARRAYS = 8 }; /* at most, per call */

/* Writes the arrays of a call of this size in the contract's order, and returns their number. The
 * source of a TRANSFORMED array comes last and is not an argument. */
int c4_op_arrays(enum c4_op_slot slot, const struct c4_op_size *size,
                 struct c4_op_array_spec specs[C4_OP_ARRAYS]);

/* Calls this slot's `function` with pointers[i] = array i of c4_op_arrays(). */
void c4_op_call(enum c4_op_slot slot, c4_op_fn *function, const struct c4_op_size *size,
                void *const *pointers);

/* The slot's function; NULL if the backend has none. */
c4_op_fn *c4_op_function(const struct c4_backend *backend, enum c4_op_slot slot);

/* A multiply, an add, a division and a comparison count 1 each, a fused multiply-add 2. Padding
 * taps count like others; padding columns of the linear layer do not. Integers count like floats.
 */
struct c4_op_operations {
    double flops;      /* nominal: by the definition, for a convolution the direct sum */
    double products;   /* performed: Winograd multiplies 36 times for 16 outputs, a quarter */
    double transforms; /* performed besides the products: Winograd's, as in ARITHMETIC.md */
};

struct c4_op_operations c4_op_operations(enum c4_op_slot slot, const struct c4_op_size *size);

/* A slot's shapes in the network. */
enum c4_net_shapes {
    C4_SHAPES_IMAGES,      /* a batch's bytes */
    C4_SHAPES_BLOCKS,      /* each block's convolution maps; block 1 has 3 channels */
    C4_SHAPES_LATE_BLOCKS, /* of blocks 2 to 4 */
    C4_SHAPES_POOLED,      /* each block's pooled maps */
    C4_SHAPES_LINEAR,      /* a batch's features of pool4 */
    C4_SHAPES_FILTERS,     /* a block's 64 x 64 filters */
    C4_SHAPES_PARAMETERS,  /* everything that SGD updates */
    C4_SHAPES_LAYERS,      /* features of each of the C4_LAYERS layers: pairs of rows */
    C4_SHAPES_PANELS       /* the same: rows */
};

enum c4_net_shapes c4_op_net_shapes(enum c4_op_slot slot);

/* Zeroes the columns from C4_CLASSES on of `count` elements in rows of C4_LOGITS_STRIDE. */
void c4_op_pad(float *rows, size_t count);

#endif
