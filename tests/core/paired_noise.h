/* Noise as benchmarks have it, for test_paired_simulation.c: logarithms of the ratio of two times
 * that were measured beside each other, of programs that are equally fast. */
#ifndef C4_TESTS_CORE_PAIRED_NOISE_H
#define C4_TESTS_CORE_PAIRED_NOISE_H

#include <math.h>
#include <stdint.h>

#include "core/base/rng.h"

enum noise { NOISE_NORMAL, NOISE_HEAVY, NOISE_DRIFT, NOISE_BURSTS, NOISE_AUTOCORRELATED, NOISES };

static const char *const noise_names[] = {"normal", "heavy", "drift", "bursts", "autocorrelated"};
_Static_assert(sizeof noise_names / sizeof *noise_names == NOISES, "a name for each noise");

/* A stream of uniform numbers in (0, 1). */
struct draws {
    uint32_t stream;
    uint64_t index;
};

static inline double draw_unit(struct draws *d) {
    uint64_t i = d->index++;
    struct c4_rng_block block = c4_rng_draw(1, C4_RNG_TEST, d->stream, i / 4);
    return c4_rng_unit(block.word[i % 4]) + 0x1p-33;
}

/* Box and Muller's, one of two. */
static inline double draw_normal(struct draws *d) {
    double radius = sqrt(-2 * log(draw_unit(d)));
    return radius * cos(2 * acos(-1) * draw_unit(d));
}

/* Student's t with 2 degrees of freedom: Z / sqrt(E), E exponential with mean 1. */
static inline double draw_heavy(struct draws *d) {
    double z = draw_normal(d);
    return z / sqrt(-log(draw_unit(d)));
}

/* Overwrites log_ratio[n]. Each side has noise of 1 %. Drift: a random walk goes on by .5 % with
 * each sample of either side, so that a pair's difference keeps one step of it. Bursts: a tenth of
 * the samples of either side are 30 % slower. Autocorrelated: a pair's difference has the spread of
 * normal noise and a correlation of .3 with the one before. */
static inline void draw_log_ratios(struct draws *d, enum noise noise, int n, double *log_ratio) {
    double walk = 0, previous = 0;
    for (int i = 0; i < n; i++) {
        double side[2];
        for (int s = 0; s < 2; s++) {
            side[s] = 0.01 * (noise == NOISE_HEAVY ? draw_heavy(d) : draw_normal(d));
            if (noise == NOISE_DRIFT) side[s] += walk += 0.005 * draw_normal(d);
            if (noise == NOISE_BURSTS && draw_unit(d) < 0.1) side[s] += log(1.3);
        }
        log_ratio[i] = side[1] - side[0];
        if (noise == NOISE_AUTOCORRELATED && i > 0)
            log_ratio[i] = 0.3 * previous + sqrt(1 - 0.3 * 0.3) * log_ratio[i];
        previous = log_ratio[i];
    }
}

#endif
