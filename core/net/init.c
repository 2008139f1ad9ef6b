#include "core/net/init.h"

#include <math.h>

#include "core/base/rng.h"

static void fill(double *values, size_t count, double value) {
    for (size_t i = 0; i < count; i++) values[i] = value;
}

static void draw_uniform(uint64_t seed, int tensor, int fan_in, double *state) {
    const struct c4_param *param = &c4_params[tensor];
    double bound = 1.0 / sqrt((double)fan_in);
    for (size_t i = 0; i < param->count; i++) {
        uint32_t word = c4_rng_draw(seed, C4_RNG_INIT, (uint32_t)tensor, i / 4).word[i % 4];
        state[param->offset + i] = (double)(float)((2.0 * c4_rng_unit(word) - 1.0) * bound);
    }
}

void c4_net_init(uint64_t seed, double *state) {
    for (int b = 0; b < C4_BLOCKS; b++) {
        int fan_in = 9 * c4_block_inputs(b);
        draw_uniform(seed, 4 * b + C4_PARAM_WEIGHT, fan_in, state);
        draw_uniform(seed, 4 * b + C4_PARAM_BIAS, fan_in, state);
        fill(state + c4_block_param(b, C4_PARAM_GAMMA)->offset, C4_CHANNELS, 1.0);
        fill(state + c4_block_param(b, C4_PARAM_BETA)->offset, C4_CHANNELS, 0.0);
        fill(state + c4_block_running(b, C4_PARAM_RUNNING_MEAN)->offset, C4_CHANNELS, 0.0);
        fill(state + c4_block_running(b, C4_PARAM_RUNNING_VAR)->offset, C4_CHANNELS, 1.0);
    }
    draw_uniform(seed, C4_PARAM_LINEAR_WEIGHT, C4_FLAT, state);
    draw_uniform(seed, C4_PARAM_LINEAR_BIAS, C4_FLAT, state);
}
