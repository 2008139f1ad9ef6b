/* The micro-kernels of Winograd: products of 64-wide matrices, lanes = columns of the result. */
#ifndef C4_SIMD_BODY_GEMM_H
#define C4_SIMD_BODY_GEMM_H

#include "simd/body/body.h"

/* c[r][j] = chain over k = 0..63 of a[r][k] b[k][j]: `rows` rows, MK_COLUMNS columns. */
INLINE void multiply_tile(int rows, const float *a, const float *b, const float *ahead, float *c) {
    tile_acc acc;
    acc_zero(rows, acc);
    for (int k = 0; k < C; k += MK_STEPS) {
        C4_HOT_LOOP_BEGIN(multiply, MK_STEPS * rows * MK_VECS);
        acc_steps(rows, a + k, C, b + k * C, acc);
        UNROLL for (int s = 0; s < MK_STEPS; s++) vf_prefetch(ahead + (k + s) * 16);
        C4_HOT_LOOP_END(multiply);
    }
    acc_store(rows, acc, c, C);
}

/* c[t] = a[t] b for `count` rows of 64; b [64][64]. Meanwhile `next`, which is what b will be in
 * the next call, is brought closer, a quarter of it by each tile. c must not overlap a except for
 * lying wholly in front of it. */
static void multiply(int count, const float *a, const float *b, const float *next, float *c) {
    int quarter = 0;
    for (int t = 0; t < count;) {
        int rows = next_rows(count - t);
        for (int column = 0; column < C; column += MK_COLUMNS) {
            const float *ahead = quarter < 4 ? next + quarter++ * C * 16 : b;
#define CALL(n) multiply_tile(n, a + t * C, b + column, ahead, c + t * C + column)
            WITH_ROWS(rows, CALL)
#undef CALL
        }
        t += rows;
    }
}

/* c[i][j] = (first ? +0 : c[i][j]) then chain over t of a[t][i] b[t][j], rows i of the tile. */
INLINE void outer_tile(int rows, int count, const float *a, const float *b, bool first,
                       const float *ahead, float *c) {
    tile_acc acc;
    if (first)
        acc_zero(rows, acc);
    else
        acc_load(rows, c, C, acc);
    for (int t = 0; t < count; t++) {
        C4_HOT_LOOP_BEGIN(outer, rows * MK_VECS);
        acc_outer(rows, a + t * C, b + t * C, acc);
        vf_prefetch(ahead + t * 16);
        C4_HOT_LOOP_END(outer);
    }
    acc_store(rows, acc, c, C);
}

/* `inputs` rows of c [inputs][64] as above: the weight gradient of one Winograd position, or some
 * input channels of it. Meanwhile `next`, what c will be in the next call, is brought closer. */
static void outer(int inputs, int count, const float *a, const float *b, bool first,
                  const float *next, float *c) {
    const float *end = next + inputs * C;
    for (int i = 0; i < inputs;) {
        int rows = next_rows(inputs - i);
        for (int column = 0; column < C; column += MK_COLUMNS) {
            const float *ahead = next < end ? next : c;
#define CALL(n) outer_tile(n, count, a + i, b + column, first, ahead, c + i * C + column)
            WITH_ROWS(rows, CALL)
#undef CALL
            next += count * 16;
        }
        i += rows;
    }
}

#endif
