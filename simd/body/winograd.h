/* Winograd convolution on groups of tiles.
 *
 * A group's transformed tiles lie at [position][tile][64], positions group_stride() floats apart:
 * at multiples of 4 KB they would all fall into the same cache sets. Products are written one
 * position before their factors, so that both share one buffer and half the cache. */
#ifndef C4_SIMD_BODY_WINOGRAD_H
#define C4_SIMD_BODY_WINOGRAD_H

#include "simd/body/gemm.h"
#include "simd/body/transform.h"

enum { POSITIONS = C4_WINOGRAD_POSITIONS };

/* Floats from one position to the next in a group of `tiles` tiles. */
INLINE ptrdiff_t group_stride(int tiles) {
    return (ptrdiff_t)tiles * C + 16;
}

/* m = products of v, which lies one position after m, with u, positions u_stride floats apart.
 * `prefetch`: prefetches_next(). */
static void gemm_group(int count, ptrdiff_t stride, const float *u, ptrdiff_t u_stride,
                       bool prefetch, float *m) {
    for (int p = 0; p < POSITIONS; p++) {
        const float *now = u + p * u_stride, *next = p + 1 < POSITIONS ? now + u_stride : u;
        gemm(count, m + (p + 1) * stride, now, prefetch ? next : NULL, m + p * stride);
    }
}

#endif
