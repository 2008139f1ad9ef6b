#include "core/cost/op_cost.h"

enum { C = C4_CHANNELS, REAL = 4, TILE_OUTPUTS = 16 };

/* Operations of the 1-D forms in ARITHMETIC.md, and of their 2-D forms: columns, then rows. */
static const double input_2d = (6 + 6) * 24.0, output_2d = (6 + 4) * 16.0;
static const double output_adjoint_2d = (4 + 6) * 16.0;
static const double input_adjoint_2d = (6 + 6) * 22.0 + 36; /* and 36 adds into dx */
static const double weights_2d = (3 + 6) * 17.0, weights_adjoint_2d = (6 + 3) * 18.0;

static struct c4_op_cost plain(double flops, double bytes) {
    return (struct c4_op_cost){flops, flops, 0, bytes};
}

static double pixels_of(const struct c4_op_size *s) {
    return (double)s->n * s->h * s->w;
}

static struct c4_op_cost direct(const struct c4_op_size *s) {
    double pixels = pixels_of(s), weights = 9.0 * s->ci * C;
    return plain(2 * pixels * weights, REAL * (pixels * (s->ci + C) + weights));
}

/* `transforms`: of a tile and channel, over both maps. `matrices`: [36, C, C] arrays that are read
 * or written; `weights`: [9, C, C] ones. */
static struct c4_op_cost winograd(const struct c4_op_size *s, double transforms, double matrices,
                                  double weights) {
    double tiles = pixels_of(s) / TILE_OUTPUTS;
    struct c4_op_cost cost;
    cost.flops = 2 * pixels_of(s) * 9 * C * C;
    cost.products = 2 * tiles * C4_WINOGRAD_POSITIONS * C * C;
    cost.transforms = tiles * C * transforms;
    cost.bytes =
        REAL * (pixels_of(s) * 2 * C + (matrices * C4_WINOGRAD_POSITIONS + weights * 9) * C * C);
    return cost;
}

static struct c4_op_cost winograd_weights(void) {
    const double pairs = C * C;
    return (struct c4_op_cost){pairs * weights_2d, 0, pairs * weights_2d,
                               REAL * pairs * (9 + C4_WINOGRAD_POSITIONS)};
}

static struct c4_op_cost winograd_bwd_weights(const struct c4_op_size *s) {
    struct c4_op_cost cost = winograd(s, input_2d + output_2d, 1, 1);
    cost.transforms += (double)C * C * weights_adjoint_2d;
    return cost;
}

static struct c4_op_cost moments(double n) {
    const double pixels = n * C4_IMAGE_SIDE * C4_IMAGE_SIDE;
    const double pairs = C4_PATCH * (C4_PATCH + 1) / 2.0;
    return plain(pixels * (C4_PATCH + 2 * pairs),
                 n * C4_IMAGE_BYTES + 8.0 * (C4_PATCH + C4_PATCH * C4_PATCH));
}

static struct c4_op_cost select_grad(double n) {
    const double pooled = n * 16 * 16 * C;
    return plain(2 * pooled * C4_PATCH,
                 REAL * n * C4_IMAGE_BYTES + (REAL + 1) * pooled + REAL * C4_PATCH * C);
}

static struct c4_op_cost linear(double n, double bias) {
    const double weights = C4_FLAT * C4_CLASSES;
    return plain(n * (2 * weights + bias),
                 REAL * (n * (C4_FLAT + C4_LOGITS_STRIDE) + weights + bias));
}

static struct c4_op_cost gram(const struct c4_op_size *s) {
    double x = (double)s->rows_x, y = (double)s->rows_y, features = (double)s->features;
    return plain(2 * x * y * features, REAL * (x + y) * features + 8 * x * y);
}

struct c4_op_cost c4_op_cost(enum c4_op_slot slot, const struct c4_op_size *size) {
    const double n = size->n, values = pixels_of(size) * C, count = (double)size->count;
    switch (slot) {
    case C4_SLOT_stem_input:
        return plain(3 * n * C4_IMAGE_BYTES, (1 + REAL) * n * C4_IMAGE_BYTES);
    case C4_SLOT_stem_moments:
        return moments(n);
    case C4_SLOT_stem_select_grad:
        return select_grad(n);
    case C4_SLOT_conv_fwd_direct:
    case C4_SLOT_conv_bwd_data_direct:
    case C4_SLOT_conv_bwd_weights_direct:
        return direct(size);
    case C4_SLOT_winograd_weights:
        return winograd_weights();
    case C4_SLOT_conv_fwd_winograd:
        return winograd(size, input_2d + output_2d, 1, 0);
    case C4_SLOT_conv_bwd_data_winograd:
        return winograd(size, output_adjoint_2d + input_adjoint_2d, 1, 0);
    case C4_SLOT_conv_bwd_weights_winograd:
        return winograd_bwd_weights(size);
    case C4_SLOT_channel_sums:
        return plain(3 * values, 2 * REAL * values + 16.0 * C);
    case C4_SLOT_bias_relu:
        return plain(2 * values, 2 * REAL * values + REAL * C);
    case C4_SLOT_bn_apply:
        return plain(3 * values, 2 * REAL * values + 2 * REAL * C);
    case C4_SLOT_relu_mask:
        return plain(values, 3 * REAL * values);
    case C4_SLOT_bn_rebuild:
        return plain(2 * values + 2 * values / 4,
                     2 * REAL * values + (REAL + 1) * values / 4 + 3 * REAL * C);
    case C4_SLOT_pool_select:
        return plain(3 * values / 4, REAL * values + (REAL + 1) * values / 4 + REAL * C);
    case C4_SLOT_linear_fwd:
    case C4_SLOT_linear_bwd_weights:
        return linear(n, C4_CLASSES);
    case C4_SLOT_linear_bwd_data:
        return linear(n, 0);
    case C4_SLOT_sgd_update:
        return plain(5 * count, 5 * REAL * count);
    case C4_SLOT_gram_block:
        return gram(size);
    case C4_SLOT_COUNT:
        break;
    }
    return plain(0, 0);
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
    if (layer == 0 && pass == C4_PASS_BACKWARD_DATA) return plain(0, 0);
    if (layer == C4_BLOCKS) return c4_op_cost(slots[2][pass], &(struct c4_op_size){.n = n});
    int side = c4_block_side(layer);
    const struct c4_op_size size = {.n = n, .h = side, .w = side, .ci = c4_block_inputs(layer)};
    return c4_op_cost(slots[layer > 0 && conv == C4_WINOGRAD][pass], &size);
}

struct c4_op_cost c4_step_cost(enum c4_conv_algorithm conv, int n) {
    struct c4_op_cost sum = plain(0, 0);
    for (int layer = 0; layer <= C4_BLOCKS; layer++)
        for (int pass = C4_PASS_FORWARD; pass <= C4_PASS_BACKWARD_WEIGHTS; pass++) {
            struct c4_op_cost cost = c4_pass_cost(layer, (enum c4_pass)pass, conv, n);
            sum.flops += cost.flops;
            sum.products += cost.products;
            sum.transforms += cost.transforms;
            sum.bytes += cost.bytes;
        }
    return sum;
}
