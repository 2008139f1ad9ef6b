/* Batch norm, ReLU, pooling, channel sums and the update: one pass over memory each. */
#ifndef C4_SIMD_BODY_ELEMENTWISE_H
#define C4_SIMD_BODY_ELEMENTWISE_H

#include <math.h>

#include "simd/body/body.h"

/* --- channel sums (core/op/ARITHMETIC.md) --- */

INLINE void add_double(double *sum, vd a) {
    vd_store(sum, vd_add(vd_load(sum), a));
}

/* Half a vector of channels of a 4x4 tile. Floats are widened as they are read: from a register, it
 * takes a shuffle or two besides. sum_ab: a constant NULL or not. */
INLINE void tile_half_sums(const float *a, const float *b, ptrdiff_t row, ptrdiff_t pixel, int h,
                           int w, double *sum_a, double *sum_ab) {
    vd sum[4], products[4];
    UNROLL for (int i = 0; i < 4; i++) {
        vd va[4], vb[4];
        UNROLL for (int j = 0; j < 4; j++) {
            const bool exists = i < h && j < w;
            const ptrdiff_t at = i * row + j * pixel;
            va[j] = exists ? vd_widen(a + at) : vf_widen_low(vf_zero());
            vb[j] = exists ? vd_widen(b + at) : vf_widen_low(vf_zero());
        }
        sum[i] = vd_add(vd_add(va[0], va[1]), vd_add(va[2], va[3]));
        products[i] = vd_add(vd_fma(va[1], vb[1], vd_mul(va[0], vb[0])),
                             vd_fma(va[3], vb[3], vd_mul(va[2], vb[2])));
    }
    add_double(sum_a, vd_add(vd_add(sum[0], sum[1]), vd_add(sum[2], sum[3])));
    if (sum_ab)
        add_double(sum_ab,
                   vd_add(vd_add(products[0], products[1]), vd_add(products[2], products[3])));
}

/* Adds one 4x4 tile; pixels outside of `h` x `w` count as 0. */
INLINE void tile_sums(const float *a, const float *b, ptrdiff_t row, int h, int w, double *sum_a,
                      double *sum_ab) {
    for (int c = 0; c < C; c += VD_LANES)
        tile_half_sums(a + c, b + c, row, C, h, w, sum_a + c, sum_ab ? sum_ab + c : NULL);
}

/* Adds a whole map [h, w, 64], tile by tile. sum_ab: a constant NULL or not. */
INLINE void map_sums(int h, int w, const float *a, const float *b, double *sum_a, double *sum_ab) {
    for (int i = 0; i < h; i += 4)
        for (int j = 0; j < w; j += 4) {
            ptrdiff_t at = ((ptrdiff_t)i * w + j) * C, row = (ptrdiff_t)w * C;
            if (i + 4 <= h && j + 4 <= w)
                tile_sums(a + at, b + at, row, 4, 4, sum_a, sum_ab);
            else
                tile_sums(a + at, b + at, row, h - i, w - j, sum_a, sum_ab);
        }
}

/* --- pooling --- */

/* -0 where the smallest value is to be selected, else +0. */
static void pool_flips(const float *gamma, float *flip) {
    for (int c = 0; c < C; c++) flip[c] = 0 > gamma[c] ? -0.0f : 0.0f;
}

/* Gammas start at 1: mostly none is negative, and nothing needs to be flipped. */
static bool pool_has_flips(const float *flip) {
    for (int c = 0; c < C; c++)
        if (signbit(flip[c])) return true;
    return false;
}

/* y with the sign by which the largest value is selected. `flips`: false if flip holds no -0. */
INLINE vf pool_sign(bool flips, vf y, const float *flip) {
    return flips ? vf_xor(y, vf_loadu(flip)) : y;
}

/* The winner of a window's four values, with its sign flipped back. */
INLINE vf pool_winner(bool flips, const vf y[4], const float *flip, vu8 *winner) {
    vf best = pool_sign(flips, y[0], flip);
    *winner = vu8_set1(0);
    UNROLL for (int k = 1; k < 4; k++) {
        vf v = pool_sign(flips, y[k], flip);
        vm larger = vf_gt(v, best);
        best = vf_max(v, best);
        *winner = vu8_raise(larger, vu8_set1(k), *winner);
    }
    return pool_sign(flips, best, flip);
}

/* The same without its place. */
INLINE vf pool_value(bool flips, const vf y[4], const float *flip) {
    vf best = pool_sign(flips, y[0], flip);
    UNROLL for (int k = 1; k < 4; k++) best = vf_max(pool_sign(flips, y[k], flip), best);
    return pool_sign(flips, best, flip);
}

/* One window with upper left pixel y, rows `row` floats apart. */
INLINE void pool_window(const float *y, ptrdiff_t row, const float *flip, float *selected,
                        uint8_t *arg) {
    for (int c = 0; c < C; c += VF_LANES) {
        const vf v[4] = {vf_load(y + c), vf_load(y + C + c), vf_load(y + row + c),
                         vf_load(y + row + C + c)};
        vu8 winner;
        vf_store(selected + c, pool_winner(true, v, flip + c, &winner));
        vu8_store(arg + c, winner);
    }
}

/* --- batch norm and ReLU --- */

INLINE vf bn_relu(bool relu, vf scale, vf v, vf shift) {
    vf p = vf_fma(scale, v, shift);
    return relu ? vf_relu(p) : p;
}

INLINE void bias_relu(ptrdiff_t pixels, const float *y, const float *bias, float *r) {
    for (int c = 0; c < C; c += VF_LANES) {
        vf b = vf_loadu(bias + c);
        for (ptrdiff_t p = 0; p < pixels; p++)
            vf_store(r + p * C + c, vf_relu(vf_add(vf_load(y + p * C + c), b)));
    }
}

INLINE void bn_apply(ptrdiff_t pixels, bool relu, const float *selected, const float *scale,
                     const float *shift, float *p) {
    for (ptrdiff_t i = 0; i < pixels * C; i += C)
        UNROLL for (int c = 0; c < C; c += VF_LANES)
            vf_store(p + i + c, bn_relu(relu, vf_loadu(scale + c), vf_load(selected + i + c),
                                        vf_loadu(shift + c)));
}

/* dY of a window's pixel k from its y (core/op/ARITHMETIC.md). */
INLINE vf rebuild_pixel(bool relu, int k, vf c0, vf c1, vf c2, vf ds, vu8 winner, vf y) {
#ifdef FMA_WHERE
    if (relu) {
        const vm passed = vf_gt(y, vf_zero());
        const vf t = vf_fma_or_zero(passed, c2, y, c1);
        return vf_fma_where(vu8_eq_where(passed, winner, vu8_set1(k)), c0, ds, t);
    }
    return vf_fma_where(vu8_eq(winner, vu8_set1(k)), c0, ds, vf_fma(c2, y, c1));
#else
    vf t = vf_fma(c2, y, c1);
    t = vf_select(vu8_eq(winner, vu8_set1(k)), vf_fma(c0, ds, t), t);
    return relu ? vf_where(vf_gt(y, vf_zero()), t) : t;
#endif
}

/* One pair of rows of c4_bn_rebuild_fn: w pixels each, y and dy rows w pixels apart; in memory
 * order, which prefetchers follow. */
INLINE void rebuild_rows(int w, bool relu, const float *y, const float *ds, const uint8_t *arg,
                         const float *c0, const float *c1, const float *c2, float *dy) {
    for (int j = 0; j < w / 2; j++)
        for (int c = 0; c < C; c += VF_LANES) {
            const vf k0 = vf_loadu(c0 + c), k1 = vf_loadu(c1 + c), k2 = vf_loadu(c2 + c);
            vf d = vf_load(ds + j * C + c);
            vu8 winner = vu8_load(arg + j * C + c);
            UNROLL for (int k = 0; k < 4; k++) {
                ptrdiff_t at = ((ptrdiff_t)(k / 2) * w + 2 * j + k % 2) * C + c;
                PREFETCH_NEXT(y + at + 2 * w * C);
                vf_store(dy + at, rebuild_pixel(relu, k, k0, k1, k2, d, winner, vf_load(y + at)));
            }
        }
}

/* --- update --- */

INLINE void sgd_vector(vf rate, vf momentum, vf g, vf *v, vf *w) {
    const vf tiny = vf_set1(0x1p-100f);
    vf velocity = vf_fma(momentum, *v, g);
    *v = vf_select(vf_gt(tiny, vf_abs(velocity)), vf_zero(), velocity);
    *w = vf_fma(rate, *v, *w);
}

static void sgd(int64_t count, float lr, float momentum, const float *g, float *v, float *w) {
    const vf rate = vf_set1(-lr), m = vf_set1(momentum);
    int64_t i = 0;
    for (; i + VF_LANES <= count; i += VF_LANES) {
        vf vv = vf_loadu(v + i), vw = vf_loadu(w + i);
        sgd_vector(rate, m, vf_loadu(g + i), &vv, &vw);
        vf_storeu(v + i, vv);
        vf_storeu(w + i, vw);
    }
    int rest = (int)(count - i);
    if (rest == 0) return;
    vf vv = vf_load_first(v + i, rest), vw = vf_load_first(w + i, rest);
    sgd_vector(rate, m, vf_load_first(g + i, rest), &vv, &vw);
    vf_store_first(v + i, vv, rest);
    vf_store_first(w + i, vw, rest);
}

#endif
