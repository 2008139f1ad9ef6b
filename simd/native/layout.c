/* Conversion between the canonical parameter vector and the packed one. */
#include <string.h>

#include "simd/native/native.h"

enum { C = C4_CHANNELS, FILTERS = 9 * C * C, STEM = 27 * C };
enum { B1 = STEM + 3 * C, BN = FILTERS + 3 * C, LINEAR = B1 + 3 * BN };

const struct c4_native_layout c4_native_layout = {
    .weight = {0, B1, B1 + BN, B1 + 2 * BN},
    .bias = {STEM, B1 + FILTERS, B1 + BN + FILTERS, B1 + 2 * BN + FILTERS},
    .gamma = {STEM + C, B1 + FILTERS + C, B1 + BN + FILTERS + C, B1 + 2 * BN + FILTERS + C},
    .beta = {STEM + 2 * C, B1 + FILTERS + 2 * C, B1 + BN + FILTERS + 2 * C,
             B1 + 2 * BN + FILTERS + 2 * C},
    .linear_weight = LINEAR,
    .linear_bias = LINEAR + C4_FLAT * C4_LOGITS_STRIDE,
    .count = LINEAR + C4_FLAT * C4_LOGITS_STRIDE + C4_LOGITS_STRIDE,
};

/* Calls each(packed index, canonical index) for every learned parameter. */
#define FOR_EACH_PARAMETER(each)                                                                   \
    do {                                                                                           \
        for (int b = 0; b < C4_BLOCKS; b++) {                                                      \
            size_t ci_count = (size_t)c4_block_inputs(b);                                          \
            size_t weight = c4_block_param(b, C4_PARAM_WEIGHT)->offset;                            \
            for (size_t co = 0; co < C; co++)                                                      \
                for (size_t ci = 0; ci < ci_count; ci++)                                           \
                    for (size_t tap = 0; tap < 9; tap++)                                           \
                        each(c4_native_layout.weight[b] + (tap * ci_count + ci) * C + co,          \
                             weight + (co * ci_count + ci) * 9 + tap);                             \
            for (size_t c = 0; c < C; c++) {                                                       \
                each(c4_native_layout.bias[b] + c, c4_block_param(b, C4_PARAM_BIAS)->offset + c);  \
                each(c4_native_layout.gamma[b] + c,                                                \
                     c4_block_param(b, C4_PARAM_GAMMA)->offset + c);                               \
                each(c4_native_layout.beta[b] + c, c4_block_param(b, C4_PARAM_BETA)->offset + c);  \
            }                                                                                      \
        }                                                                                          \
        for (size_t o = 0; o < C4_CLASSES; o++) {                                                  \
            for (size_t k = 0; k < C4_FLAT; k++) /* PyTorch flattens channels first */             \
                each(c4_native_layout.linear_weight + (k % 4 * C + k / 4) * C4_LOGITS_STRIDE + o,  \
                     c4_params[C4_PARAM_LINEAR_WEIGHT].offset + o * C4_FLAT + k);                  \
            each(c4_native_layout.linear_bias + o, c4_params[C4_PARAM_LINEAR_BIAS].offset + o);    \
        }                                                                                          \
    } while (0)

void c4_native_pack_vector(const double *canonical, float *packed) {
    memset(packed, 0, c4_native_layout.count * sizeof *packed);
#define EACH(to, from) packed[to] = (float)canonical[from]
    FOR_EACH_PARAMETER(EACH);
#undef EACH
}

void c4_native_unpack_vector(const float *packed, double *canonical) {
#define EACH(from, to) canonical[to] = (double)packed[from]
    FOR_EACH_PARAMETER(EACH);
#undef EACH
}
