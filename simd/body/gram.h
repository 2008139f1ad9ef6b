/* Gram blocks over packed panels (core/op/gram.h): lanes are rows of y, rows of x are broadcast. */
#ifndef C4_SIMD_BODY_GRAM_H
#define C4_SIMD_BODY_GRAM_H

#include "core/op/gram.h"
#include "simd/body/body.h"

/* Vectors of a panel; rows of x in a micro-kernel's tile, the smaller number for the last rows. */
enum { GRAM_VECS = C4_GRAM_PANEL / VF_LANES };
#define GRAM_FEW_ROWS 4

/* Whether tiles of GRAM_ROWS, from row 0 on, lie in one panel each; else in two at most. */
enum { GRAM_IN_PANEL = C4_GRAM_PANEL % GRAM_ROWS == 0 };

_Static_assert(GRAM_VECS *VF_LANES == C4_GRAM_PANEL, "a panel is whole vectors");
_Static_assert((int)GRAM_AHEAD % GRAM_STEPS == 0, "a prefetch every few iterations");
_Static_assert(64 % (int)GRAM_AHEAD_BYTES == 0, "whole prefetches of a line");
_Static_assert((int)GRAM_ROWS >= GRAM_FEW_ROWS && (int)GRAM_ROWS <= C4_GRAM_PANEL, "tiles");

/* --- packing --- */

/* Floats of each row that are prefetched ahead of those that are packed. */
enum { PACK_AHEAD = 64 };

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
        PREFETCH(from + PACK_AHEAD);
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

/* Lines of memory that are prefetched one after the other, while so many features are multiplied: a
 * bookkeeping of each line would cost as much as it gains. */
enum { GRAM_RUN = 32, GRAM_RUN_FEATURES = GRAM_RUN * (64 / GRAM_AHEAD_BYTES) * GRAM_AHEAD };

/* The next run of lines and how far a prefetch moves on; without one, `instead` again and again. */
INLINE const char *gram_run(struct c4_gram_ahead *ahead, const void *instead, ptrdiff_t *step) {
    struct c4_gram_span *span = &ahead->span[ahead->done];
    *step = 0;
    if (ahead->done == ahead->spans) return instead;
    const char *line = span->begin;
    *step = GRAM_AHEAD_BYTES;
    span->begin += GRAM_RUN * 64;
    if (span->begin >= span->end) ahead->done++;
    return line;
}

/* Vectors of y in the widest tile. */
#define GRAM_PANEL_ONE(panels) +1
enum { GRAM_COLUMNS = (0 EACH_GRAM_PANELS(GRAM_PANEL_ONE)) * GRAM_VECS };

/* What the tiles of one chunk have in common: vectors of rows of y, as columns. */
struct gram_columns {
    const float *at[GRAM_COLUMNS]; /* each vector's first feature */
    int count;                     /* features of the chunk */
    size_t stride;                 /* of panels */
    struct c4_gram_ahead *ahead;
};

/* The feature at `at` floats in its panel of row r of a tile, whose rows begin at `row`. */
INLINE const float *gram_factor(const float *const *row, int r, ptrdiff_t at) {
    return GRAM_IN_PANEL ? row[0] + at + r : row[r] + at;
}

/* One feature of all chains. */
INLINE void gram_feature(int rows, int vecs, const float *const *row, const struct gram_columns *y,
                         ptrdiff_t at, vf acc[GRAM_ROWS][GRAM_COLUMNS]) {
    vf b[GRAM_COLUMNS];
    UNROLL for (int v = 0; v < vecs; v++) b[v] = vf_load(y->at[v] + at);
#ifdef A_BY_LANE
    const vf a = vf_load(row[0] + at);
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vecs; v++) acc[r][v] =
        vf_fma(vf_lane(a, r), b[v], acc[r][v]);
#else
    UNROLL for (int r = 0; r < rows; r++) {
        const float *from = gram_factor(row, r, at);
#ifdef A_BY_MEMORY
        UNROLL for (int v = 0; v < vecs; v++) acc[r][v] = vf_fma_from(from, b[v], acc[r][v]);
#else
        const vf a = vf_set1(*from);
        UNROLL for (int v = 0; v < vecs; v++) acc[r][v] = vf_fma(a, b[v], acc[r][v]);
#endif
    }
#endif
}

/* Adds one chunk of `some` <= rows rows of x with vectors of rows of y. The rows are `first` and
 * those after it in the panel x, and in the next one; absent ones repeat the last. */
INLINE void gram_tile(int rows, int vecs, const float *x, int first, int some,
                      const struct gram_columns *y, double *gram, size_t stride_gram) {
    const float *row[GRAM_ROWS];
    vf acc[GRAM_ROWS][GRAM_COLUMNS];
    UNROLL for (int r = 0; r < rows; r++) {
        const int i = first + (GRAM_IN_PANEL ? 0 : r < some ? r : some - 1);
        row[r] = i < C4_GRAM_PANEL ? x + i : x + y->stride + (i - C4_GRAM_PANEL);
        UNROLL for (int v = 0; v < vecs; v++) acc[r][v] = vf_zero();
    }
    int f = 0;
    ptrdiff_t at = 0;
    while (f + GRAM_AHEAD <= y->count) {
        const int run = f + GRAM_RUN_FEATURES, end = y->count < run ? y->count : run;
        ptrdiff_t step;
        const char *line = gram_run(y->ahead, gram, &step);
        for (; f + GRAM_AHEAD <= end; f += GRAM_AHEAD, line += step) {
            PREFETCH_L2(line);
            ptrdiff_t stop = at + GRAM_AHEAD * C4_GRAM_PANEL;
            FORGET(stop); /* unrolled more often, the loop would spill */
            do {
                C4_HOT_LOOP_BEGIN(gram, GRAM_STEPS * rows * vecs);
                UNROLL for (int k = 0; k < GRAM_STEPS; k++) {
                    gram_feature(rows, vecs, row, y, at, acc);
                    at += C4_GRAM_PANEL;
                    if (GRAM_STEPS > 1) FORGET(at);
                }
                C4_HOT_LOOP_END(gram);
            } while (at < stop);
        }
    }
    for (; f < y->count; f++, at += C4_GRAM_PANEL) gram_feature(rows, vecs, row, y, at, acc);
    UNROLL for (int r = 0; r < rows; r++) {
        double *to = gram + (size_t)r * stride_gram;
        if (r >= some) continue;
        UNROLL for (int v = 0; v < vecs; v++) {
            double *low = to + v * VF_LANES, *high = low + VD_LANES;
            vd_store(low, vd_add(vd_load(low), vf_widen_low(acc[r][v])));
            vd_store(high, vd_add(vd_load(high), vf_widen_high(acc[r][v])));
        }
    }
}

/* Tiles with a constant number of panels. Functions of their own: all registers are for their
 * loops. */
typedef void gram_tile_fn(const float *x, int first, int some, const struct gram_columns *y,
                          double *gram, size_t stride_gram);
#define GRAM_TILE(panels)                                                                          \
    __attribute__((noinline)) static void gram_tile_##panels(const float *x, int first, int some,  \
                                                             const struct gram_columns *y,         \
                                                             double *gram, size_t stride_gram) {   \
        if (some <= GRAM_FEW_ROWS && GRAM_FEW_ROWS < (int)GRAM_ROWS)                               \
            gram_tile(GRAM_FEW_ROWS, panels *GRAM_VECS, x, first, some, y, gram, stride_gram);     \
        else                                                                                       \
            gram_tile(GRAM_ROWS, panels *GRAM_VECS, x, first, some, y, gram, stride_gram);         \
    }
EACH_GRAM_PANELS(GRAM_TILE)
#undef GRAM_TILE
#define GRAM_TILE(panels) gram_tile_##panels,
static gram_tile_fn *const gram_tiles[] = {EACH_GRAM_PANELS(GRAM_TILE)};
#undef GRAM_TILE
enum { GRAM_PANELS = sizeof gram_tiles / sizeof *gram_tiles };

/* All rows of x; the columns stay in the L1 or L2 cache meanwhile. */
static void gram_rows(int panels, const float *x, size_t rows_x, const struct gram_columns *y,
                      double *gram, size_t stride_gram) {
    gram_tile_fn *const tile = gram_tiles[panels - 1];
    for (size_t i = 0; i < rows_x; i += GRAM_ROWS) {
        const int some = rows_x - i < GRAM_ROWS ? (int)(rows_x - i) : GRAM_ROWS;
        tile(x + i / C4_GRAM_PANEL * y->stride, (int)(i % C4_GRAM_PANEL), some, y,
             gram + i * stride_gram, stride_gram);
    }
}

static void gram_block(const float *x, const float *y, size_t rows_x, size_t panels_y,
                       size_t features, size_t stride, double *gram, size_t stride_gram,
                       struct c4_gram_ahead *ahead) {
    struct c4_gram_ahead nothing;
    nothing.spans = nothing.done = 0;
    if (!ahead) ahead = &nothing;
    for (size_t p = 0; p < panels_y; p += GRAM_PANELS) {
        const int panels = panels_y - p < GRAM_PANELS ? (int)(panels_y - p) : (int)GRAM_PANELS;
        for (size_t f = 0; f < features; f += C4_GRAM_CHUNK) {
            struct gram_columns columns = {.stride = stride, .ahead = ahead};
            columns.count = features - f < C4_GRAM_CHUNK ? (int)(features - f) : C4_GRAM_CHUNK;
            for (int v = 0; v < panels * GRAM_VECS; v++)
                columns.at[v] = y + (p + (size_t)(v / GRAM_VECS)) * stride + f * C4_GRAM_PANEL +
                                v % GRAM_VECS * VF_LANES;
            gram_rows(panels, x + f * C4_GRAM_PANEL, rows_x, &columns, gram + p * C4_GRAM_PANEL,
                      stride_gram);
        }
    }
}

#endif
