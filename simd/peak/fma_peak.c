/* One loop for all vector widths; the flags decide which. C4_PEAK_NAME and C4_PEAK_CHAINS come with
 * them. */
#include "simd/peak/peak.h"

#include "core/base/hot_loop.h"

#if defined(__AVX512F__)
#include <immintrin.h>
typedef __m512 vector;
#define MULTIPLY_ADD(a, b, c) _mm512_fmadd_ps(a, b, c)
#elif defined(__FMA__)
#include <immintrin.h>
typedef __m256 vector;
#define MULTIPLY_ADD(a, b, c) _mm256_fmadd_ps(a, b, c)
#elif defined(__ARM_FEATURE_FMA)
#include <arm_neon.h>
typedef float32x4_t vector;
#define MULTIPLY_ADD(a, b, c) vfmaq_f32(c, a, b)
#else /* two instructions, by the compiler's vectors of four */
typedef float vector __attribute__((vector_size(16)));
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

enum { CHAINS = C4_PEAK_CHAINS, LANES = sizeof(vector) / sizeof(float) };

union values {
    vector all;
    float lane[LANES];
};

/* chain = chain * 0.75 + 0.25 goes to 1. What the chains start with and the factors are hidden from
 * the compiler, which would make one of equal chains. */
float C4_PEAK_NAME(int64_t rounds) {
    union values start[CHAINS], factor, addend;
    for (int lane = 0; lane < LANES; lane++) {
        factor.lane[lane] = 0.75f;
        addend.lane[lane] = 0.25f;
        for (int c = 0; c < CHAINS; c++) start[c].lane[lane] = 1;
    }
    __asm__ volatile("" : "+m"(start), "+m"(factor), "+m"(addend));
    const vector a = factor.all, b = addend.all;
    vector chain[CHAINS];
#pragma GCC unroll 32 /* all loops over chains, or they stay an array in memory */
    for (int c = 0; c < CHAINS; c++) chain[c] = start[c].all;
    for (int64_t round = 0; round < rounds; round++) {
        C4_HOT_LOOP_BEGIN(peak, CHAINS * C4_PEAK_UNROLL);
#pragma GCC unroll 4
        for (int step = 0; step < C4_PEAK_UNROLL; step++)
#pragma GCC unroll 32
            for (int c = 0; c < CHAINS; c++) chain[c] = MULTIPLY_ADD(chain[c], a, b);
        C4_HOT_LOOP_END(peak);
    }
#pragma GCC unroll 32
    for (int c = 0; c < CHAINS; c++) start[c].all = chain[c];
    float total = 0;
    for (int c = 0; c < CHAINS; c++)
        for (int lane = 0; lane < LANES; lane++) total += start[c].lane[lane];
    return total;
}
