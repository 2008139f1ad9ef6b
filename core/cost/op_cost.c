#include "core/cost/op_cost.h"

struct c4_op_cost c4_op_cost(enum c4_op_slot slot, const struct c4_op_size *size) {
    const struct c4_op_operations operations = c4_op_operations(slot, size);
    struct c4_op_cost cost = {operations.flops, operations.products, operations.transforms, 0};
    struct c4_op_array_spec specs[C4_OP_ARRAYS];
    int count = c4_op_arrays(slot, size, specs);
    for (int i = 0; i < count; i++) {
        double bytes = (double)specs[i].counted * (double)c4_op_type_bytes(specs[i].type);
        cost.bytes += specs[i].role == C4_OP_INOUT ? 2 * bytes : bytes;
    }
    return cost;
}

double c4_cost_performed(const struct c4_op_cost *cost) {
    return cost->products + cost->transforms;
}

struct c4_op_cost c4_pass_cost(int layer, enum c4_pass pass, enum c4_conv_algorithm conv, int n) {
    static const enum c4_op_slot slots[3][3] = {
        {C4_SLOT_conv_fwd_direct, C4_SLOT_conv_bwd_data_direct, C4_SLOT_conv_bwd_weights_direct},
        {C4_SLOT_conv_fwd_winograd, C4_SLOT_conv_bwd_data_winograd,
         C4_SLOT_conv_bwd_weights_winograd},
        {C4_SLOT_linear_fwd, C4_SLOT_linear_bwd_data, C4_SLOT_linear_bwd_weights},
    };
    if (layer == 0 && pass == C4_PASS_BACKWARD_DATA) return (struct c4_op_cost){0};
    if (layer == C4_BLOCKS) return c4_op_cost(slots[2][pass], &(struct c4_op_size){.n = n});
    int side = c4_block_side(layer);
    const struct c4_op_size size = {.n = n, .h = side, .w = side, .ci = c4_block_inputs(layer)};
    return c4_op_cost(slots[layer > 0 && conv == C4_WINOGRAD][pass], &size);
}

static struct c4_op_cost cost_of_passes(enum c4_pass last, enum c4_conv_algorithm conv, int n) {
    struct c4_op_cost sum = {0};
    for (int layer = 0; layer <= C4_BLOCKS; layer++)
        for (int pass = C4_PASS_FORWARD; pass <= (int)last; pass++) {
            struct c4_op_cost cost = c4_pass_cost(layer, (enum c4_pass)pass, conv, n);
            sum.flops += cost.flops;
            sum.products += cost.products;
            sum.transforms += cost.transforms;
            sum.bytes += cost.bytes;
        }
    return sum;
}

struct c4_op_cost c4_step_cost(enum c4_conv_algorithm conv, int n) {
    return cost_of_passes(C4_PASS_BACKWARD_WEIGHTS, conv, n);
}

struct c4_op_cost c4_evaluation_cost(enum c4_conv_algorithm conv, int n) {
    return cost_of_passes(C4_PASS_FORWARD, conv, n);
}
