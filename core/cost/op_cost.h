/* What an op costs: operations and compulsory traffic. Pure functions of the shapes.
 *
 * A multiply, an add, a division and a comparison count 1 each, a fused multiply-add 2. Padding
 * taps count like others, padding columns of the linear layer do not. Integers count like floats.
 */
#ifndef C4_COST_OP_COST_H
#define C4_COST_OP_COST_H

#include <stddef.h>
#include <stdint.h>

#include "core/op/backend.h"

struct c4_op_cost {
    double flops;      /* nominal: of the definition, for a convolution the direct sum */
    double products;   /* performed: Winograd multiplies 36 times for 16 outputs, a quarter */
    double transforms; /* performed beside the products: Winograd's, as ARITHMETIC.md has them */
    double bytes;      /* every array of the call read or written once, both if it is updated */
};

/* Sizes of one call, in the names of the op's header; the others are ignored.
 *   n, h, w, ci                convolutions; n, h, w also of the maps of batch norm and pooling (a
 *                              call over pixels has n * h * w of them; bn_rebuild and pool_select:
 *                              of y); n alone: stem and linear layer
 *   count                      sgd_update
 *   rows_x, rows_y, features   gram_block */
struct c4_op_size {
    int n, h, w, ci;
    int64_t count;
    size_t rows_x, rows_y, features;
};

struct c4_op_cost c4_op_cost(enum c4_op_slot slot, const struct c4_op_size *size);

/* products + transforms. */
double c4_cost_performed(const struct c4_op_cost *cost);

enum c4_pass { C4_PASS_FORWARD, C4_PASS_BACKWARD_DATA, C4_PASS_BACKWARD_WEIGHTS };

/* The products of one pass through layer 0..3 (the convolution of that block) or 4 (linear) for n
 * images. Block 0 is always direct and has no backward data: all 0. Transforms of the weights
 * themselves, once a step, belong to the update and are left out. */
struct c4_op_cost c4_pass_cost(int layer, enum c4_pass pass, enum c4_conv_algorithm conv, int n);

/* All passes of a training step of n images: what images/s are turned into GFLOP/s with. */
struct c4_op_cost c4_step_cost(enum c4_conv_algorithm conv, int n);

#endif
