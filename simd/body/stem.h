/* The stem: bytes to input, patch moments, conv1 with pooling in registers, and conv1's gradient from
 * the selected pixels. */
#ifndef C4_SIMD_BODY_STEM_H
#define C4_SIMD_BODY_STEM_H

#include "core/op/stem.h"
#include "simd/body/elementwise.h"

enum { SIDE = C4_IMAGE_SIDE, PIXELS = SIDE * SIDE, POOLED = SIDE / 2, RGB = C4_IMAGE_CHANNELS };

/* x [32, 32, 3] of one image. */
static void stem_input(const uint8_t *image, float *x) {
    float value[256]; /* 256 divisions instead of 3072 */
    for (int byte = 0; byte < 256; byte++) value[byte] = (float)(2 * byte - 255) / 255;
    for (int pixel = 0; pixel < PIXELS; pixel++)
        for (int channel = 0; channel < RGB; channel++)
            x[pixel * RGB + channel] = value[image[channel * PIXELS + pixel]];
}

/* --- moments --- */

/* The image as integers with its halo of zeros; rows are read 2 VF_LANES at a time. */
enum { PLANE_ROW = 48, PLANE = (SIDE + 2) * PLANE_ROW };

static void integer_planes(const uint8_t *image, int16_t planes[RGB * PLANE]) {
    memset(planes, 0, sizeof(int16_t) * RGB * PLANE);
    for (int channel = 0; channel < RGB; channel++)
        for (int i = 0; i < SIDE; i++)
            for (int j = 0; j < SIDE; j++)
                planes[channel * PLANE + (i + 1) * PLANE_ROW + j + 1] =
                    (int16_t)(2 * image[channel * PIXELS + i * SIDE + j] - 255);
}

/* sum[3 * ch + ch2] = the products of the patch elements of two taps, over all pixels. */
INLINE void tap_products(const int16_t *a, const int16_t *b, int32_t sum[RGB * RGB]) {
    vi acc[RGB][RGB];
    UNROLL for (int p = 0; p < RGB; p++) UNROLL for (int q = 0; q < RGB; q++) acc[p][q] = vi_set1(0);
    for (int i = 0; i < SIDE; i++, a += PLANE_ROW, b += PLANE_ROW)
        for (int j = 0; j < SIDE; j += 2 * VF_LANES)
            UNROLL for (int p = 0; p < RGB; p++) UNROLL for (int q = 0; q < RGB; q++)
                acc[p][q] = vi_dot16(acc[p][q], a + p * PLANE + j, b + q * PLANE + j);
    UNROLL for (int p = 0; p < RGB; p++) UNROLL for (int q = 0; q < RGB; q++)
        sum[RGB * p + q] = vi_sum(acc[p][q]);
}

/* Adds one image's moments. */
static void stem_moments(const uint8_t *image, int64_t *first, int64_t *second) {
    int16_t planes[RGB * PLANE], ones[2 * VF_LANES];
    integer_planes(image, planes);
    for (int l = 0; l < 2 * VF_LANES; l++) ones[l] = 1;
    for (int tap = 0; tap < 9; tap++) {
        const int16_t *a = planes + tap / 3 * PLANE_ROW + tap % 3;
        for (int p = 0; p < RGB; p++) {
            vi sum = vi_set1(0);
            for (int i = 0; i < SIDE; i++)
                for (int j = 0; j < SIDE; j += 2 * VF_LANES)
                    sum = vi_dot16(sum, a + p * PLANE + i * PLANE_ROW + j, ones);
            first[RGB * tap + p] += vi_sum(sum);
        }
        for (int tap2 = 0; tap2 <= tap; tap2++) {
            int32_t sum[RGB * RGB];
            tap_products(a, planes + tap2 / 3 * PLANE_ROW + tap2 % 3, sum);
            for (int p = 0; p < RGB; p++)
                for (int q = 0; q < RGB; q++) {
                    int k = RGB * tap + p, l = RGB * tap2 + q;
                    second[k * C4_PATCH + l] += sum[RGB * p + q];
                    if (tap != tap2) second[l * C4_PATCH + k] += sum[RGB * p + q];
                }
        }
    }
}

/* --- conv1 and pooling --- */

/* The window (i, j) of the pooled map, `vecs` vectors of channels: four pixels' chains in registers.
 * Taps outside the image are skipped; `inside`: there are none. */
INLINE void stem_window(int vecs, bool inside, const float *x, const float *w, const float *flip,
                        int i, int j, float *selected, uint8_t *arg) {
    vf acc[4][4];
    UNROLL for (int p = 0; p < 4; p++) UNROLL for (int v = 0; v < vecs; v++) acc[p][v] = vf_zero();
    const int top = 2 * i - 1, left = 2 * j - 1;
    for (int r = 0; r < 3; r++)
        for (int s = 0; s < 3; s++) {
            const float *at = x + (((ptrdiff_t)top + r) * SIDE + left + s) * RGB;
            const float *wt = w + (3 * r + s) * RGB * C;
            bool in[4];
            UNROLL for (int p = 0; p < 4; p++) {
                int row = top + r + p / 2, col = left + s + p % 2;
                in[p] = inside || (row >= 0 && row < SIDE && col >= 0 && col < SIDE);
            }
            UNROLL for (int k = 0; k < RGB; k++) {
                vf wv[4];
                UNROLL for (int v = 0; v < vecs; v++) wv[v] = vf_load(wt + k * C + v * VF_LANES);
                UNROLL for (int p = 0; p < 4; p++) {
                    if (!in[p]) continue;
                    vf xv = vf_set1(at[(p / 2 * SIDE + p % 2) * RGB + k]);
                    UNROLL for (int v = 0; v < vecs; v++) acc[p][v] = vf_fma(xv, wv[v], acc[p][v]);
                }
            }
        }
    UNROLL for (int v = 0; v < vecs; v++) {
        const vf y[4] = {acc[0][v], acc[1][v], acc[2][v], acc[3][v]};
        vi winner;
        vf_store(selected + v * VF_LANES, pool_winner(y, vf_loadu(flip + v * VF_LANES), &winner));
        vi_store_u8(arg + v * VF_LANES, winner);
    }
}

INLINE void stem_panel(int vecs, const float *x, const float *w, const float *flip, float *selected,
                       uint8_t *arg) {
    for (int i = 0; i < POOLED; i++)
        for (int j = 0; j < POOLED; j++) {
            int at = (i * POOLED + j) * C;
            if (i > 0 && i < POOLED - 1 && j > 0 && j < POOLED - 1)
                stem_window(vecs, true, x, w, flip, i, j, selected + at, arg + at);
            else
                stem_window(vecs, false, x, w, flip, i, j, selected + at, arg + at);
        }
}

/* selected, arg [16, 16, 64] of one image x [32, 32, 3]; w [27, 64]. */
static void stem_select(const float *x, const float *w, const float *flip, float *selected,
                        uint8_t *arg) {
    int c = 0;
    for (; c + STEM_VECS * VF_LANES <= C; c += STEM_VECS * VF_LANES)
        stem_panel(STEM_VECS, x, w + c, flip + c, selected + c, arg + c);
    if (c < C) stem_panel(VECS % STEM_VECS, x, w + c, flip + c, selected + c, arg + c);
}

/* --- gradient --- */

/* For each pooled position and input channel the 4x4 pixels that its window's patches cover. */
enum { TABLE = 16, TABLES_FLOATS = RGB * POOLED * POOLED * TABLE + 32 };

static void stem_tables(const float *x, float *tables) {
    float plane[(SIDE + 2) * (SIDE + 2)];
    for (int channel = 0; channel < RGB; channel++) {
        memset(plane, 0, sizeof plane);
        for (int i = 0; i < SIDE; i++)
            for (int j = 0; j < SIDE; j++)
                plane[(i + 1) * (SIDE + 2) + j + 1] = x[(i * SIDE + j) * RGB + channel];
        for (int i = 0; i < POOLED; i++)
            for (int j = 0; j < POOLED; j++, tables += TABLE)
                for (int r = 0; r < 4; r++)
                    memcpy(tables + 4 * r, plane + (2 * i + r) * (SIDE + 2) + 2 * j,
                           4 * sizeof *plane);
    }
    memset(tables, 0, 32 * sizeof *tables); /* lookups read whole vectors */
}

/* Continues the nine chains of one input channel and GRAD_VECS vectors of output channels. */
INLINE void stem_gradient_tile(const float *table, const float *ds, const uint8_t *arg, float *r) {
    vf acc[9][GRAD_VECS];
    UNROLL for (int tap = 0; tap < 9; tap++) UNROLL for (int v = 0; v < GRAD_VECS; v++)
        acc[tap][v] = vf_load(r + tap * RGB * C + v * VF_LANES);
    for (int p = 0; p < POOLED * POOLED; p++, table += TABLE, ds += C, arg += C)
        UNROLL for (int v = 0; v < GRAD_VECS; v++) {
            vi winner = vi_load_u8(arg + v * VF_LANES);
            vi index = vi_add(winner, vi_and(winner, vi_set1(2))); /* 0 1 4 5 */
            vf d = vf_load(ds + v * VF_LANES);
            UNROLL for (int tap = 0; tap < 9; tap++)
                acc[tap][v] = vf_fma(vf_lookup(table + tap / 3 * 4 + tap % 3, index), d,
                                     acc[tap][v]);
        }
    UNROLL for (int tap = 0; tap < 9; tap++) UNROLL for (int v = 0; v < GRAD_VECS; v++)
        vf_store(r + tap * RGB * C + v * VF_LANES, acc[tap][v]);
}

/* Continues r [27, 64] with one image; `tables` is scratch of TABLES_FLOATS. */
static void stem_gradient(const float *x, const float *ds, const uint8_t *arg, float *tables,
                          float *r) {
    stem_tables(x, tables);
    for (int channel = 0; channel < RGB; channel++)
        for (int c = 0; c < C; c += GRAD_VECS * VF_LANES)
            stem_gradient_tile(tables + channel * POOLED * POOLED * TABLE, ds + c, arg + c,
                               r + channel * C + c);
}

#endif
