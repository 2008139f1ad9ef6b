/* The dense stem of relu-bn, forward: conv1 over all pixels with bias, ReLU and pooling in
 * registers, and channel sums of y and y^2. */
#ifndef C4_SIMD_BODY_STEM_DENSE_H
#define C4_SIMD_BODY_STEM_DENSE_H

#include "simd/body/stem.h"

/* What the forward pass of one image reads and writes. */
struct dense_stem {
    const float *x;        /* [34, 34, 3] with its halo of zeros */
    const float *w, *bias; /* [27, 64], [64] */
    const float *flip;     /* [64]: pool_flips() */
    float *y;              /* [32, 32, 64], after ReLU; two tiles' [4, 8, 64] if it is `not_kept` */
    bool not_kept;
    float *selected;  /* [16, 16, 64] */
    uint8_t *arg;     /* the same shape; NULL: not needed */
    double (*sum)[C]; /* [2]: those of y and y^2 are added; NULL: not needed */
};

/* Floats between rows of y, and the first pixel of the pooled map's window (i, j). */
INLINE ptrdiff_t dense_row(const struct dense_stem *at) {
    return (at->not_kept ? 8 : SIDE) * C;
}
INLINE float *dense_pixel(const struct dense_stem *at, int i, int j) {
    return at->not_kept ? at->y + i % 2 * 2 * dense_row(at) + j % 4 * 2 * C
                        : at->y + (2 * i * SIDE + 2 * j) * C;
}

/* What runs between the steps of a window's chains, on units that multiply-adds leave idle: the
 * channel sums of one vector of the tile before, and prefetches for the tile after. Loops of their
 * own would add their whole time: a core looks ahead only a few hundred instructions, which is less
 * than a window's chains. */
struct dense_meanwhile {
    const float *before; /* these channels of the first pixel of the tile before; NULL: no sums */
    ptrdiff_t row;       /* floats between its rows */
    double *sum, *square;
    double *part;              /* scratch [2, 2, VD_LANES]: rows' sums that wait for others */
    const float *y, *selected; /* to prefetch: four pixels, one pixel; NULL: nothing */
    const uint8_t *arg;        /* to prefetch: one pixel; NULL: nothing */
};
enum { DENSE_STEPS = C4_PATCH };

/* Adds row `row` to a tile's sum (row0 + row1) + (row2 + row3), and the sum to `total`. */
INLINE void dense_add_row(int row, vd value, double *part, double *total) {
    if (row == 0 || row == 2) {
        vd_store(part + row / 2 * VD_LANES, value);
    } else {
        value = vd_add(vd_load(part + row / 2 * VD_LANES), value);
        if (row == 1)
            vd_store(part, value);
        else
            add_double(total, vd_add(vd_load(part), value));
    }
}

/* Sums of a row of four pixels, half a vector of channels. */
INLINE void dense_sum_row(int row, int half, const struct dense_meanwhile *at) {
    const float *y = at->before + row * at->row + half * VD_LANES;
    double *part = at->part;
    FORGET(part);
    const vd v[4] = {vd_widen(y), vd_widen(y + C), vd_widen(y + 2 * C), vd_widen(y + 3 * C)};
    const vd square[2] = {vd_fma(v[1], v[1], vd_mul(v[0], v[0])),
                          vd_fma(v[3], v[3], vd_mul(v[2], v[2]))};
    dense_add_row(row, vd_add(vd_add(v[0], v[1]), vd_add(v[2], v[3])), part,
                  at->sum + half * VD_LANES);
    dense_add_row(row, vd_add(square[0], square[1]), part + 2 * VD_LANES,
                  at->square + half * VD_LANES);
}

/* A line of y is written soon after it is there, unless a tile is several panels: then it would
 * only drive others out of the L1 cache, which two tiles fill. */
#define DENSE_PREFETCH(p) ((int)STEM_VECS < (int)VECS ? PREFETCH_L2(p) : PREFETCH(p))

/* What follows step `step` of the chains. */
INLINE void dense_between(int step, const struct dense_meanwhile *at) {
    const int third = step / 3; /* 0..8 */
    if (step % 3 == 2 && third < 8 && at->before) dense_sum_row(third % 4, third / 4, at);
    if (step % 3 == 1 && third < 8 && at->y) {
        DENSE_PREFETCH(at->y + 32 * third);
        DENSE_PREFETCH(at->y + 32 * third + 16);
        if (third < 4) DENSE_PREFETCH(at->selected + 16 * third);
    }
    if (step == DENSE_STEPS - 1 && at->arg) DENSE_PREFETCH(at->arg);
}

INLINE void dense_chains(int vecs, const float *x, const float *w,
                         const struct dense_meanwhile *meanwhile, vf acc[4][STEM_VECS]) {
    UNROLL for (int p = 0; p < 4; p++) UNROLL for (int v = 0; v < vecs; v++) acc[p][v] = vf_zero();
    UNROLL for (int r = 0; r < 3; r++, x += HALO_ROW, w += 3 * RGB * C)
        UNROLL for (int k = 0; k < 3 * RGB; k++) {
        FORGET(x);
        stem_step(vecs, false, x + k, w + k * C, 0, 0, acc);
        UNROLL for (int p = 0; p < 4; p++) UNROLL for (int v = 0; v < vecs; v++)
            HAVE_VALUE(acc[p][v]);
        dense_between(3 * RGB * r + k, meanwhile);
    }
}

/* `vecs` vectors of channels, from c on, of the pooled map's window (i, j). */
INLINE void dense_window(int vecs, bool skip, bool flips, const struct dense_stem *at, int i, int j,
                         int c, const struct dense_meanwhile *meanwhile) {
    const ptrdiff_t pooled = (i * POOLED + j) * C + c, row = dense_row(at);
    float *y = dense_pixel(at, i, j) + c;
    vf acc[4][STEM_VECS];
    if (skip) {
        stem_chains(vecs, true, at->x, at->w + c, i, j, acc);
        UNROLL for (int step = 0; step < DENSE_STEPS; step++) dense_between(step, meanwhile);
    } else {
        dense_chains(vecs, at->x + 2 * i * HALO_ROW + 2 * j * RGB, at->w + c, meanwhile, acc);
    }
    UNROLL for (int v = 0; v < vecs; v++) {
        const int lane = v * VF_LANES;
        const vf bias = vf_loadu(at->bias + c + lane);
        vf r[4];
        UNROLL for (int p = 0; p < 4; p++) {
            r[p] = vf_relu(vf_add(acc[p][v], bias));
            vf_store(y + p / 2 * row + p % 2 * C + lane, r[p]);
        }
        if (at->arg)
            stem_pool(flips, r, at->flip + c + lane, at->selected + pooled + lane,
                      at->arg + pooled + lane);
        else
            vf_store(at->selected + pooled + lane, pool_value(flips, r, at->flip + c + lane));
    }
}

/* The four windows of the 4x4 tile whose first window is (i, j). The first `vecs` of them sum a
 * vector each of the tile `before`; those of the last panel prefetch a row each of the next. */
INLINE void dense_panel(int vecs, bool skip, bool flips, const struct dense_stem *at, int i, int j,
                        int c, const float *before) {
    _Alignas(64) double part[4 * VD_LANES];
    struct dense_meanwhile meanwhile = {.row = dense_row(at), .part = part};
    const int next_j = (j + 2) % POOLED, next_i = next_j ? i : i + 2;
    for (int k = 0; k < 4; k++) {
        meanwhile.before = NULL;
        if (before && k < vecs) {
            const int lane = c + k * VF_LANES;
            meanwhile.before = before + lane;
            meanwhile.sum = at->sum[0] + lane;
            meanwhile.square = at->sum[1] + lane;
        }
        if (c + vecs * VF_LANES == C) {
            const ptrdiff_t pooled = ((next_i + k / 2) * POOLED + next_j + k % 2) * C;
            meanwhile.y = dense_pixel(at, next_i, next_j) + k * meanwhile.row;
            meanwhile.selected = at->selected + pooled;
            if (at->arg) meanwhile.arg = at->arg + pooled;
        }
        dense_window(vecs, skip, flips, at, i + k / 2, j + k % 2, c, &meanwhile);
    }
}

/* Functions of their own: in a larger one, compilers spill accumulators. */
typedef void dense_panel_fn(const struct dense_stem *at, int i, int j, int c, const float *before);
#define DENSE_PANEL(name, vecs, skip, flips)                                                       \
    __attribute__((noinline)) static void name(const struct dense_stem *at, int i, int j, int c,   \
                                               const float *before) {                              \
        dense_panel(vecs, skip, flips, at, i, j, c, before);                                       \
    }
DENSE_PANEL(dense_whole_panel, STEM_VECS, false, false)
DENSE_PANEL(dense_whole_panel_flip, STEM_VECS, false, true)
DENSE_PANEL(dense_whole_panel_skip, STEM_VECS, true, true)
DENSE_PANEL(dense_last_panel, VECS % STEM_VECS, false, false)
DENSE_PANEL(dense_last_panel_flip, VECS % STEM_VECS, false, true)
DENSE_PANEL(dense_last_panel_skip, VECS % STEM_VECS, true, true)
#undef DENSE_PANEL

INLINE void dense_tiles(dense_panel_fn *whole, dense_panel_fn *last, const struct dense_stem *at) {
    const float *before = NULL;
    for (int i = 0; i < POOLED; i += 2)
        for (int j = 0; j < POOLED; j += 2) {
            int c = 0;
            for (; c + STEM_VECS * VF_LANES <= C; c += STEM_VECS * VF_LANES)
                whole(at, i, j, c, before);
            if (c < C) last(at, i, j, c, before);
            if (at->sum) before = dense_pixel(at, i, j);
        }
    if (before) tile_sums(before, before, dense_row(at), 4, 4, at->sum[0], at->sum[1]);
}

/* `exact`: halo_is_exact(w). */
static void dense_forward(const struct dense_stem *at, bool exact) {
    if (!exact)
        dense_tiles(dense_whole_panel_skip, dense_last_panel_skip, at);
    else if (pool_has_flips(at->flip))
        dense_tiles(dense_whole_panel_flip, dense_last_panel_flip, at);
    else
        dense_tiles(dense_whole_panel, dense_last_panel, at);
}

#endif
