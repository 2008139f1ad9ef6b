/* Features for the CKA tests (NumPy's legacy Gaussians) and helpers to run CKA on them. */
#ifndef C4_TESTS_CORE_TEST_CKA_DATA_H
#define C4_TESTS_CORE_TEST_CKA_DATA_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/similarity/cka.h"
#include "simd/cpu.h"
#include "simd/ref/ref_gram.h"
#include "tests/harness/unit.h"

/* numpy.random.RandomState(seed): MT19937 by init_genrand, 53-bit doubles, polar Gauss. */
struct numpy_random {
    uint32_t word[624];
    int next;
    double spare;
    int has_spare;
};

static inline void numpy_seed(struct numpy_random *r, uint32_t seed) {
    r->word[0] = seed;
    for (uint32_t i = 1; i < 624; i++)
        r->word[i] = 1812433253u * (r->word[i - 1] ^ (r->word[i - 1] >> 30)) + i;
    r->next = 624;
    r->has_spare = 0;
}

static inline uint32_t numpy_word(struct numpy_random *r) {
    if (r->next == 624) {
        for (int i = 0; i < 624; i++) {
            uint32_t y = (r->word[i] & 0x80000000u) | (r->word[(i + 1) % 624] & 0x7fffffffu);
            r->word[i] = r->word[(i + 397) % 624] ^ (y >> 1) ^ (y & 1 ? 0x9908b0dfu : 0);
        }
        r->next = 0;
    }
    uint32_t y = r->word[r->next++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

static inline double numpy_uniform(struct numpy_random *r) {
    uint32_t a = numpy_word(r) >> 5, b = numpy_word(r) >> 6;
    return (a * 67108864.0 + b) / 9007199254740992.0;
}

static inline double numpy_gauss(struct numpy_random *r) {
    if (r->has_spare) {
        r->has_spare = 0;
        return r->spare;
    }
    double a, b, square;
    do {
        a = 2 * numpy_uniform(r) - 1;
        b = 2 * numpy_uniform(r) - 1;
        square = a * a + b * b;
    } while (square >= 1 || square == 0);
    double f = sqrt(-2 * log(square) / square);
    r->spare = f * a;
    r->has_spare = 1;
    return f * b;
}

static inline void *test_alloc(size_t bytes) {
    void *p = malloc(bytes);
    assert_non_null(p);
    return p;
}

static inline double *numpy_randn(struct numpy_random *r, size_t count) {
    double *x = test_alloc(count * sizeof *x);
    for (size_t i = 0; i < count; i++) x[i] = numpy_gauss(r);
    return x;
}

static inline float *to_float(const double *x, size_t count) {
    float *f = test_alloc(count * sizeof *f);
    for (size_t i = 0; i < count; i++) f[i] = (float)x[i];
    return f;
}

static inline struct c4_features doubles(const double *x, size_t n, size_t p) {
    return (struct c4_features){.data = x, .type = C4_FEATURES_DOUBLE, .rows = n, .features = p};
}

static inline struct c4_features floats(const float *x, size_t n, size_t p) {
    return (struct c4_features){.data = x, .type = C4_FEATURES_FLOAT, .rows = n, .features = p};
}

/* The fastest build of the reference that runs here; all give the same bits. */
static inline struct c4_gram_slots test_gram(void) {
#if defined(__x86_64__)
    if (c4_cpu_features() & C4_CPU_AVX2_FMA)
        return (struct c4_gram_slots){c4_gram_pack_ref, c4_gram_block_ref_fma};
#endif
    return (struct c4_gram_slots){c4_gram_pack_ref, c4_gram_block_ref};
}

static inline struct c4_cka_result cka_by(struct c4_features x, struct c4_features y,
                                          enum c4_cka_method method) {
    struct c4_cka_options options = {.gram = test_gram(), .threads = 1, .method = method};
    struct c4_cka_result result = {.biased = NAN, .debiased = NAN};
    enum c4_status status = c4_cka(&x, &y, &options, &result);
    if (status != C4_OK) fail_msg("%s", c4_error());
    return result;
}

static inline void assert_near(double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance))
        fail_msg("got %.15g, want %.15g within %g", got, want, tolerance);
}

static inline int same_bits(double a, double b) {
    uint64_t bits_a, bits_b;
    memcpy(&bits_a, &a, sizeof a);
    memcpy(&bits_b, &b, sizeof b);
    return bits_a == bits_b;
}

#endif
