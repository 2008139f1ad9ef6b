/* The way back of relu-bn's dense stem, a pair of rows at a time: dY is rebuilt, its channels are
 * summed, and it goes into conv1's weight gradient. */
#ifndef C4_SIMD_BODY_STEM_DENSE_BACK_H
#define C4_SIMD_BODY_STEM_DENSE_BACK_H

#include "simd/body/stem.h"

/* dY is rebuilt a piece at a time, DENSE_ROWS rows by DENSE_COLUMNS channels: 16 KB at most, which
 * stay in the L1 cache until all taps of the weight gradient have read them. */
enum { DENSE_COLUMNS = DENSE_VECS * VF_LANES, DENSE_ROW = SIDE * DENSE_COLUMNS };
enum { DENSE_TILES = SIDE / 4, DENSE_PASSES = C / DENSE_COLUMNS * (9 / DENSE_TAPS) };

/* Each pixel's step of a pass prefetches what lies DENSE_AHEAD floats behind the one before: with
 * many passes not a line each time, since that would be more than the L3 cache can deliver. */
enum { DENSE_AHEAD = DENSE_PASSES < 18 ? 16 : 5, PASS_AHEAD = DENSE_ROWS * SIDE * DENSE_AHEAD };
enum { PASSES_DS = (DENSE_ROWS / 2 * POOLED * C + PASS_AHEAD - 1) / PASS_AHEAD };
enum { PASSES_Y = (DENSE_ROWS * SIDE * C + PASS_AHEAD - 1) / PASS_AHEAD };
_Static_assert(DENSE_ROWS == 2 || DENSE_ROWS == 4, "pairs of rows, within a tile");
_Static_assert(DENSE_PASSES >= PASSES_Y + PASSES_DS + 1 && C % DENSE_COLUMNS == 0,
               "passes that prefetch a piece's rows");

/* What the way back of one image reads and writes. */
struct dense_back {
    const float *x;            /* [34, 34, 3]; its halo is not multiplied */
    const float *y, *ds;       /* [32, 32, 64], [16, 16, 64] */
    const uint8_t *arg;        /* [16, 16, 64] */
    const float *c0, *c1, *c2; /* [64] */
    float *dy;                 /* scratch [DENSE_ROWS, 32, DENSE_COLUMNS]: a piece */
    double *bias_sum;          /* [64], added to */
    float *dw;                 /* [27, 64], continued */
};

/* dY of the four pixels of a window behind a ReLU, from y to dy. To multiply and add a masked ds
 * costs less than to select the result. The sign of c0 goes over to ds: -|c0| times the +0 of a
 * pixel that is not the winner is -0, which leaves any number as it is. (c0 is finite: it is the
 * scale of the forward pass, and where that is not finite, the loss is not either.) */
INLINE void dense_rebuild_window(vf c0, vf c1, vf c2, vf ds, vu8 winner, const float *y,
                                 float *dy) {
#ifndef FMA_WHERE
    const vf minus = vf_xor(vf_abs(c0), vf_set1(-0.0f)), signed_ds = vf_xor(ds, vf_xor(c0, minus));
#endif
    UNROLL for (int k = 0; k < 4; k++) {
        const vf r = vf_load(y + (k / 2 * SIDE + k % 2) * C);
#ifdef FMA_WHERE
        const vf t = rebuild_pixel(true, k, c0, c1, c2, ds, winner, r);
#else
        const vf won = vf_where(vu8_eq(winner, vu8_set1(k)), signed_ds);
        const vf t = vf_where(vf_gt(r, vf_zero()), vf_fma(minus, won, vf_fma(c2, r, c1)));
#endif
        vf_store(dy + k / 2 * DENSE_ROW + k % 2 * DENSE_COLUMNS, t);
    }
}

/* The piece of rows from `row` on and channels from c on. */
__attribute__((noinline)) static void dense_rebuild(const struct dense_back *at, int row, int c) {
    const ptrdiff_t pooled = (ptrdiff_t)row / 2 * POOLED * C + c;
    const float *y = at->y + (ptrdiff_t)row * SIDE * C + c, *ds = at->ds + pooled;
    const float *c0 = at->c0 + c, *c1 = at->c1 + c, *c2 = at->c2 + c;
    const uint8_t *arg = at->arg + pooled;
    float *dy = at->dy;
    for (int end = row + DENSE_ROWS; row < end; row += 2, y += SIDE * C, dy += DENSE_ROW)
        for (int j = 0; j < POOLED; j++, y += 2 * C, ds += C, arg += C, dy += 2 * DENSE_COLUMNS)
            for (int lane = 0; lane < DENSE_COLUMNS; lane += VF_LANES)
                dense_rebuild_window(vf_loadu(c0 + lane), vf_loadu(c1 + lane), vf_loadu(c2 + lane),
                                     vf_load(ds + lane), vu8_load(arg + lane), y + lane, dy + lane);
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
INLINE void dense_taps(const struct dense_back *at, int first, int tap, int c, const float *ahead,
                       double *waiting) {
    const bool line = DENSE_TAPS == 3; /* all three taps of a row: one of them leaves the image */
    const int r = tap / 3 - 1, s = tap % 3 - 1;
    const int left = s < 0 ? 1 : 0, right = line || s > 0 ? SIDE - 1 : SIDE;
    const int top = first + r < 0 ? 1 : 0;
    const int bottom = first + DENSE_ROWS + r > SIDE ? DENSE_ROWS - 1 : DENSE_ROWS;
    float *dw = at->dw + (ptrdiff_t)tap * RGB * C + c;
    dense_acc acc;
    UNROLL for (int k = 0; k < DENSE_CHAINS; k++) UNROLL for (int v = 0; v < DENSE_VECS; v++)
        acc[k][v] = vf_load(dw + k * C + v * VF_LANES);
    for (int row = top; row < bottom; row++) {
        const float *x = at->x + (first + row + r + 1) * HALO_ROW + (s + 1) * RGB;
        const float *dy = at->dy + row * DENSE_ROW;
        if (line) dense_step(RGB, DENSE_CHAINS, x, dy, acc);
        for (int tile = 0, j = left; tile < (waiting ? DENSE_TILES : 1); tile++) {
            int end = right;
            if (waiting) {
                dense_tile_sums((first + row) % 4, dy + tile * 4 * DENSE_COLUMNS,
                                waiting + tile * 2 * C + c, at->bias_sum + c);
                if (tile < DENSE_TILES - 1) end = 4 * tile + 4;
            }
            for (; j < end; j++) {
                C4_HOT_LOOP_BEGIN(dense_taps, DENSE_CHAINS * DENSE_VECS);
                PREFETCH(ahead + (row * SIDE + j) * DENSE_AHEAD);
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
__attribute__((noinline)) static void dense_pass(const struct dense_back *at, int first, int tap,
                                                 int c, const float *ahead) {
    dense_taps(at, first, tap, c, ahead, NULL);
}
__attribute__((noinline)) static void dense_pass_sums(const struct dense_back *at, int first, int c,
                                                      const float *ahead, double *waiting) {
    dense_taps(at, first, 4 / DENSE_TAPS * DENSE_TAPS, c, ahead, waiting);
}

/* What pass `pass` before the last prefetches for the next piece's rows, or the next image's first:
 * y, then ds and arg. Earlier passes would fill the L1 cache too soon. */
INLINE const float *dense_ahead(const struct dense_back *at, int next, int pass) {
    const ptrdiff_t pooled = (ptrdiff_t)next / 2 * POOLED * C;
    if (pass == 0) return (const float *)(at->arg + pooled);
    if (pass <= PASSES_DS) return at->ds + pooled + (PASSES_DS - pass) * PASS_AHEAD;
    const int last = PASSES_DS + PASSES_Y;
    return at->y + (ptrdiff_t)next * SIDE * C + (pass < last ? last - pass : 0) * PASS_AHEAD;
}

static void dense_backward(const struct dense_back *at) {
    double waiting[DENSE_TILES * 2 * C];
    for (int row = 0; row < SIDE; row += DENSE_ROWS) {
        int pass = DENSE_PASSES;
        for (int c = 0; c < C; c += DENSE_COLUMNS) {
            dense_rebuild(at, row, c);
            for (int tap = 0; tap < 9; tap += DENSE_TAPS) {
                const float *ahead = dense_ahead(at, row + DENSE_ROWS, --pass);
                if (tap == 4 / DENSE_TAPS * DENSE_TAPS)
                    dense_pass_sums(at, row, c, ahead, waiting);
                else
                    dense_pass(at, row, tap, c, ahead);
            }
        }
    }
}

#endif
