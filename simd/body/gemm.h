/* GEMM for Winograd's positions: the micro-kernel keeps an MR x NR block of c in registers, lanes =
 * columns of c. All matrices are 64 wide (n = 64) and row-major with a leading dimension of 64. */
#ifndef C4_SIMD_BODY_GEMM_H
#define C4_SIMD_BODY_GEMM_H

#include "simd/body/body.h"

/* c[i][j] = chain over k = 0..63 of a[i][k] b[k][j]: mr rows, NR columns. `prefetch`: 64 lines at
 * `ahead`. */
INLINE void gemm_micro_kernel(int mr, bool prefetch, const float *a, const float *b,
                              const float *ahead, float *c) {
    tile_acc acc;
    acc_zero(mr, acc);
    for (int k = 0; k < C; k += K_STEPS) {
        if (prefetch) {
            C4_HOT_LOOP_BEGIN(gemm_ahead, K_STEPS * mr * NR_VECS);
            acc_steps(mr, a + k, C, b + k * C, acc);
            UNROLL for (int s = 0; s < K_STEPS; s++) PREFETCH(ahead + (k + s) * 16);
            C4_HOT_LOOP_END(gemm_ahead);
        } else {
            C4_HOT_LOOP_BEGIN(gemm, K_STEPS * mr * NR_VECS);
            acc_steps(mr, a + k, C, b + k * C, acc);
            C4_HOT_LOOP_END(gemm);
        }
    }
    acc_store(mr, acc, c, C);
}

INLINE void gemm_rows(bool prefetch, int m, const float *a, const float *b, const float *next,
                      float *c) {
    int quarter = 0;
    for (int i = 0; i < m;) {
        int mr = next_mr(m - i);
        for (int j = 0; j < C; j += NR) {
            const float *ahead = prefetch && quarter < 4 ? next + quarter++ * C * 16 : b;
#define CALL(rows) gemm_micro_kernel(rows, prefetch, a + i * C, b + j, ahead, c + i * C + j)
            WITH_MR(mr, CALL)
#undef CALL
        }
        i += mr;
    }
}

/* c = a b: a [m][64], b [64][64], c [m][64]. Prefetches `next`, the b of the next call, a quarter
 * of it in each micro-kernel; NULL, which is not for NEXT_L1_BYTES = 0: nothing. c must not overlap
 * a, but may lie directly in front of it. */
static void gemm(int m, const float *a, const float *b, const float *next, float *c) {
    if (NEXT_L1_BYTES < INT32_MAX && (NEXT_L1_BYTES == 0 || next))
        gemm_rows(true, m, a, b, next, c);
    else
        gemm_rows(false, m, a, b, NULL, c);
}

/* c[i][j] = (first ? +0 : c[i][j]) then chain over k of a[k][i] b[k][j], mr rows i of c. */
INLINE void gemm_at_micro_kernel(int mr, int k, const float *a, const float *b, bool first,
                                 const float *ahead, float *c) {
    tile_acc acc;
    if (first)
        acc_zero(mr, acc);
    else
        acc_load(mr, c, C, acc);
    for (int step = 0; step < k; step++) {
        C4_HOT_LOOP_BEGIN(gemm_at, mr * NR_VECS);
        acc_outer(mr, a + step * C, b + step * C, acc);
        PREFETCH_NEXT(ahead + step * 16);
        C4_HOT_LOOP_END(gemm_at);
    }
    acc_store(mr, acc, c, C);
}

/* c += a' b, or c = a' b if `first`: a [k][64], of which m columns are used, b [k][64], c [m][64].
 * The weight gradient of one Winograd position, or of some of its input channels. Prefetches
 * `next`, the c of the next call. */
static void gemm_at(int m, int k, const float *a, const float *b, bool first, const float *next,
                    float *c) {
    const float *end = next + m * C;
    for (int i = 0; i < m;) {
        int mr = next_mr(m - i);
        for (int j = 0; j < C; j += NR) {
            const float *ahead = next < end ? next : c;
#define CALL(rows) gemm_at_micro_kernel(rows, k, a + i, b + j, first, ahead, c + i * C + j)
            WITH_MR(mr, CALL)
#undef CALL
            next += k * 16;
        }
        i += mr;
    }
}

#endif
