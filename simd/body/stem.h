/* The stem: bytes to input, conv1 with pooling in registers, and the sums over selected pixels from
 * which c4_stem_weight_grad() (core/op/scalar.h) makes conv1's weight gradient. */
#ifndef C4_SIMD_BODY_STEM_H
#define C4_SIMD_BODY_STEM_H

#include <math.h>

#include "core/op/stem.h"
#include "simd/body/elementwise.h"

enum { SIDE = C4_IMAGE_SIDE, PIXELS = SIDE * SIDE, POOLED = SIDE / 2, RGB = C4_IMAGE_CHANNELS };

INLINE float stem_value(uint8_t byte) {
    return (float)(2 * byte - 255) / 255;
}

static void stem_values(const uint8_t *restrict bytes, float *restrict row) {
    for (int j = 0; j < SIDE; j++) row[j] = stem_value(bytes[j]);
}

/* x [32, 32, 3] of one image, rows `row` floats apart. */
static void stem_input(const uint8_t *restrict image, float *restrict x, ptrdiff_t row) {
    for (int i = 0; i < SIDE; i++, x += row, image += SIDE)
        for (int j = 0; j < SIDE; j++)
            for (int channel = 0; channel < RGB; channel++)
                x[j * RGB + channel] = stem_value(image[channel * PIXELS + j]);
}

/* --- conv1 and pooling --- */

/* Rows of an image with a halo of zeros. A tap outside the image is skipped (ARITHMETIC.md).
 * Multiplying it by the halo's zero is the same unless a weight is not finite, or so small that a
 * chain may have underflowed to -0. */
enum { HALO_ROW = (SIDE + 2) * RGB };

static bool halo_is_exact(const float *w) {
    for (int i = 0; i < C4_PATCH * C; i++) {
        float size = fabsf(w[i]);
        if (!(size == 0 || (size > 0x1p-120f && size < 0x1p120f))) return false;
    }
    return true;
}

/* One step of the chains of a window: acc[p] += *x of pixel p times w [vecs]. Pixel 0 multiplies
 * the pixel (row, col) of the image with its halo. `skip`: leave out taps outside the image. */
INLINE void stem_step(int vecs, bool skip, const float *x, const float *w, int row, int col,
                      vf acc[4][STEM_VECS]) {
    vf wv[STEM_VECS];
    UNROLL for (int v = 0; v < vecs; v++) wv[v] = vf_load(w + v * VF_LANES);
    UNROLL for (int p = 0; p < 4; p++) {
        int r = row + p / 2, c = col + p % 2;
        if (skip && (r < 1 || r > SIDE || c < 1 || c > SIDE)) continue;
        vf xv = vf_set1(x[p / 2 * HALO_ROW + p % 2 * RGB]);
        UNROLL for (int v = 0; v < vecs; v++) acc[p][v] = vf_fma(xv, wv[v], acc[p][v]);
    }
}

/* The chains of the window (i, j) of the pooled map, four pixels by `vecs` vectors of channels, in
 * registers. x is the pixel above and to the left of the image, in the halo. `skip`: leave out taps
 * outside the image. */
INLINE void stem_chains(int vecs, bool skip, const float *x, const float *w, int i, int j,
                        vf acc[4][STEM_VECS]) {
    UNROLL for (int p = 0; p < 4; p++) UNROLL for (int v = 0; v < vecs; v++) acc[p][v] = vf_zero();
    x += 2 * i * HALO_ROW + 2 * j * RGB;
    for (int r = 0; r < 3; r++, x += HALO_ROW, w += 3 * RGB * C)
        UNROLL for (int k = 0; k < 3 * RGB; k++) { /* the three taps of a row are adjacent */
            FORGET(x);
            stem_step(vecs, skip, x + k, w + k * C, 2 * i + r, 2 * j + k / RGB, acc);
        }
}

/* Pools one vector of channels of a window. */
INLINE void stem_pool(bool flips, const vf y[4], const float *flip, float *selected, uint8_t *arg) {
    vu8 winner;
    vf_store(selected, pool_winner(flips, y, flip, &winner));
    vu8_store(arg, winner);
}

INLINE void stem_window(int vecs, bool skip, bool flips, const float *x, const float *w,
                        const float *flip, int i, int j, float *selected, uint8_t *arg) {
    vf acc[4][STEM_VECS];
    stem_chains(vecs, skip, x, w, i, j, acc);
    UNROLL for (int v = 0; v < vecs; v++) {
        const vf y[4] = {acc[0][v], acc[1][v], acc[2][v], acc[3][v]};
        stem_pool(flips, y, flip + v * VF_LANES, selected + v * VF_LANES, arg + v * VF_LANES);
    }
}

INLINE void stem_panel(int vecs, bool skip, bool flips, const float *x, const float *w,
                       const float *flip, float *selected, uint8_t *arg) {
    for (int i = 0; i < POOLED; i++)
        for (int j = 0; j < POOLED; j++) {
            int at = (i * POOLED + j) * C;
            stem_window(vecs, skip, flips, x, w, flip, i, j, selected + at, arg + at);
        }
}

INLINE void stem_panels(bool skip, bool flips, const float *x, const float *w, const float *flip,
                        float *selected, uint8_t *arg) {
    int c = 0;
    for (; c + STEM_VECS * VF_LANES <= C; c += STEM_VECS * VF_LANES)
        stem_panel(STEM_VECS, skip, flips, x, w + c, flip + c, selected + c, arg + c);
    if (c < C) stem_panel(VECS % STEM_VECS, skip, flips, x, w + c, flip + c, selected + c, arg + c);
}

/* selected, arg [16, 16, 64] of one image x with its halo [34, 34, 3]; w [27, 64]; `exact`:
 * halo_is_exact(w). */
static void stem_select(const float *x, const float *w, bool exact, const float *flip,
                        float *selected, uint8_t *arg) {
    if (!exact) /* rare: flips nothing where there is nothing to flip */
        stem_panels(true, true, x, w, flip, selected, arg);
    else if (pool_has_flips(flip))
        stem_panels(false, true, x, w, flip, selected, arg);
    else
        stem_panels(false, false, x, w, flip, selected, arg);
}

/* --- gradient --- */

/* For each pooled position and input channel the 4x4 pixels that its window's patches cover. */
enum { TABLE = 16, TABLES_FLOATS = POOLED * POOLED * RGB * TABLE + 32 };
enum { CHANNEL_ROW = SIDE + 2, CHANNEL_MAP = CHANNEL_ROW * CHANNEL_ROW };

static void stem_tables(const float *planes, float *tables) {
    for (int i = 0; i < POOLED; i++)
        for (int j = 0; j < POOLED; j++)
            for (int channel = 0; channel < RGB; channel++, tables += TABLE)
                for (int r = 0; r < 4; r++)
                    memcpy(tables + 4 * r,
                           planes + channel * CHANNEL_MAP + (2 * i + r) * CHANNEL_ROW + 2 * j,
                           4 * sizeof *planes);
    memset(tables, 0, 32 * sizeof *tables); /* lookups read whole vectors */
}

/* The pixel of tap `tap` that the window's index selects. The table is shifted and not the index:
 * units that add are busy, those that load are not. */
INLINE vf stem_pixel(const float *table, vi index, int tap) {
    return vf_lookup(table + tap / 3 * 4 + tap % 3, index);
}

/* Continues the chains of nine taps, GRAD_CHANNELS input channels and GRAD_VECS vectors of output
 * channels. */
INLINE void stem_gradient_tile(const float *table, const float *ds, const uint8_t *arg, float *r) {
    vf acc[9][GRAD_CHANNELS][GRAD_VECS];
#define EACH_CHAIN(statement)                                                                      \
    UNROLL for (int tap = 0; tap < 9; tap++) UNROLL for (int k = 0; k < GRAD_CHANNELS; k++)        \
        UNROLL for (int v = 0; v < GRAD_VECS; v++) statement
    EACH_CHAIN(acc[tap][k][v] = vf_load(r + (tap * RGB + k) * C + v * VF_LANES));
    for (int p = 0; p < POOLED * POOLED; p++, table += RGB * TABLE, ds += C, arg += C) {
        vi index[GRAD_VECS];
        UNROLL for (int v = 0; v < GRAD_VECS; v++) {
            vi winner = vi_load_u8(arg + v * VF_LANES);
            index[v] = vi_add(winner, vi_and(winner, vi_set1(2))); /* 0 1 4 5 */
        }
        EACH_CHAIN(acc[tap][k][v] = vf_fma(stem_pixel(table + k * TABLE, index[v], tap),
                                           vf_load(ds + v * VF_LANES), acc[tap][k][v]));
    }
    EACH_CHAIN(vf_store(r + (tap * RGB + k) * C + v * VF_LANES, acc[tap][k][v]));
#undef EACH_CHAIN
}

/* Continues r [27, 64] with one image: planes [3, 34, 34], input channels with a halo of zeros;
 * `tables` is scratch of TABLES_FLOATS. */
static void stem_gradient(const float *planes, const float *ds, const uint8_t *arg, float *tables,
                          float *r) {
    stem_tables(planes, tables);
    for (int k = 0; k < RGB; k += GRAD_CHANNELS)
        for (int c = 0; c < C; c += GRAD_VECS * VF_LANES)
            stem_gradient_tile(tables + k * TABLE, ds + c, arg + c, r + k * C + c);
}

#endif
