/* Gram blocks over packed panels (core/op/gram.h): lanes are rows of y, rows of x are broadcast. */
#ifndef C4_SIMD_BODY_GRAM_H
#define C4_SIMD_BODY_GRAM_H

#include "core/op/gram.h"
#include "simd/body/body.h"

/* Vectors of a panel; the sizes of a micro-kernel's tile in rows of x, of which the smaller one is
 * for the last rows. */
enum { GRAM_VECS = C4_GRAM_PANEL / VF_LANES };
#define GRAM_FEW_ROWS 4

/* Whether tiles of GRAM_ROWS, from row 0 on, lie in one panel each. */
enum { GRAM_IN_PANEL = C4_GRAM_PANEL % GRAM_ROWS == 0 };

_Static_assert(GRAM_VECS *VF_LANES == C4_GRAM_PANEL, "a panel is whole vectors");
_Static_assert((int)GRAM_ROWS >= GRAM_FEW_ROWS, "the larger tile");

/* --- packing --- */

/* VF_LANES rows by `count` <= VF_LANES features, of which the rows from `some` on are absent. */
INLINE void pack_square(const float *x, int some, int count, size_t stride, const float *shift,
                        vf scale, float *panel) {
    vf row[VF_LANES];
    const bool whole = count == VF_LANES;
    const vf by = whole ? vf_loadu(shift) : vf_load_first(shift, count);
    UNROLL for (int i = 0; i < VF_LANES; i++) {
        row[i] = vf_zero();
        if (i >= some) continue;
        const float *from = x + (size_t)i * stride;
        row[i] = vf_mul(vf_sub(whole ? vf_loadu(from) : vf_load_first(from, count), by), scale);
    }
    vf_transpose(row);
    UNROLL for (int f = 0; f < VF_LANES; f++) if (whole || f < count)
        vf_store(panel + f * C4_GRAM_PANEL, row[f]);
}

static void gram_pack(const float *x, size_t rows, size_t features, size_t stride,
                      const float *shift, float scale, float *panel) {
    const vf by = vf_set1(scale);
    for (size_t i = 0; i < C4_GRAM_PANEL; i += VF_LANES) {
        const size_t left = rows > i ? rows - i : 0;
        const int some = left < VF_LANES ? (int)left : VF_LANES;
        const float *from = x + (some ? i * stride : 0);
        size_t f = 0;
        if (some == VF_LANES)
            for (; f + VF_LANES <= features; f += VF_LANES)
                pack_square(from + f, VF_LANES, VF_LANES, stride, shift + f, by,
                            panel + f * C4_GRAM_PANEL + i);
        for (; f < features; f += VF_LANES) {
            const size_t count = features - f < VF_LANES ? features - f : VF_LANES;
            pack_square(from + f, some, (int)count, stride, shift + f, by,
                        panel + f * C4_GRAM_PANEL + i);
        }
    }
}

/* --- products --- */

/* Feature f of row r of a tile, whose rows begin at `row`. */
INLINE const float *gram_factor(const float *const *row, int r, int f) {
    return GRAM_IN_PANEL ? row[0] + f * C4_GRAM_PANEL + r : row[r] + f * C4_GRAM_PANEL;
}

/* One feature of all chains. */
INLINE void gram_feature(int rows, int panels, const float *const *row, const float *y,
                         size_t stride, int f, vf acc[GRAM_ROWS][GRAM_PANELS * GRAM_VECS]) {
    vf b[GRAM_PANELS * GRAM_VECS];
    UNROLL for (int p = 0; p < panels; p++) UNROLL for (int v = 0; v < GRAM_VECS; v++)
        b[p * GRAM_VECS + v] = vf_load(y + p * stride + f * C4_GRAM_PANEL + v * VF_LANES);
#ifdef A_BY_LANE
    const vf a = vf_load(row[0] + f * C4_GRAM_PANEL);
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < panels * GRAM_VECS; v++)
        acc[r][v] = vf_fma(vf_lane(a, r), b[v], acc[r][v]);
#else
    UNROLL for (int r = 0; r < rows; r++) {
        const float *from = gram_factor(row, r, f);
#ifdef A_BY_MEMORY
        UNROLL for (int v = 0; v < panels * GRAM_VECS; v++) acc[r][v] =
            vf_fma_from(from, b[v], acc[r][v]);
#else
        const vf a = vf_set1(*from);
        UNROLL for (int v = 0; v < panels * GRAM_VECS; v++) acc[r][v] = vf_fma(a, b[v], acc[r][v]);
#endif
    }
#endif
}

/* Adds one chunk of `some` <= rows rows of x with `panels` panels of y. The elements are prefetched
 * first: they are needed once a chunk. */
INLINE void gram_tile(int rows, int panels, const float *const *row, int some, const float *y,
                      size_t stride, int count, double *gram, size_t stride_gram) {
    vf acc[GRAM_ROWS][GRAM_PANELS * GRAM_VECS];
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < panels * GRAM_VECS; v++)
        acc[r][v] = vf_zero();
    for (int r = 0; r < some; r++)
        for (int line = 0; line < panels * C4_GRAM_PANEL; line += 8)
            PREFETCH(gram + (size_t)r * stride_gram + line);
    for (int f = 0; f < count; f++) {
        C4_HOT_LOOP_BEGIN(gram, rows * panels * GRAM_VECS);
        gram_feature(rows, panels, row, y, stride, f, acc);
        C4_HOT_LOOP_END(gram);
    }
    UNROLL for (int r = 0; r < rows; r++) {
        double *to = gram + (size_t)r * stride_gram;
        if (r >= some) continue;
        UNROLL for (int v = 0; v < panels * GRAM_VECS; v++) {
            double *low = to + v * VF_LANES, *high = low + VD_LANES;
            vd_store(low, vd_add(vd_load(low), vf_widen_low(acc[r][v])));
            vd_store(high, vd_add(vd_load(high), vf_widen_high(acc[r][v])));
        }
    }
}

/* The same with numbers of rows and panels that are compile-time constants. */
static void gram_tile_of(int panels, const float *const *row, int some, const float *y,
                         size_t stride, int count, double *gram, size_t stride_gram) {
#define GRAM_CALL(few, n)                                                                          \
    gram_tile(few ? GRAM_FEW_ROWS : GRAM_ROWS, GRAM_PANELS < n ? GRAM_PANELS : n, row, some, y,    \
              stride, count, gram, stride_gram)
    const bool few = some <= GRAM_FEW_ROWS && GRAM_FEW_ROWS < (int)GRAM_ROWS;
    switch (GRAM_PANELS < panels ? GRAM_PANELS : panels) {
    case 1:
        if (few)
            GRAM_CALL(true, 1);
        else
            GRAM_CALL(false, 1);
        break;
    case 2:
        if (few)
            GRAM_CALL(true, 2);
        else
            GRAM_CALL(false, 2);
        break;
    default:
        if (few)
            GRAM_CALL(true, 3);
        else
            GRAM_CALL(false, 3);
        break;
    }
#undef GRAM_CALL
}

/* One chunk of all rows of x with at most GRAM_PANELS panels of y, which stay in the L1 or L2 cache
 * meanwhile. */
static void gram_rows(int count, const float *x, const float *y, size_t rows_x, int panels,
                      size_t stride, double *gram, size_t stride_gram) {
    for (size_t i = 0; i < rows_x; i += GRAM_ROWS) {
        const int some = rows_x - i < GRAM_ROWS ? (int)(rows_x - i) : GRAM_ROWS;
        const float *row[GRAM_ROWS];
        for (int r = 0; r < GRAM_ROWS; r++) { /* absent rows repeat the last one */
            const size_t at = i + (size_t)(GRAM_IN_PANEL ? 0 : r < some ? r : some - 1);
            row[r] = x + at / C4_GRAM_PANEL * stride + at % C4_GRAM_PANEL;
        }
        gram_tile_of(panels, row, some, y, stride, count, gram + i * stride_gram, stride_gram);
    }
}

static void gram_block(const float *x, const float *y, size_t rows_x, size_t panels_y,
                       size_t features, size_t stride, double *gram, size_t stride_gram) {
    for (size_t p = 0; p < panels_y; p += GRAM_PANELS) {
        const int panels = panels_y - p < GRAM_PANELS ? (int)(panels_y - p) : GRAM_PANELS;
        for (size_t f = 0; f < features; f += C4_GRAM_CHUNK) {
            const int count = features - f < C4_GRAM_CHUNK ? (int)(features - f) : C4_GRAM_CHUNK;
            gram_rows(count, x + f * C4_GRAM_PANEL, y + p * stride + f * C4_GRAM_PANEL, rows_x,
                      panels, stride, gram + p * C4_GRAM_PANEL, stride_gram);
        }
    }
}

#endif
