/* Winograd F(4x4,3x3) with the points {0, +-3/4, +-3/2, infinity}, forward and, as its adjoint,
 * both gradients (ARITHMETIC.md, "Winograd"). Every 2-D transform runs its 1-D form down the
 * columns first, then along the rows; here each 1-D form works on 64 channels at a time. */
#include <string.h>

#include "simd/ref/ref_ops.h"

enum { C = C4_CHANNELS, TILE = 4, WIDE = 6, GROUP = 16 /* tiles in flight */ };

#define A C4_REF_C(0.75)
#define B C4_REF_C(1.5)
#define A2 C4_REF_C(0.5625)
#define B2 C4_REF_C(2.25)
#define A3 C4_REF_C(0.421875)
#define B3 C4_REF_C(3.375)
#define A2B2 C4_REF_C(1.265625)     /* a^2 b^2 */
#define A2_PLUS_B2 C4_REF_C(2.8125) /* a^2 + b^2 */
#define C0 C4_REF_C(64.0 / 81.0)    /* 1 / (a^2 b^2) */
#define CA C4_REF_C(-128.0 / 243.0) /* 1 / (2 a^2 (a^2 - b^2)) */
#define CB C4_REF_C(32.0 / 243.0)   /* 1 / (2 b^2 (b^2 - a^2)) */

/* 1-D forms. `in` and `out` hold 64-channel vectors `stride` apart. */

/* d[6] -> Bt d [6] */
static void input_1d(const c4_real *d, int in, c4_real *restrict v, int out) {
    for (int c = 0; c < C; c++) {
        c4_real d0 = d[c], d1 = d[in + c], d2 = d[2 * in + c], d3 = d[3 * in + c];
        c4_real d4 = d[4 * in + c], d5 = d[5 * in + c];
        c4_real even_a = c4_fma(-B2, d2, d4), odd_a = c4_fma(-B2, d1, d3);
        c4_real even_b = c4_fma(-A2, d2, d4), odd_b = c4_fma(-A2, d1, d3);
        v[c] = c4_fma(A2B2, d0, c4_fma(-A2_PLUS_B2, d2, d4));
        v[out + c] = c4_fma(A, odd_a, even_a);
        v[2 * out + c] = c4_fma(-A, odd_a, even_a);
        v[3 * out + c] = c4_fma(B, odd_b, even_b);
        v[4 * out + c] = c4_fma(-B, odd_b, even_b);
        v[5 * out + c] = c4_fma(A2B2, d1, c4_fma(-A2_PLUS_B2, d3, d5));
    }
}

/* g[3] -> G g [6] */
static void weights_1d(const c4_real *g, int in, c4_real *restrict u, int out) {
    for (int c = 0; c < C; c++) {
        c4_real g0 = g[c], g1 = g[in + c], g2 = g[2 * in + c];
        c4_real even_a = c4_fma(A2, g2, g0), even_b = c4_fma(B2, g2, g0);
        u[c] = C0 * g0;
        u[out + c] = CA * c4_fma(A, g1, even_a);
        u[2 * out + c] = CA * c4_fma(-A, g1, even_a);
        u[3 * out + c] = CB * c4_fma(B, g1, even_b);
        u[4 * out + c] = CB * c4_fma(-B, g1, even_b);
        u[5 * out + c] = g2;
    }
}

/* m[6] -> At m [4] */
static void output_1d(const c4_real *m, int in, c4_real *restrict y, int out) {
    for (int c = 0; c < C; c++) {
        c4_real m0 = m[c], m1 = m[in + c], m2 = m[2 * in + c], m3 = m[3 * in + c];
        c4_real m4 = m[4 * in + c], m5 = m[5 * in + c];
        c4_real sum_a = m1 + m2, diff_a = m1 - m2, sum_b = m3 + m4, diff_b = m3 - m4;
        y[c] = (m0 + sum_a) + sum_b;
        y[out + c] = c4_fma(B, diff_b, A * diff_a);
        y[2 * out + c] = c4_fma(B2, sum_b, A2 * sum_a);
        y[3 * out + c] = c4_fma(B3, diff_b, c4_fma(A3, diff_a, m5));
    }
}

/* y[4] -> A y [6], the adjoint of output_1d */
static void output_adjoint_1d(const c4_real *y, int in, c4_real *restrict m, int out) {
    for (int c = 0; c < C; c++) {
        c4_real y0 = y[c], y1 = y[in + c], y2 = y[2 * in + c], y3 = y[3 * in + c];
        c4_real even_a = c4_fma(A2, y2, y0), odd_a = c4_fma(A2, y3, y1);
        c4_real even_b = c4_fma(B2, y2, y0), odd_b = c4_fma(B2, y3, y1);
        m[c] = y0;
        m[out + c] = c4_fma(A, odd_a, even_a);
        m[2 * out + c] = c4_fma(-A, odd_a, even_a);
        m[3 * out + c] = c4_fma(B, odd_b, even_b);
        m[4 * out + c] = c4_fma(-B, odd_b, even_b);
        m[5 * out + c] = y3;
    }
}

/* v[6] -> B v [6], the adjoint of input_1d */
static void input_adjoint_1d(const c4_real *v, int in, c4_real *restrict d, int out) {
    for (int c = 0; c < C; c++) {
        c4_real v0 = v[c], v1 = v[in + c], v2 = v[2 * in + c], v3 = v[3 * in + c];
        c4_real v4 = v[4 * in + c], v5 = v[5 * in + c];
        c4_real sum_a = v1 + v2, diff_a = A * (v1 - v2), sum_b = v3 + v4, diff_b = B * (v3 - v4);
        d[c] = A2B2 * v0;
        d[out + c] = c4_fma(-B2, diff_a, c4_fma(-A2, diff_b, A2B2 * v5));
        d[2 * out + c] = c4_fma(-B2, sum_a, c4_fma(-A2, sum_b, -A2_PLUS_B2 * v0));
        d[3 * out + c] = c4_fma(-A2_PLUS_B2, v5, diff_a + diff_b);
        d[4 * out + c] = (v0 + sum_a) + sum_b;
        d[5 * out + c] = v5;
    }
}

/* u[6] -> Gt u [3], the adjoint of weights_1d */
static void weights_adjoint_1d(const c4_real *u, int in, c4_real *restrict g, int out) {
    for (int c = 0; c < C; c++) {
        c4_real u0 = u[c], u1 = u[in + c], u2 = u[2 * in + c], u3 = u[3 * in + c];
        c4_real u4 = u[4 * in + c], u5 = u[5 * in + c];
        c4_real sum_a = CA * (u1 + u2), diff_a = CA * (u1 - u2);
        c4_real sum_b = CB * (u3 + u4), diff_b = CB * (u3 - u4);
        g[c] = c4_fma(C0, u0, sum_a + sum_b);
        g[out + c] = c4_fma(A, diff_a, B * diff_b);
        g[2 * out + c] = c4_fma(A2, sum_a, c4_fma(B2, sum_b, u5));
    }
}

typedef void transform_1d(const c4_real *in, int in_stride, c4_real *restrict out, int out_stride);

/* in [rows_in, rows_in, 64] -> out[p * out_stride + c], p = rows_out * i + j: columns, then rows.
 * half [rows_out, rows_in, 64] is scratch. */
static void transform_2d(transform_1d *form, int rows_in, int rows_out, const c4_real *in,
                         c4_real *half, c4_real *out, int out_stride) {
    for (int j = 0; j < rows_in; j++) form(in + j * C, rows_in * C, half + j * C, rows_in * C);
    for (int i = 0; i < rows_out; i++)
        form(half + i * rows_in * C, C, out + (int64_t)i * rows_out * out_stride, out_stride);
}

void C4_REF(c4_winograd_weights)(const c4_real *w, c4_real *u) {
    for (int k = 0; k < C; k++) {
        c4_real filter[9 * C], half[WIDE * 3 * C];
        for (int tap = 0; tap < 9; tap++)
            memcpy(filter + tap * C, w + (tap * C + k) * C, C * sizeof *filter);
        transform_2d(weights_1d, 3, WIDE, filter, half, u + k * C, C * C);
    }
}

/* A slot's scratch: two groups of transformed tiles, [position][tile][64], one tile in pixels or
 * positions at either end of a transform, and one between its two 1-D forms. */
struct work {
    c4_real (*v)[GROUP][C], (*m)[GROUP][C];
    c4_real *wide, *tile, *half;
};

static struct work work_in(c4_real *scratch) {
    enum { TILES = C4_WINOGRAD_POSITIONS * GROUP * C, ONE = WIDE * WIDE * C };
    _Static_assert(2 * TILES + 3 * ONE <= C4_WINOGRAD_SCRATCH, "scratch of conv3x3.h");
    c4_real *rest = scratch + 2 * TILES;
    return (struct work){(c4_real(*)[GROUP][C])scratch, (c4_real(*)[GROUP][C])(scratch + TILES),
                         rest, rest + ONE, rest + 2 * ONE};
}

/* Where tile t of the batch lies: h and w are multiples of 4. */
struct place {
    int64_t image;
    int row, col;
};

static struct place tile_place(const struct c4_conv_shape *s, int64_t t) {
    int across = s->w / TILE, tiles = across * (s->h / TILE), rest = (int)(t % tiles);
    return (struct place){t / tiles, rest / across * TILE, rest % across * TILE};
}

static int64_t tile_count(const struct c4_conv_shape *s) {
    return (int64_t)s->n * (s->h / TILE) * (s->w / TILE);
}

/* v[p][t][c] of `count` tiles from `first` on: Bt d B of the 6x6 input patch with its zero halo. */
static void transform_input(const struct c4_conv_shape *s, const c4_real *x, int64_t first,
                            int count, const struct work *work) {
    c4_real *patch = work->tile;
    for (int t = 0; t < count; t++) {
        struct place at = tile_place(s, first + t);
        memset(patch, 0, WIDE * WIDE * C * sizeof *patch);
        for (int i = 0; i < WIDE; i++)
            for (int j = 0; j < WIDE; j++) {
                int row = at.row + i - 1, col = at.col + j - 1;
                if (row < 0 || row >= s->h || col < 0 || col >= s->w) continue;
                memcpy(patch + (i * WIDE + j) * C, x + ((at.image * s->h + row) * s->w + col) * C,
                       C * sizeof *patch);
            }
        transform_2d(input_1d, WIDE, WIDE, patch, work->half, work->v[0][t], GROUP * C);
    }
}

/* m[p][t][c] of `count` tiles: A dy At. */
static void transform_output_gradient(const struct c4_conv_shape *s, const c4_real *dy,
                                      int64_t first, int count, const struct work *work) {
    c4_real *tile = work->tile;
    for (int t = 0; t < count; t++) {
        struct place at = tile_place(s, first + t);
        for (int i = 0; i < TILE; i++)
            memcpy(tile + i * TILE * C, dy + ((at.image * s->h + at.row + i) * s->w + at.col) * C,
                   TILE * C * sizeof *tile);
        transform_2d(output_adjoint_1d, TILE, WIDE, tile, work->half, work->m[0][t], GROUP * C);
    }
}

/* out[p][t][lane] = chain over k of in[p][t][k] * u[p][k][lane] from +0. */
static void multiply(int count, c4_real (*in)[GROUP][C], const c4_real *u,
                     c4_real (*out)[GROUP][C]) {
    for (int p = 0; p < C4_WINOGRAD_POSITIONS; p++)
        for (int t = 0; t < count; t++) {
            c4_real acc[C] = {0};
            for (int k = 0; k < C; k++)
                for (int lane = 0; lane < C; lane++)
                    acc[lane] = c4_fma(in[p][t][k], u[(p * C + k) * C + lane], acc[lane]);
            memcpy(out[p][t], acc, sizeof acc);
        }
}

static int group_size(int64_t tiles, int64_t first) {
    return tiles - first < GROUP ? (int)(tiles - first) : GROUP;
}

void C4_REF(c4_conv_fwd_winograd)(const struct c4_conv_shape *s, const c4_real *x, const c4_real *u,
                                  c4_real *y, c4_real *scratch) {
    const struct work work = work_in(scratch);
    c4_real *wide = work.wide, *tile = work.tile;
    int64_t tiles = tile_count(s);
    for (int64_t first = 0; first < tiles; first += GROUP) {
        int count = group_size(tiles, first);
        transform_input(s, x, first, count, &work);
        multiply(count, work.v, u, work.m);
        for (int t = 0; t < count; t++) {
            struct place at = tile_place(s, first + t);
            for (int p = 0; p < C4_WINOGRAD_POSITIONS; p++)
                memcpy(wide + p * C, work.m[p][t], C * sizeof *wide);
            transform_2d(output_1d, WIDE, TILE, wide, work.half, tile, C);
            for (int i = 0; i < TILE; i++)
                memcpy(y + ((at.image * s->h + at.row + i) * s->w + at.col) * C,
                       tile + i * TILE * C, TILE * C * sizeof *tile);
        }
    }
}

void C4_REF(c4_conv_bwd_data_winograd)(const struct c4_conv_shape *s, const c4_real *dy,
                                       const c4_real *ut, c4_real *dx, c4_real *scratch) {
    const struct work work = work_in(scratch);
    c4_real *wide = work.wide, *patch = work.tile;
    int64_t tiles = tile_count(s);
    memset(dx, 0, (size_t)s->n * (size_t)s->h * (size_t)s->w * C * sizeof *dx);
    for (int64_t first = 0; first < tiles; first += GROUP) {
        int count = group_size(tiles, first);
        transform_output_gradient(s, dy, first, count, &work);
        multiply(count, work.m, ut, work.v);
        for (int t = 0; t < count; t++) {
            struct place at = tile_place(s, first + t);
            for (int p = 0; p < C4_WINOGRAD_POSITIONS; p++)
                memcpy(wide + p * C, work.v[p][t], C * sizeof *wide);
            transform_2d(input_adjoint_1d, WIDE, WIDE, wide, work.half, patch, C);
            for (int i = 0; i < WIDE; i++)
                for (int j = 0; j < WIDE; j++) {
                    int row = at.row + i - 1, col = at.col + j - 1;
                    if (row < 0 || row >= s->h || col < 0 || col >= s->w) continue;
                    c4_real *pixel = dx + ((at.image * s->h + row) * s->w + col) * C;
                    for (int c = 0; c < C; c++) pixel[c] += patch[(i * WIDE + j) * C + c];
                }
        }
    }
}

void C4_REF(c4_conv_bwd_weights_winograd)(const struct c4_conv_shape *s, const c4_real *x,
                                          const c4_real *dy, c4_real *du, c4_real *dw,
                                          c4_real *scratch) {
    const struct work work = work_in(scratch);
    c4_real(*v)[GROUP][C] = work.v, (*m)[GROUP][C] = work.m;
    c4_real *wide = work.wide, *filter = work.tile;
    int64_t tiles = tile_count(s);
    memset(du, 0, (size_t)C4_WINOGRAD_POSITIONS * C * C * sizeof *du);
    for (int64_t first = 0; first < tiles; first += GROUP) {
        int count = group_size(tiles, first);
        transform_input(s, x, first, count, &work);
        transform_output_gradient(s, dy, first, count, &work);
        for (int p = 0; p < C4_WINOGRAD_POSITIONS; p++)
            for (int ci = 0; ci < C; ci++) {
                c4_real *restrict row = du + ((int64_t)p * C + ci) * C;
                for (int t = 0; t < count; t++)
                    for (int co = 0; co < C; co++)
                        row[co] = c4_fma(v[p][t][ci], m[p][t][co], row[co]);
            }
    }
    for (int ci = 0; ci < C; ci++) {
        for (int p = 0; p < C4_WINOGRAD_POSITIONS; p++)
            memcpy(wide + p * C, du + ((int64_t)p * C + ci) * C, C * sizeof *wide);
        transform_2d(weights_adjoint_1d, WIDE, 3, wide, work.half, filter, C);
        for (int tap = 0; tap < 9; tap++)
            memcpy(dw + (tap * C + ci) * C, filter + tap * C, C * sizeof *dw);
    }
}
