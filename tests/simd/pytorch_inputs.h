/* The inputs of tests/reference/make_pytorch_steps.py, from the same random counters. */
#ifndef C4_TESTS_SIMD_PYTORCH_INPUTS_H
#define C4_TESTS_SIMD_PYTORCH_INPUTS_H

#include <stdint.h>

#include "core/base/rng.h"
#include "core/op/conv4.h"

enum { PYTORCH_STEPS = 20, PYTORCH_BATCH = 16, PYTORCH_SEEDS = 10 };

static inline uint32_t pytorch_word(uint64_t seed, uint32_t stream, uint64_t i) {
    return c4_rng_draw(seed, C4_RNG_TEST, stream, i / 4).word[i % 4];
}

/* Batch `step` of a seed: 8x8 patches of random colours under noise, random labels. */
static inline void pytorch_batch(uint64_t seed, uint32_t step, uint8_t *images, uint8_t *labels) {
    for (uint32_t i = 0; i < PYTORCH_BATCH * C4_IMAGE_BYTES; i++) {
        uint32_t plane = i / 1024, row = i / 32 % 32, col = i % 32;
        uint32_t colour = pytorch_word(seed, 3 * step, plane * 16 + row / 8 * 4 + col / 8) >> 24;
        images[i] = (uint8_t)(colour * 3 / 4 + (pytorch_word(seed, 3 * step + 1, i) >> 26));
    }
    for (uint32_t i = 0; i < PYTORCH_BATCH; i++)
        labels[i] = (uint8_t)c4_rng_below(pytorch_word(seed, 3 * step + 2, i), C4_CLASSES);
}

#endif
