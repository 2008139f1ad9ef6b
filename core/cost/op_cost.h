/* What an op costs: operations and compulsory traffic. Pure functions of the shapes. */
#ifndef C4_COST_OP_COST_H
#define C4_COST_OP_COST_H

#include "core/op/slots.h"

struct c4_op_cost {
    double flops, products, transforms; /* as in struct c4_op_operations */
    double bytes; /* every array of the call read or written once; updated ones count twice */
};

struct c4_op_cost c4_op_cost(enum c4_op_slot slot, const struct c4_op_size *size);

/* products + transforms. */
double c4_cost_performed(const struct c4_op_cost *cost);

enum c4_pass { C4_PASS_FORWARD, C4_PASS_BACKWARD_DATA, C4_PASS_BACKWARD_WEIGHTS };

/* The products of one pass through layer 0..3 (the convolution of that block) or 4 (linear) for n
 * images. Block 0 is always direct and has no backward data: all 0. The weight transforms,
 * once per step, belong to the update and are left out. */
struct c4_op_cost c4_pass_cost(int layer, enum c4_pass pass, enum c4_conv_algorithm conv, int n);

/* All passes of a training step of n images, and the forward passes of an evaluation; they convert
 * images/s to GFLOP/s. */
struct c4_op_cost c4_step_cost(enum c4_conv_algorithm conv, int n);
struct c4_op_cost c4_evaluation_cost(enum c4_conv_algorithm conv, int n);

#endif
