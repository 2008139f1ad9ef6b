#include "core/op/gram.h"
#include "simd/ref/ref_name.h"

enum {
    LANES = C4_GRAM_LANES,
    CHUNK = C4_GRAM_CHUNK,
    STEPS = 4,         /* features per visit to a lane, so that compilers keep it in a register */
    ROWS_IN_CACHE = 16 /* rows of y whose chunk stays in the L1 cache */
};

c4_gram_block_fn C4_REF(c4_gram_block);

/* The next STEPS features of one lane. */
static inline c4_real advance(const c4_real *x, const c4_real *y, c4_real lane) {
    lane = c4_fma(x[0 * LANES], y[0 * LANES], lane);
    lane = c4_fma(x[1 * LANES], y[1 * LANES], lane);
    lane = c4_fma(x[2 * LANES], y[2 * LANES], lane);
    return c4_fma(x[3 * LANES], y[3 * LANES], lane);
}

/* Takes the features from f on, adds the lanes, and adds the chunk's value to *gram. */
static inline void finish(size_t f, size_t count, const c4_real *restrict x,
                          const c4_real *restrict y, c4_real *restrict lane,
                          double *restrict gram) {
    for (; f + LANES <= count; f += LANES)
        for (size_t l = 0; l < LANES; l++) lane[l] = c4_fma(x[f + l], y[f + l], lane[l]);
    for (size_t l = 0; f + l < count; l++) lane[l] = c4_fma(x[f + l], y[f + l], lane[l]);
    c4_real eight[8], four[4];
    for (int l = 0; l < 8; l++) eight[l] = lane[l] + lane[l + 8];
    for (int l = 0; l < 4; l++) four[l] = eight[l] + eight[l + 4];
    *gram += (double)((four[0] + four[2]) + (four[1] + four[3]));
}

static void one(size_t count, const c4_real *restrict x, const c4_real *restrict y,
                double *restrict gram) {
    c4_real lane[LANES] = {0};
    size_t f = 0;
    for (; f + STEPS * LANES <= count; f += STEPS * LANES)
        for (size_t l = 0; l < LANES; l++) lane[l] = advance(x + f + l, y + f + l, lane[l]);
    finish(f, count, x, y, lane, gram);
}

/* Two rows of x with two of y: every value loaded is used twice. */
static void two_by_two(size_t count, const c4_real *restrict x, size_t stride_x,
                       const c4_real *restrict y, size_t stride_y, double *restrict gram,
                       size_t stride_gram) {
    c4_real lane00[LANES] = {0}, lane01[LANES] = {0}, lane10[LANES] = {0}, lane11[LANES] = {0};
    const c4_real *x1 = x + stride_x, *y1 = y + stride_y;
    size_t f = 0;
    for (; f + STEPS * LANES <= count; f += STEPS * LANES) {
        for (size_t l = 0; l < LANES; l++) {
            lane00[l] = advance(x + f + l, y + f + l, lane00[l]);
            lane01[l] = advance(x + f + l, y1 + f + l, lane01[l]);
            lane10[l] = advance(x1 + f + l, y + f + l, lane10[l]);
            lane11[l] = advance(x1 + f + l, y1 + f + l, lane11[l]);
        }
    }
    finish(f, count, x, y, lane00, gram);
    finish(f, count, x, y1, lane01, gram + 1);
    finish(f, count, x1, y, lane10, gram + stride_gram);
    finish(f, count, x1, y1, lane11, gram + stride_gram + 1);
}

/* One chunk of all rows of x with a few rows of y. */
static void panel(size_t count, const c4_real *x, const c4_real *y, size_t rows_x, size_t rows_y,
                  size_t stride_x, size_t stride_y, double *gram, size_t stride_gram) {
    size_t even_x = rows_x - rows_x % 2, even_y = rows_y - rows_y % 2;
    for (size_t i = 0; i < even_x; i += 2)
        for (size_t j = 0; j < even_y; j += 2)
            two_by_two(count, x + i * stride_x, stride_x, y + j * stride_y, stride_y,
                       gram + i * stride_gram + j, stride_gram);
    for (size_t i = 0; i < rows_x; i++)
        for (size_t j = i < even_x ? even_y : 0; j < rows_y; j++)
            one(count, x + i * stride_x, y + j * stride_y, gram + i * stride_gram + j);
}

void C4_REF(c4_gram_block)(const c4_real *x, const c4_real *y, size_t rows_x, size_t rows_y,
                           size_t features, size_t stride_x, size_t stride_y, double *gram,
                           size_t stride_gram) {
    for (size_t i = 0; i < rows_x; i++)
        for (size_t j = 0; j < rows_y; j++) gram[i * stride_gram + j] = 0;
    for (size_t f = 0; f < features; f += CHUNK) {
        size_t count = features - f < CHUNK ? features - f : CHUNK;
        for (size_t j = 0; j < rows_y; j += ROWS_IN_CACHE) {
            size_t rows = rows_y - j < ROWS_IN_CACHE ? rows_y - j : ROWS_IN_CACHE;
            panel(count, x + f, y + j * stride_y + f, rows_x, rows, stride_x, stride_y, gram + j,
                  stride_gram);
        }
    }
}
