/* Gram blocks: sixteen logical lanes on every machine (core/op/gram.h). */
#ifndef C4_SIMD_BODY_GRAM_H
#define C4_SIMD_BODY_GRAM_H

#include "core/op/gram.h"
#include "simd/body/body.h"

/* Vectors per sixteen lanes, the tile of rows whose chains stay in registers, and the rows of y
 * whose chunk stays in the L1 cache meanwhile. */
enum { GRAM_PARTS = C4_GRAM_LANES / VF_LANES, GRAM_TILE = 4, GRAM_ROWS_IN_CACHE = 16 };

struct gram_tile {
    const float *x[GRAM_TILE], *y[GRAM_TILE]; /* rows, from the chunk's first feature on */
    bool x_ahead, y_ahead; /* prefetch the next chunk of these rows, which are pages apart */
};

/* lane[4 * i + j][part] = the chains of x[i] with y[j] over one chunk, one vector of the lanes. */
INLINE void gram_chains(int x_rows, const struct gram_tile *tile, int count, int part,
                        vf lane[GRAM_TILE * GRAM_TILE][GRAM_PARTS]) {
    vf acc[GRAM_TILE][GRAM_TILE];
    UNROLL for (int i = 0; i < x_rows; i++) UNROLL for (int j = 0; j < GRAM_TILE; j++) acc[i][j] =
        vf_zero();
    int f = part * VF_LANES;
    for (; f + VF_LANES <= count; f += C4_GRAM_LANES) {
        vf x[GRAM_TILE];
        if (tile->x_ahead)
            UNROLL for (int i = 0; i < x_rows; i++) vf_prefetch(tile->x[i] + f + C4_GRAM_CHUNK);
        if (tile->y_ahead)
            UNROLL for (int j = 0; j < GRAM_TILE; j++) vf_prefetch(tile->y[j] + f + C4_GRAM_CHUNK);
        UNROLL for (int i = 0; i < x_rows; i++) x[i] = vf_loadu(tile->x[i] + f);
        UNROLL for (int j = 0; j < GRAM_TILE; j++) {
            vf y = vf_loadu(tile->y[j] + f);
            UNROLL for (int i = 0; i < x_rows; i++) acc[i][j] = vf_fma(x[i], y, acc[i][j]);
        }
    }
    if (f < count) { /* lanes beyond the end add nothing, not even a zero */
        const vm some = vm_first(count - f);
        UNROLL for (int j = 0; j < GRAM_TILE; j++) {
            vf y = vf_load_first(tile->y[j] + f, count - f);
            UNROLL for (int i = 0; i < x_rows; i++) {
                vf x = vf_load_first(tile->x[i] + f, count - f);
                acc[i][j] = vf_select(some, vf_fma(x, y, acc[i][j]), acc[i][j]);
            }
        }
    }
    UNROLL for (int i = 0; i < x_rows; i++) UNROLL for (int j = 0; j < GRAM_TILE; j++)
        lane[i * GRAM_TILE + j][part] = acc[i][j];
}

/* Adds the chunk's values of `rows_x` by `rows_y` elements to gram. */
static void gram_tile(const struct gram_tile *tile, int count, int rows_x, int rows_y, double *gram,
                      size_t stride) {
    vf lane[GRAM_TILE * GRAM_TILE][GRAM_PARTS];
    UNROLL for (int part = 0; part < GRAM_PARTS; part++)
        UNROLL for (int i = 0; i < GRAM_TILE; i += GRAM_X) {
        struct gram_tile some = *tile;
        UNROLL for (int k = 0; k < GRAM_X; k++) some.x[k] = tile->x[i + k];
        gram_chains(GRAM_X, &some, count, part, lane + i * GRAM_TILE);
    }
    float sums[GRAM_TILE * GRAM_TILE];
    v16_sums(lane, sums);
    if (rows_x == GRAM_TILE && rows_y == GRAM_TILE) {
        UNROLL for (int i = 0; i < GRAM_TILE; i++, gram += stride)
            UNROLL for (int j = 0; j < GRAM_TILE; j++) gram[j] += (double)sums[i * GRAM_TILE + j];
        return;
    }
    for (int i = 0; i < rows_x; i++, gram += stride)
        for (int j = 0; j < rows_y; j++) gram[j] += (double)sums[i * GRAM_TILE + j];
}

static int gram_some(size_t left) {
    return left < GRAM_TILE ? (int)left : GRAM_TILE;
}

/* One chunk of all rows of x with a few rows of y. */
static void gram_panel(int count, const float *x, const float *y, size_t rows_x, size_t rows_y,
                       size_t stride_x, size_t stride_y, bool first, double *gram, size_t stride) {
    for (size_t i = 0; i < rows_x; i += GRAM_TILE)
        for (size_t j = 0; j < rows_y; j += GRAM_TILE) {
            int some_x = gram_some(rows_x - i), some_y = gram_some(rows_y - j);
            struct gram_tile tile = {.x_ahead = first && j == 0, .y_ahead = i == 0};
            for (int k = 0; k < GRAM_TILE; k++) { /* absent rows repeat the last one */
                tile.x[k] = x + (i + (size_t)(k < some_x ? k : some_x - 1)) * stride_x;
                tile.y[k] = y + (j + (size_t)(k < some_y ? k : some_y - 1)) * stride_y;
            }
            gram_tile(&tile, count, some_x, some_y, gram + i * stride + j, stride);
        }
}

static void gram_block(const float *x, const float *y, size_t rows_x, size_t rows_y,
                       size_t features, size_t stride_x, size_t stride_y, double *gram,
                       size_t stride) {
    for (size_t i = 0; i < rows_x; i++)
        for (size_t j = 0; j < rows_y; j++) gram[i * stride + j] = 0;
    for (size_t f = 0; f < features; f += C4_GRAM_CHUNK) {
        int count = features - f < C4_GRAM_CHUNK ? (int)(features - f) : C4_GRAM_CHUNK;
        for (size_t j = 0; j < rows_y; j += GRAM_ROWS_IN_CACHE) {
            size_t some = rows_y - j < GRAM_ROWS_IN_CACHE ? rows_y - j : GRAM_ROWS_IN_CACHE;
            gram_panel(count, x + f, y + j * stride_y + f, rows_x, some, stride_x, stride_y, j == 0,
                       gram + j, stride);
        }
    }
}

#endif
