#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "core/similarity/matrix.h"

enum { COLUMNS = 256 }; /* that a thread centres at a time, with their sums on its stack */

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

/* Sums and extremes of the columns of a block. */
struct column_sums {
    double sum[COLUMNS], low[COLUMNS], high[COLUMNS];
};

/* Whether all values are finite. */
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

/* Columns begin..end - 1 of one example. The loop from float to float is vectorised. */
static void centre_row(const struct c4_features *x, size_t row, size_t begin, size_t end,
                       const double *mean, double scale, enum c4_feature_type type, void *to) {
    float *restrict f = to;
    double *restrict d = to;
    if (type == C4_FEATURES_DOUBLE) {
        for (size_t c = begin; c < end; c++)
            d[c - begin] = (load(x, row * x->features + c) - mean[c]) * scale;
    } else if (x->type == C4_FEATURES_FLOAT) {
        const float *restrict from = (const float *)x->data + row * x->features + begin;
        const double *restrict m = mean + begin;
        for (size_t c = 0; c < end - begin; c++) f[c] = (float)(((double)from[c] - m[c]) * scale);
    } else {
        for (size_t c = begin; c < end; c++)
            f[c - begin] = (float)((load(x, row * x->features + c) - mean[c]) * scale);
    }
}

static size_t value_bytes(enum c4_feature_type type) {
    return type == C4_FEATURES_FLOAT ? sizeof(float) : sizeof(double);
}

static void block_centre(const struct c4_features *x, size_t begin, size_t end, const double *mean,
                         double scale, bool transposed, const struct c4_matrix *matrix) {
    float *f = matrix->data;
    double *d = matrix->data;
    size_t bytes = value_bytes(matrix->type);
    for (size_t row = 0; !transposed && row < x->rows; row++)
        centre_row(x, row, begin, end, mean, scale, matrix->type,
                   (char *)matrix->data + (row * matrix->stride + begin) * bytes);
    for (size_t c = begin; transposed && c < end; c++)
        for (size_t row = 0; row < x->rows; row++) {
            double v = (load(x, row * x->features + c) - mean[c]) * scale;
            if (matrix->type == C4_FEATURES_FLOAT)
                f[c * matrix->stride + row] = (float)v;
            else
                d[c * matrix->stride + row] = v;
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
    return C4_OK;
}

/* The power of two that scales `largest` to [1/2, 1), as far as a double can hold it. */
static double power_of_two(double largest) {
    int exponent;
    frexp(largest, &exponent);
    return ldexp(1.0, -exponent < DBL_MAX_EXP ? -exponent : DBL_MAX_EXP - 1);
}

/* An odd number of cache lines, so that a tile's rows do not fall into the same cache sets. */
static size_t padded(size_t columns, enum c4_feature_type type) {
    size_t line = 64 / value_bytes(type), lines = (columns + line - 1) / line;
    return (lines | 1) * line;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

enum c4_status c4_centring_make(const struct c4_features *features, int threads, const char *role,
                                struct c4_centring *centring) {
    const struct c4_features *x = features;
    size_t count = (x->features + COLUMNS - 1) / COLUMNS;
    void *mean = NULL, *memory = NULL;
    double largest = 0;
    *centring = (struct c4_centring){.features = features};
    C4_TRY(c4_cka_allocate(x->features, sizeof(double), "column means", &mean));
    centring->mean = mean;
    C4_TRY(c4_cka_allocate(count, sizeof(struct column_block), "column statistics", &memory));
    struct column_block *blocks = memory;
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (count > 1)
    for (size_t b = 0; b < count; b++)
        block_means(x, b * COLUMNS, least((b + 1) * COLUMNS, x->features), mean, &blocks[b]);
    enum c4_status status = judge(blocks, count, x, x->name ? x->name : role, &largest);
    free(blocks);
    centring->constant = largest == 0;
    centring->scale = power_of_two(largest);
    return status;
}

void c4_centring_free(struct c4_centring *centring) {
    free(centring->mean);
    centring->mean = NULL;
}

enum c4_status c4_matrix_centre(const struct c4_centring *centring, enum c4_feature_type type,
                                bool transposed, int threads, struct c4_matrix *matrix) {
    const struct c4_features *x = centring->features;
    size_t count = (x->features + COLUMNS - 1) / COLUMNS;
    *matrix = (struct c4_matrix){.type = type,
                                 .rows = transposed ? x->features : x->rows,
                                 .columns = transposed ? x->rows : x->features};
    matrix->stride = padded(matrix->columns, type);
    C4_TRY(c4_cka_allocate(matrix->rows, matrix->stride * value_bytes(type), "centred features",
                           &matrix->data));
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (count > 1)
    for (size_t b = 0; b < count; b++)
        block_centre(x, b * COLUMNS, least((b + 1) * COLUMNS, x->features), centring->mean,
                     centring->scale, transposed, matrix);
    return C4_OK;
}

enum c4_status c4_strip_allocate(const struct c4_centring *centring, enum c4_feature_type type,
                                 size_t columns, struct c4_matrix *strip) {
    columns = least(columns, centring->features->features);
    *strip = (struct c4_matrix){.type = type,
                                .rows = centring->features->rows,
                                .columns = columns,
                                .stride = padded(columns, type)};
    return c4_cka_allocate(strip->rows, strip->stride * value_bytes(type), "centred features",
                           &strip->data);
}

void c4_strip_fill(const struct c4_centring *centring, size_t first, size_t columns, int threads,
                   struct c4_matrix *strip) {
    const struct c4_features *x = centring->features;
    size_t end = least(first + columns, x->features), bytes = value_bytes(strip->type);
    strip->columns = end - first;
#pragma omp parallel for num_threads(threads) schedule(static) if (strip->rows > 64)
    for (size_t row = 0; row < x->rows; row++)
        centre_row(x, row, first, end, centring->mean, centring->scale, strip->type,
                   (char *)strip->data + row * strip->stride * bytes);
}
