/* One loop for all vector widths, which the compiler flags select. The build defines C4_PEAK_NAME
 * and C4_PEAK_CHAINS with them. */
#include "simd/peak/peak.h"

#include "core/base/hot_loop.h"

/* A step leaves a chain at 1. Fused: chain += a * b with a negligible a * b, which accumulates in
 * place on every ISA. In two instructions: chain * a + b, since compilers would move a * b out of
 * the loop. */
#if defined(__AVX512F__)
#include <immintrin.h>
typedef __m512 vector;
#define STEP(chain, a, b) _mm512_fmadd_ps(a, b, chain)
#elif defined(__FMA__)
#include <immintrin.h>
typedef __m256 vector;
#define STEP(chain, a, b) _mm256_fmadd_ps(a, b, chain)
#elif defined(__ARM_FEATURE_FMA)
#include <arm_neon.h>
typedef float32x4_t vector;
#define STEP(chain, a, b) vfmaq_f32(chain, a, b)
#else
typedef float vector __attribute__((vector_size(16))); /* lowered to what the target has */
#define STEP(chain, a, b) ((chain) * (a) + (b))
#define SPLIT 1
#endif

#ifdef SPLIT
static const float first = 0.75f, second = 0.25f;
#else
static const float first = 0x1p-15f, second = 0x1p-15f;
#endif

enum { CHAINS = C4_PEAK_CHAINS, LANES = sizeof(vector) / sizeof(float) };

union values {
    vector all;
    float lane[LANES];
};

/* The start values and the factors are hidden from the compiler, which would merge equal chains. */
float C4_PEAK_NAME(int64_t rounds) {
    union values start[CHAINS], left, right;
    for (int lane = 0; lane < LANES; lane++) {
        left.lane[lane] = first;
        right.lane[lane] = second;
        for (int c = 0; c < CHAINS; c++) start[c].lane[lane] = 1;
    }
    __asm__ volatile("" : "+m"(start), "+m"(left), "+m"(right));
    const vector a = left.all, b = right.all;
    vector chain[CHAINS];
#pragma GCC unroll 32 /* in all loops over chains, or they stay an array in memory */
    for (int c = 0; c < CHAINS; c++) chain[c] = start[c].all;
    for (int64_t round = 0; round < rounds; round++) {
        C4_HOT_LOOP_BEGIN(peak, CHAINS * C4_PEAK_UNROLL);
#pragma GCC unroll 4
        for (int step = 0; step < C4_PEAK_UNROLL; step++)
#pragma GCC unroll 32
            for (int c = 0; c < CHAINS; c++) chain[c] = STEP(chain[c], a, b);
        C4_HOT_LOOP_END(peak);
    }
#pragma GCC unroll 32
    for (int c = 0; c < CHAINS; c++) start[c].all = chain[c];
    float total = 0;
    for (int c = 0; c < CHAINS; c++)
        for (int lane = 0; lane < LANES; lane++) total += start[c].lane[lane];
    return total;
}
