#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "core/similarity/matrix.h"

enum { COLUMNS = 1024 }; /* columns that one thread centres at a time */

struct column_block {
    double largest; /* |x - mean| */
    size_t bad_row, bad_column;
    bool bad;
};

static inline double load(const struct c4_features *x, size_t at) {
    return x->type == C4_FEATURES_FLOAT ? (double)((const float *)x->data)[at]
                                        : ((const double *)x->data)[at];
}

static inline bool finite(double v) {
    return v - v == 0;
}

static void find_bad(const struct c4_features *x, size_t begin, size_t end,
                     struct column_block *block) {
    for (size_t row = 0; row < x->rows; row++)
        for (size_t c = begin; c < end; c++)
            if (!finite(load(x, row * x->features + c))) {
                block->bad_row = row;
                block->bad_column = c;
                return;
            }
}

/* Sums and extremes of the columns of a block; whether all values are finite. */
struct column_sums {
    double sum[COLUMNS], low[COLUMNS], high[COLUMNS];
};

static bool sum_columns(const struct c4_features *x, size_t begin, size_t count,
                        struct column_sums *s) {
    bool all_finite = true;
    for (size_t c = 0; c < count; c++) {
        s->sum[c] = 0;
        s->low[c] = s->high[c] = load(x, begin + c);
    }
    for (size_t row = 0; row < x->rows; row++)
        for (size_t c = 0; c < count; c++) {
            double v = load(x, row * x->features + begin + c);
            s->sum[c] += v;
            s->low[c] = v < s->low[c] ? v : s->low[c];
            s->high[c] = v > s->high[c] ? v : s->high[c];
            all_finite &= finite(v);
        }
    return all_finite;
}

/* The same for floats, whose sum in double is finite if and only if they are. */
static bool sum_float_columns(const struct c4_features *x, size_t begin, size_t count,
                              struct column_sums *s) {
    const float *first = (const float *)x->data + begin;
    float low[COLUMNS], high[COLUMNS];
    bool all_finite = true;
    for (size_t c = 0; c < count; c++) {
        s->sum[c] = 0;
        low[c] = high[c] = first[c];
    }
    for (size_t row = 0; row < x->rows; row++) {
        const float *values = first + row * x->features;
        for (size_t c = 0; c < count; c++) {
            float v = values[c];
            s->sum[c] += (double)v;
            low[c] = v < low[c] ? v : low[c];
            high[c] = v > high[c] ? v : high[c];
        }
    }
    for (size_t c = 0; c < count; c++) {
        s->low[c] = (double)low[c];
        s->high[c] = (double)high[c];
        all_finite &= finite(s->sum[c]);
    }
    return all_finite;
}

static void block_means(const struct c4_features *x, size_t begin, size_t end, double *mean,
                        struct column_block *block) {
    struct column_sums sums;
    size_t count = end - begin;
    bool all_finite = x->type == C4_FEATURES_FLOAT ? sum_float_columns(x, begin, count, &sums)
                                                   : sum_columns(x, begin, count, &sums);
    const double *low = sums.low, *high = sums.high, *sum = sums.sum;
    block->largest = 0;
    block->bad = !all_finite;
    if (block->bad) {
        find_bad(x, begin, end, block);
        return;
    }
    for (size_t c = 0; c < count; c++) {
        double m = low[c] == high[c] ? low[c] : sum[c] / (double)x->rows;
        double below = m - low[c], above = high[c] - m;
        double far = below > above ? below : above;
        mean[begin + c] = m;
        if (!(far <= block->largest)) block->largest = far;
    }
}

/* Rows of floats to rows of floats: what the loops below do, in a form that is vectorised. */
static void centre_floats(const struct c4_features *x, size_t begin, size_t end, const double *mean,
                          double scale, const struct c4_matrix *matrix) {
    for (size_t row = 0; row < x->rows; row++) {
        const float *restrict from = (const float *)x->data + row * x->features;
        float *restrict to = (float *)matrix->data + row * matrix->stride;
        for (size_t c = begin; c < end; c++) to[c] = (float)(((double)from[c] - mean[c]) * scale);
    }
}

static void block_centre(const struct c4_features *x, size_t begin, size_t end, const double *mean,
                         double scale, bool transposed, const struct c4_matrix *matrix) {
    float *f = matrix->data;
    double *d = matrix->data;
    bool single = matrix->type == C4_FEATURES_FLOAT;
    if (single && !transposed && x->type == C4_FEATURES_FLOAT) {
        centre_floats(x, begin, end, mean, scale, matrix);
        return;
    }
    if (transposed) {
        for (size_t c = begin; c < end; c++)
            for (size_t row = 0; row < x->rows; row++) {
                double v = (load(x, row * x->features + c) - mean[c]) * scale;
                if (single)
                    f[c * matrix->stride + row] = (float)v;
                else
                    d[c * matrix->stride + row] = v;
            }
        return;
    }
    for (size_t row = 0; row < x->rows; row++)
        for (size_t c = begin; c < end; c++) {
            double v = (load(x, row * x->features + c) - mean[c]) * scale;
            if (single)
                f[row * matrix->stride + c] = (float)v;
            else
                d[row * matrix->stride + c] = v;
        }
}

/* The largest distance from a mean over all blocks, or the first bad value in row-major order. */
static enum c4_status judge(const struct column_block *blocks, size_t count,
                            const struct c4_features *x, const char *name, double *largest) {
    const struct column_block *bad = NULL;
    *largest = 0;
    for (size_t b = 0; b < count; b++) {
        if (blocks[b].bad && (!bad || blocks[b].bad_row < bad->bad_row)) bad = &blocks[b];
        if (!(blocks[b].largest <= *largest)) *largest = blocks[b].largest;
    }
    if (bad)
        return c4_fail(C4_ERR_DATA, "%s: row %zu, column %zu is %g; CKA needs finite features",
                       name, bad->bad_row, bad->bad_column,
                       load(x, bad->bad_row * x->features + bad->bad_column));
    if (!finite(*largest))
        return c4_fail(C4_ERR_DATA,
                       "%s: the values are too large to be centred in double; scale them down",
                       name);
    if (*largest == 0)
        return c4_fail(C4_ERR_DATA,
                       "%s has no variance: all %zu rows are equal, so CKA is undefined", name,
                       x->rows);
    return C4_OK;
}

/* 2^k that brings `largest` to [1/2, 1), as far as a double can hold it. */
static double power_of_two(double largest) {
    int exponent;
    frexp(largest, &exponent);
    return ldexp(1.0, -exponent < DBL_MAX_EXP ? -exponent : DBL_MAX_EXP - 1);
}

/* An odd number of cache lines, so that the rows of a tile do not fall on the same cache sets. */
static size_t padded(size_t columns, size_t value_bytes) {
    size_t line = 64 / value_bytes, lines = (columns + line - 1) / line;
    return (lines | 1) * line;
}

static enum c4_status centre(const struct c4_features *x, bool transposed, int threads,
                             const char *name, double *mean, struct column_block *blocks,
                             struct c4_matrix *matrix) {
    size_t count = (x->features + COLUMNS - 1) / COLUMNS;
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (count > 1)
    for (size_t b = 0; b < count; b++) {
        size_t end = (b + 1) * COLUMNS < x->features ? (b + 1) * COLUMNS : x->features;
        block_means(x, b * COLUMNS, end, mean, &blocks[b]);
    }
    double largest;
    C4_TRY(judge(blocks, count, x, name, &largest));
    size_t value_bytes = matrix->type == C4_FEATURES_FLOAT ? sizeof(float) : sizeof(double);
    matrix->rows = transposed ? x->features : x->rows;
    matrix->columns = transposed ? x->rows : x->features;
    matrix->stride = padded(matrix->columns, value_bytes);
    C4_TRY(c4_cka_allocate(matrix->rows, matrix->stride * value_bytes, "centred features",
                           &matrix->data));
    double scale = power_of_two(largest);
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (count > 1)
    for (size_t b = 0; b < count; b++) {
        size_t end = (b + 1) * COLUMNS < x->features ? (b + 1) * COLUMNS : x->features;
        block_centre(x, b * COLUMNS, end, mean, scale, transposed, matrix);
    }
    return C4_OK;
}

enum c4_status c4_matrix_centre(const struct c4_features *features, enum c4_feature_type type,
                                bool transposed, int threads, const char *role,
                                struct c4_matrix *matrix) {
    const char *name = features->name ? features->name : role;
    void *mean = NULL, *blocks = NULL;
    *matrix = (struct c4_matrix){.type = type};
    enum c4_status status =
        c4_cka_allocate(features->features, sizeof(double), "column means", &mean);
    if (status == C4_OK)
        status = c4_cka_allocate(features->features / COLUMNS + 1, sizeof(struct column_block),
                                 "column statistics", &blocks);
    if (status == C4_OK) status = centre(features, transposed, threads, name, mean, blocks, matrix);
    free(mean);
    free(blocks);
    return status;
}
