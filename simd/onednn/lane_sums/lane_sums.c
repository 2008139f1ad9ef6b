/* The build defines C4_SUMS_NAME with the compiler flags. */
#include "simd/onednn/lane_sums/lane_sums.h"

#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
typedef __m256d doubles;
/* From generic vectors gcc 12 makes two conversions. */
static inline doubles widened(const float *y) {
    return _mm256_cvtps_pd(_mm_loadu_ps(y));
}
#else
typedef float floats __attribute__((vector_size(2 * sizeof(float))));
typedef double doubles __attribute__((vector_size(2 * sizeof(double))));
static inline doubles widened(const float *y) {
    floats v;
    memcpy(&v, y, sizeof v);
    return __builtin_convertvector(v, doubles);
}
#endif

enum {
    VECTOR = sizeof(doubles) / sizeof(double),
    VECTORS = C4_SUM_LANES / VECTOR,
    AHEAD = 1024 /* prefetch distance in floats; reading takes longer than adding */
};

/* All loops over vectors are unrolled, or the sums stay an array in memory. */
void C4_SUMS_NAME(const float *y, size_t groups, size_t stride, double sum[C4_SUM_LANES],
                  double sum_sq[C4_SUM_LANES]) {
    doubles s[VECTORS] = {{0}}, q[VECTORS] = {{0}};
    for (size_t i = 0; i < groups; i++, y += stride) {
        __builtin_prefetch(y + AHEAD);
#pragma GCC unroll 8
        for (int k = 0; k < VECTORS; k++) {
            doubles a = widened(y + VECTOR * k);
            s[k] += a;
            q[k] += a * a;
        }
    }
    memcpy(sum, s, sizeof s);
    memcpy(sum_sq, q, sizeof q);
}
