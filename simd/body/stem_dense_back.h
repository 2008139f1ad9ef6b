/* The way back of relu-bn's dense stem, a pair of rows at a time: dY is rebuilt, its channels are
 * summed, and it goes into conv1's weight gradient. */
#ifndef C4_SIMD_BODY_STEM_DENSE_BACK_H
#define C4_SIMD_BODY_STEM_DENSE_BACK_H

#include "simd/body/stem.h"

/* dY is rebuilt a piece at a time, two rows by DENSE_COLUMNS channels: 8 KB at most, which stay in
 * the L1 cache, beside what is prefetched, until all taps of the weight gradient have read them. */
enum { DENSE_COLUMNS = DENSE_VECS * VF_LANES, DENSE_ROW = SIDE * DENSE_COLUMNS };
enum { DENSE_TILES = SIDE / 4, DENSE_PASSES = C / DENSE_COLUMNS * (9 / DENSE_TAPS) };
_Static_assert(DENSE_PASSES >= 6 && C % DENSE_COLUMNS == 0, "passes that prefetch a pair of rows");

/* What the way back of one image reads and writes. */
struct dense_back {
    const float *x;            /* [34, 34, 3]; its halo is not multiplied */
    const float *y, *ds;       /* [32, 32, 64], [16, 16, 64] */
    const uint8_t *arg;        /* [16, 16, 64] */
    const float *c0, *c1, *c2; /* [64] */
    float *dy;                 /* scratch [2, 32, DENSE_COLUMNS]: a piece */
    double *bias_sum;          /* [64], added to */
    float *dw;                 /* [27, 64], continued */
};

/* The piece of rows 2i and 2i + 1, channels from c on. */
__attribute__((noinline)) static void dense_rebuild(const struct dense_back *at, int i, int c) {
    const ptrdiff_t pooled = i * POOLED * C + c;
    const float *y = at->y + (ptrdiff_t)i * 2 * SIDE * C + c, *ds = at->ds + pooled;
    const float *c0 = at->c0 + c, *c1 = at->c1 + c, *c2 = at->c2 + c;
    const uint8_t *arg = at->arg + pooled;
    float *dy = at->dy;
    for (int j = 0; j < POOLED; j++, y += 2 * C, ds += C, arg += C, dy += 2 * DENSE_COLUMNS)
        for (int lane = 0; lane < DENSE_COLUMNS; lane += VF_LANES) {
            const vf k0 = vf_loadu(c0 + lane), k1 = vf_loadu(c1 + lane), k2 = vf_loadu(c2 + lane);
            const vf d = vf_load(ds + lane);
            const vu8 winner = vu8_load(arg + lane);
            UNROLL for (int k = 0; k < 4; k++) {
                const vf r = vf_load(y + (k / 2 * SIDE + k % 2) * C + lane);
                vf_store(dy + k / 2 * DENSE_ROW + k % 2 * DENSE_COLUMNS + lane,
                         rebuild_pixel(true, k, k0, k1, k2, d, winner, r));
            }
        }
}

/* Channel sums of row `row` of a 4x4 tile, from its first pixel on. What its other rows need waits
 * in `waiting` [2, 64]. */
INLINE void dense_tile_row(int row, const float *dy, double *waiting, double *bias_sum) {
    UNROLL for (int lane = 0; lane < DENSE_COLUMNS; lane += VD_LANES) {
        const float *from = dy + lane;
        const vd v[4] = {vd_widen(from), vd_widen(from + DENSE_COLUMNS),
                         vd_widen(from + 2 * DENSE_COLUMNS), vd_widen(from + 3 * DENSE_COLUMNS)};
        const vd sum = vd_add(vd_add(v[0], v[1]), vd_add(v[2], v[3]));
        double *upper = waiting + lane, *lower = upper + C;
        if (row == 0)
            vd_store(upper, sum);
        else if (row == 1)
            vd_store(upper, vd_add(vd_load(upper), sum));
        else if (row == 2)
            vd_store(lower, sum);
        else
            add_double(bias_sum + lane, vd_add(vd_load(upper), vd_add(vd_load(lower), sum)));
    }
}

INLINE void dense_tile_sums(int row, const float *dy, double *waiting, double *bias_sum) {
    FORGET(dy);
    if (row == 0)
        dense_tile_row(0, dy, waiting, bias_sum);
    else if (row == 1)
        dense_tile_row(1, dy, waiting, bias_sum);
    else if (row == 2)
        dense_tile_row(2, dy, waiting, bias_sum);
    else
        dense_tile_row(3, dy, waiting, bias_sum);
}

/* Chains of DENSE_TAPS adjacent taps, whose inputs are adjacent in memory. */
enum { DENSE_CHAINS = DENSE_TAPS * RGB };
typedef vf dense_acc[DENSE_CHAINS][DENSE_VECS];

/* One pixel's step of chains [first, end); x is the input of chain 0. Where operands are taken by
 * lane, reads up to three floats more, which are those of the next pixel. */
INLINE void dense_step(int first, int end, const float *x, const float *dy, dense_acc acc) {
#ifdef A_BY_MEMORY
    vf d[DENSE_VECS];
    UNROLL for (int v = 0; v < DENSE_VECS; v++) d[v] = vf_load(dy + v * VF_LANES);
    UNROLL for (int k = first; k < end; k++) UNROLL for (int v = 0; v < DENSE_VECS; v++) acc[k][v] =
        vf_fma_from(x + k, d[v], acc[k][v]);
#elif defined A_BY_LANE
    vf xv[DENSE_CHAINS / VF_LANES + 1];
    UNROLL for (int k = 0; k < end; k += VF_LANES) xv[k / VF_LANES] = vf_loadu(x + k);
    UNROLL for (int v = 0; v < DENSE_VECS; v++) {
        const vf d = vf_load(dy + v * VF_LANES);
        UNROLL for (int k = first; k < end; k++) acc[k][v] =
            vf_fma(vf_lane(xv[k / VF_LANES], k % VF_LANES), d, acc[k][v]);
    }
#else
    vf xv[DENSE_CHAINS];
    UNROLL for (int k = first; k < end; k++) xv[k] = vf_set1(x[k]);
    UNROLL for (int v = 0; v < DENSE_VECS; v++) {
        const vf d = vf_load(dy + v * VF_LANES);
        UNROLL for (int k = first; k < end; k++) acc[k][v] = vf_fma(xv[k], d, acc[k][v]);
    }
#endif
}

/* A pass over a piece: continues the chains of taps [tap, tap + DENSE_TAPS), and prefetches 4 KB
 * meanwhile. With `waiting` [8, 2, 64], which is a constant NULL or not, it also adds the channel
 * sums of dY, a tile's before its pixels, since units that add are idle; tap 4 has to be among its
 * taps, because their rows never leave the image. */
INLINE void dense_taps(const struct dense_back *at, int i, int tap, int c, const float *ahead,
                       double *waiting) {
    const bool line = DENSE_TAPS == 3; /* all three taps of a row: one of them leaves the image */
    const int r = tap / 3 - 1, s = tap % 3 - 1;
    const int left = s < 0 ? 1 : 0, right = line || s > 0 ? SIDE - 1 : SIDE;
    const int top = 2 * i + r < 0 ? 1 : 0, bottom = 2 * i + 1 + r >= SIDE ? 1 : 2;
    float *dw = at->dw + (ptrdiff_t)tap * RGB * C + c;
    dense_acc acc;
    UNROLL for (int k = 0; k < DENSE_CHAINS; k++) UNROLL for (int v = 0; v < DENSE_VECS; v++)
        acc[k][v] = vf_load(dw + k * C + v * VF_LANES);
    for (int row = top; row < bottom; row++) {
        const float *x = at->x + (2 * i + row + r + 1) * HALO_ROW + (s + 1) * RGB;
        const float *dy = at->dy + row * DENSE_ROW;
        if (line) dense_step(RGB, DENSE_CHAINS, x, dy, acc);
        for (int tile = 0, j = left; tile < (waiting ? DENSE_TILES : 1); tile++) {
            int end = right;
            if (waiting) {
                dense_tile_sums(i % 2 * 2 + row, dy + tile * 4 * DENSE_COLUMNS,
                                waiting + tile * 2 * C + c, at->bias_sum + c);
                if (tile < DENSE_TILES - 1) end = 4 * tile + 4;
            }
            for (; j < end; j++) {
                C4_HOT_LOOP_BEGIN(dense_taps, DENSE_CHAINS * DENSE_VECS);
                PREFETCH(ahead + (row * SIDE + j) * 16);
                dense_step(0, DENSE_CHAINS, x + j * RGB, dy + (ptrdiff_t)j * DENSE_COLUMNS, acc);
                C4_HOT_LOOP_END(dense_taps);
            }
        }
        if (line)
            dense_step(0, DENSE_CHAINS - RGB, x + right * RGB, dy + right * DENSE_COLUMNS, acc);
    }
    UNROLL for (int k = 0; k < DENSE_CHAINS; k++) UNROLL for (int v = 0; v < DENSE_VECS; v++)
        vf_store(dw + k * C + v * VF_LANES, acc[k][v]);
}

/* Functions of their own: all their registers are for their loops. */
__attribute__((noinline)) static void dense_pass(const struct dense_back *at, int i, int tap, int c,
                                                 const float *ahead) {
    dense_taps(at, i, tap, c, ahead, NULL);
}
__attribute__((noinline)) static void dense_pass_sums(const struct dense_back *at, int i, int c,
                                                      const float *ahead, double *waiting) {
    dense_taps(at, i, 4 / DENSE_TAPS * DENSE_TAPS, c, ahead, waiting);
}

/* What pass `pass` before the last prefetches for the next pair of rows, or the next image's first:
 * 16 KB of y, then ds and arg. Earlier passes would fill the L1 cache too soon. */
INLINE const float *dense_ahead(const struct dense_back *at, int i, int pass) {
    const ptrdiff_t pooled = (ptrdiff_t)(i + 1) * POOLED * C;
    if (pass == 0) return (const float *)(at->arg + pooled);
    if (pass == 1) return at->ds + pooled;
    return at->y + 4 * pooled + (pass < 5 ? 5 - pass : 0) * SIDE * C / 2;
}

static void dense_backward(const struct dense_back *at) {
    double waiting[DENSE_TILES * 2 * C];
    for (int i = 0; i < POOLED; i++) {
        int pass = DENSE_PASSES;
        for (int c = 0; c < C; c += DENSE_COLUMNS) {
            dense_rebuild(at, i, c);
            for (int tap = 0; tap < 9; tap += DENSE_TAPS) {
                const float *ahead = dense_ahead(at, i, --pass);
                if (tap == 4 / DENSE_TAPS * DENSE_TAPS)
                    dense_pass_sums(at, i, c, ahead, waiting);
                else
                    dense_pass(at, i, tap, c, ahead);
            }
        }
    }
}

#endif
