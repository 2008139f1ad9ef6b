/* The transforms of F(4x4,3x3) with the points {0, +-3/4, +-3/2, infinity} (core/op/ARITHMETIC.md).
 *
 * Each 2-D transform applies the 1-D form down the columns, then along the rows. Rows of the result
 * that share subexpressions are computed together, and the 1-D form along each row follows at once,
 * so that no intermediate is stored: 36 vectors would not fit into the registers. */
#ifndef C4_SIMD_BODY_TRANSFORM_H
#define C4_SIMD_BODY_TRANSFORM_H

#include "simd/body/body.h"

#define PA 0.75f
#define PB 1.5f
#define PA2 0.5625f
#define PB2 2.25f
#define PA3 0.421875f
#define PB3 3.375f
#define PA2B2 1.265625f /* a^2 b^2 */
#define PA2_PB2 2.8125f /* a^2 + b^2 */
#define K0 (float)(64.0 / 81.0)
#define KA (float)(-128.0 / 243.0)
#define KB (float)(32.0 / 243.0)

INLINE vf axpy(float a, vf x, vf y) {
    return vf_fma(vf_set1(a), x, y);
}
INLINE vf scaled(float a, vf x) {
    return vf_mul(vf_set1(a), x);
}

/* --- input: d[6] -> v[6] --- */

INLINE vf input_0(vf d0, vf d2, vf d4) {
    return axpy(PA2B2, d0, axpy(-PA2_PB2, d2, d4));
}
INLINE void input_12(vf d1, vf d2, vf d3, vf d4, vf *v1, vf *v2) {
    vf even = axpy(-PB2, d2, d4), odd = axpy(-PB2, d1, d3);
    *v1 = axpy(PA, odd, even);
    *v2 = axpy(-PA, odd, even);
}
INLINE void input_34(vf d1, vf d2, vf d3, vf d4, vf *v3, vf *v4) {
    vf even = axpy(-PA2, d2, d4), odd = axpy(-PA2, d1, d3);
    *v3 = axpy(PB, odd, even);
    *v4 = axpy(-PB, odd, even);
}
INLINE void input_row(const vf d[6], float *v, ptrdiff_t position) {
    vf v1, v2, v3, v4;
    input_12(d[1], d[2], d[3], d[4], &v1, &v2);
    input_34(d[1], d[2], d[3], d[4], &v3, &v4);
    vf_store(v, input_0(d[0], d[2], d[4]));
    vf_store(v + position, v1);
    vf_store(v + 2 * position, v2);
    vf_store(v + 3 * position, v3);
    vf_store(v + 4 * position, v4);
    vf_store(v + 5 * position, input_0(d[1], d[3], d[5]));
}

/* x: the 6x6 patch of 64-channel pixels, rows `row` floats apart; v: position p at p * position. */
static void transform_input(const float *x, ptrdiff_t row, float *v, ptrdiff_t position) {
    for (int c = 0; c < C; c += VF_LANES, x += VF_LANES, v += VF_LANES) {
        vf one[6], two[6];
#define AT(i) vf_load(x + (i)*row + j * C)
        UNROLL for (int j = 0; j < 6; j++) one[j] = input_0(AT(0), AT(2), AT(4));
        input_row(one, v, position);
        UNROLL for (int j = 0; j < 6; j++) input_12(AT(1), AT(2), AT(3), AT(4), &one[j], &two[j]);
        input_row(one, v + 6 * position, position);
        input_row(two, v + 12 * position, position);
        UNROLL for (int j = 0; j < 6; j++) input_34(AT(1), AT(2), AT(3), AT(4), &one[j], &two[j]);
        input_row(one, v + 18 * position, position);
        input_row(two, v + 24 * position, position);
        UNROLL for (int j = 0; j < 6; j++) one[j] = input_0(AT(1), AT(3), AT(5));
        input_row(one, v + 30 * position, position);
#undef AT
    }
}

/* --- output: m[6] -> y[4] --- */

INLINE void output_02(vf m0, vf m1, vf m2, vf m3, vf m4, vf *y0, vf *y2) {
    vf sum_a = vf_add(m1, m2), sum_b = vf_add(m3, m4);
    *y0 = vf_add(vf_add(m0, sum_a), sum_b);
    *y2 = axpy(PB2, sum_b, scaled(PA2, sum_a));
}
INLINE void output_13(vf m1, vf m2, vf m3, vf m4, vf m5, vf *y1, vf *y3) {
    vf diff_a = vf_sub(m1, m2), diff_b = vf_sub(m3, m4);
    *y1 = axpy(PB, diff_b, scaled(PA, diff_a));
    *y3 = axpy(PB3, diff_b, axpy(PA3, diff_a, m5));
}
INLINE void output_row(const vf m[6], float *y, ptrdiff_t pixel) {
    vf y0, y1, y2, y3;
    output_02(m[0], m[1], m[2], m[3], m[4], &y0, &y2);
    output_13(m[1], m[2], m[3], m[4], m[5], &y1, &y3);
    vf_store(y, y0);
    vf_store(y + pixel, y1);
    vf_store(y + 2 * pixel, y2);
    vf_store(y + 3 * pixel, y3);
}

/* One vector of channels; pixels of y are `pixel` floats apart. */
INLINE void transform_output_vector(const float *m, ptrdiff_t position, float *y, ptrdiff_t row,
                                    ptrdiff_t pixel) {
    vf one[6], two[6];
#define AT(i) vf_load(m + (6 * (i) + j) * position)
    UNROLL for (int j = 0; j < 6; j++)
        output_02(AT(0), AT(1), AT(2), AT(3), AT(4), &one[j], &two[j]);
    output_row(one, y, pixel);
    output_row(two, y + 2 * row, pixel);
    UNROLL for (int j = 0; j < 6; j++)
        output_13(AT(1), AT(2), AT(3), AT(4), AT(5), &one[j], &two[j]);
    output_row(one, y + row, pixel);
    output_row(two, y + 3 * row, pixel);
#undef AT
}

/* y: the 4x4 tile, rows `row` floats apart. */
INLINE void transform_output(const float *m, ptrdiff_t position, float *y, ptrdiff_t row) {
    for (int c = 0; c < C; c += VF_LANES) transform_output_vector(m + c, position, y + c, row, C);
}

/* --- adjoint of output: y[4] -> m[6] --- */

INLINE void spread_12(vf y0, vf y1, vf y2, vf y3, vf *m1, vf *m2) {
    vf even = axpy(PA2, y2, y0), odd = axpy(PA2, y3, y1);
    *m1 = axpy(PA, odd, even);
    *m2 = axpy(-PA, odd, even);
}
INLINE void spread_34(vf y0, vf y1, vf y2, vf y3, vf *m3, vf *m4) {
    vf even = axpy(PB2, y2, y0), odd = axpy(PB2, y3, y1);
    *m3 = axpy(PB, odd, even);
    *m4 = axpy(-PB, odd, even);
}
INLINE void spread_row(const vf y[4], float *m, ptrdiff_t position) {
    vf m1, m2, m3, m4;
    spread_12(y[0], y[1], y[2], y[3], &m1, &m2);
    spread_34(y[0], y[1], y[2], y[3], &m3, &m4);
    vf_store(m, y[0]);
    vf_store(m + position, m1);
    vf_store(m + 2 * position, m2);
    vf_store(m + 3 * position, m3);
    vf_store(m + 4 * position, m4);
    vf_store(m + 5 * position, y[3]);
}

/* dy: the 4x4 tile, rows `row` floats apart. */
static void transform_gradient(const float *dy, ptrdiff_t row, float *m, ptrdiff_t position) {
    for (int c = 0; c < C; c += VF_LANES, dy += VF_LANES, m += VF_LANES) {
        vf one[4], two[4];
#define AT(i) vf_load(dy + (i)*row + j * C)
        UNROLL for (int j = 0; j < 4; j++) one[j] = AT(0);
        spread_row(one, m, position);
        UNROLL for (int j = 0; j < 4; j++) spread_12(AT(0), AT(1), AT(2), AT(3), &one[j], &two[j]);
        spread_row(one, m + 6 * position, position);
        spread_row(two, m + 12 * position, position);
        UNROLL for (int j = 0; j < 4; j++) spread_34(AT(0), AT(1), AT(2), AT(3), &one[j], &two[j]);
        spread_row(one, m + 18 * position, position);
        spread_row(two, m + 24 * position, position);
        UNROLL for (int j = 0; j < 4; j++) one[j] = AT(3);
        spread_row(one, m + 30 * position, position);
#undef AT
    }
}

/* --- adjoint of input: v[6] -> d[6] --- */

INLINE void gather_024(vf v0, vf v1, vf v2, vf v3, vf v4, vf *d0, vf *d2, vf *d4) {
    vf sum_a = vf_add(v1, v2), sum_b = vf_add(v3, v4);
    *d0 = scaled(PA2B2, v0);
    *d2 = axpy(-PB2, sum_a, axpy(-PA2, sum_b, scaled(-PA2_PB2, v0)));
    *d4 = vf_add(vf_add(v0, sum_a), sum_b);
}
INLINE void gather_13(vf v1, vf v2, vf v3, vf v4, vf v5, vf *d1, vf *d3) {
    vf diff_a = scaled(PA, vf_sub(v1, v2)), diff_b = scaled(PB, vf_sub(v3, v4));
    *d1 = axpy(-PB2, diff_a, axpy(-PA2, diff_b, scaled(PA2B2, v5)));
    *d3 = axpy(-PA2_PB2, v5, vf_add(diff_a, diff_b));
}
INLINE void add_to(float *d, vf a) {
    vf_store(d, vf_add(vf_load(d), a));
}
/* The first `old` columns already hold sums; the others begin with 0. */
INLINE void gather_row(int old, const vf v[6], float *d) {
    vf a[6];
    gather_024(v[0], v[1], v[2], v[3], v[4], &a[0], &a[2], &a[4]);
    gather_13(v[1], v[2], v[3], v[4], v[5], &a[1], &a[3]);
    a[5] = v[5];
    UNROLL for (int j = 0; j < 6; j++)
        vf_store(d + j * C, vf_add(j < old ? vf_load(d + j * C) : vf_zero(), a[j]));
}

INLINE void adjoint_patch(bool above, bool before, const float *v, ptrdiff_t position, float *d,
                          ptrdiff_t row) {
    const int left = before ? 2 : 0, top = above ? 6 : left;
    for (int c = 0; c < C; c += VF_LANES, v += VF_LANES, d += VF_LANES) {
        vf one[6], two[6], none;
#define AT(i) vf_load(v + (6 * (i) + j) * position)
        UNROLL for (int j = 0; j < 6; j++) one[j] = scaled(PA2B2, AT(0));
        gather_row(top, one, d);
        UNROLL for (int j = 0; j < 6; j++)
            gather_13(AT(1), AT(2), AT(3), AT(4), AT(5), &one[j], &two[j]);
        gather_row(top, one, d + row);
        gather_row(left, two, d + 3 * row);
        UNROLL for (int j = 0; j < 6; j++)
            gather_024(AT(0), AT(1), AT(2), AT(3), AT(4), &none, &one[j], &two[j]);
        gather_row(left, one, d + 2 * row);
        gather_row(left, two, d + 4 * row);
        UNROLL for (int j = 0; j < 6; j++) one[j] = AT(5);
        gather_row(left, one, d + 5 * row);
        (void)none;
#undef AT
    }
}

/* Adds to the 6x6 patch d, rows `row` floats apart. Tiles come in raster order: pixels that the
 * tiles `above` this one and `before` it in its row have not reached yet count as 0, whatever they
 * hold. */
static void transform_back(const float *v, ptrdiff_t position, bool above, bool before, float *d,
                           ptrdiff_t row) {
    if (above && before)
        adjoint_patch(true, true, v, position, d, row);
    else if (above)
        adjoint_patch(true, false, v, position, d, row);
    else if (before)
        adjoint_patch(false, true, v, position, d, row);
    else
        adjoint_patch(false, false, v, position, d, row);
}

/* --- weights: g[3] -> u[6], and its adjoint u[6] -> g[3] --- */

INLINE void weights_1d(vf g0, vf g1, vf g2, vf u[6]) {
    vf even_a = axpy(PA2, g2, g0), even_b = axpy(PB2, g2, g0);
    u[0] = scaled(K0, g0);
    u[1] = scaled(KA, axpy(PA, g1, even_a));
    u[2] = scaled(KA, axpy(-PA, g1, even_a));
    u[3] = scaled(KB, axpy(PB, g1, even_b));
    u[4] = scaled(KB, axpy(-PB, g1, even_b));
    u[5] = g2;
}

/* Rows [from, to) of the transformed 3x3 filter of one vector of channels. */
INLINE void weights_rows(int from, int to, const float *w, ptrdiff_t tap, float *u,
                         ptrdiff_t position) {
    vf column[3][6];
    UNROLL for (int j = 0; j < 3; j++) weights_1d(vf_load(w + j * tap), vf_load(w + (3 + j) * tap),
                                                  vf_load(w + (6 + j) * tap), column[j]);
    UNROLL for (int i = from; i < to; i++) {
        vf row[6];
        weights_1d(column[0][i], column[1][i], column[2][i], row);
        UNROLL for (int j = 0; j < 6; j++) vf_store(u + (6 * i + j) * position, row[j]);
    }
}

/* `inputs` input channels: w [9 taps, `tap` floats apart][64], channels `channel` floats apart ->
 * u [36, `position` apart][inputs][64]. Two rows of positions at a time: the hardware can follow
 * twelve store streams. */
static void transform_weights(int inputs, const float *w, ptrdiff_t tap, ptrdiff_t channel,
                              float *u, ptrdiff_t position) {
#define ROWS(from)                                                                                 \
    for (int k = 0; k < inputs; k++)                                                               \
        for (int c = 0; c < C; c += VF_LANES)                                                      \
    weights_rows(from, from + 2, w + k * channel + c, tap, u + k * C + c, position)
    ROWS(0);
    ROWS(2);
    ROWS(4);
#undef ROWS
}

INLINE void weights_adjoint_1d(const vf u[6], vf *g0, vf *g1, vf *g2) {
    vf sum_a = scaled(KA, vf_add(u[1], u[2])), diff_a = scaled(KA, vf_sub(u[1], u[2]));
    vf sum_b = scaled(KB, vf_add(u[3], u[4])), diff_b = scaled(KB, vf_sub(u[3], u[4]));
    *g0 = axpy(K0, u[0], vf_add(sum_a, sum_b));
    *g1 = axpy(PA, diff_a, scaled(PB, diff_b));
    *g2 = axpy(PA2, sum_a, axpy(PB2, sum_b, u[5]));
}

/* One input channel: du [36, `position` apart][64] -> dw [9 taps, `tap` apart][64], which is
 * overwritten, or added to if `add`. */
static void transform_weight_gradient(const float *du, ptrdiff_t position, bool add, float *dw,
                                      ptrdiff_t tap) {
    for (int c = 0; c < C; c += VF_LANES, du += VF_LANES, dw += VF_LANES) {
        vf rows[3][6];
        UNROLL for (int j = 0; j < 6; j++) {
            vf u[6];
            UNROLL for (int i = 0; i < 6; i++) {
                u[i] = vf_load(du + (6 * i + j) * position);
                PREFETCH_NEXT(du + (6 * i + j) * position + C);
            }
            weights_adjoint_1d(u, &rows[0][j], &rows[1][j], &rows[2][j]);
        }
        UNROLL for (int i = 0; i < 3; i++) {
            vf g[3];
            weights_adjoint_1d(rows[i], &g[0], &g[1], &g[2]);
            UNROLL for (int j = 0; j < 3; j++) {
                float *to = dw + (3 * i + j) * tap;
                vf_store(to, add ? vf_add(vf_load(to), g[j]) : g[j]);
            }
        }
    }
}

#endif
