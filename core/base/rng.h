/* Counter-based random numbers: Philox4x32-10 (Salmon et al., SC'11).
 *
 * A draw is a pure function of (seed, purpose, epoch, index): nothing depends on the order of
 * calls, on threads or on the machine. The Philox key is the seed; the counter is { index low,
 * index high, epoch, purpose }.
 *
 * A purpose names what is drawn, never the condition of the experiment, so that two conditions with
 * the same seed share their draws and every contrast is paired. The results depend on these values.
 */
#ifndef C4_BASE_RNG_H
#define C4_BASE_RNG_H

#include <stdint.h>

enum c4_rng_purpose {
    C4_RNG_INIT = 1,    /* initial weights; epoch = parameter tensor, index = element / 4 */
    C4_RNG_SHUFFLE = 2, /* order of a pre-training epoch; index = position */
    C4_RNG_LABELS = 3,  /* label noise; epoch = data set and split, index = official image index */
    C4_RNG_SYNTHETIC = 4, /* the built-in data sets; epoch = stream, index = image and draw */
    C4_RNG_TEST = 5,      /* inputs of tests and benchmarks */
    C4_RNG_FINETUNE_SHUFFLE = 6, /* order of a fine-tuning epoch; index = position */
    C4_RNG_BOOTSTRAP = 7         /* samples drawn again; epoch = resample, index = draw / 4 */
};

struct c4_rng_block {
    uint32_t word[4];
};

/* The four words of one counter value. */
struct c4_rng_block c4_rng_draw(uint64_t seed, enum c4_rng_purpose purpose, uint32_t epoch,
                                uint64_t index);

/* [0, 1): word / 2^32, exact in double. */
static inline double c4_rng_unit(uint32_t word) {
    return (double)word * 0x1p-32;
}

/* Integer in [0, bound), bound >= 1: floor(word * bound / 2^32). Bias below bound / 2^32. */
static inline uint32_t c4_rng_below(uint32_t word, uint32_t bound) {
    return (uint32_t)(((uint64_t)word * bound) >> 32);
}

/* Fills order[0..n) with a permutation of 0..n-1 (Fisher-Yates from the end; position i takes word
 * 0 of index i and swaps with c4_rng_below(word, i + 1)). */
void c4_rng_permutation(uint64_t seed, enum c4_rng_purpose purpose, uint32_t epoch, uint32_t *order,
                        uint32_t n);

#endif
