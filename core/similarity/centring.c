#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "core/similarity/centring.h"
#include "core/similarity/shift.h"

enum { COLUMNS = 256 }; /* that a thread centres at a time, with their sums on its stack */

struct column_block {
    double largest; /* |x - mean|, or |x - shift| */
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

/* What is subtracted from a column: its mean, which a column of equal values has exactly, or the
 * shift. */
static double origin_of(const struct c4_centring *centring, size_t column, double low, double high,
                        double sum) {
    if (centring->shift) return (double)centring->shift[column];
    return low == high ? low : sum / (double)centring->features->rows;
}

static void measure_block(const struct c4_centring *centring, size_t begin, size_t end,
                          struct column_block *block) {
    const struct c4_features *x = centring->features;
    struct column_sums sums;
    size_t count = end - begin;
    bool all_finite = x->type == C4_FEATURES_FLOAT ? sum_float_columns(x, begin, count, &sums)
                                                   : sum_columns(x, begin, count, &sums);
    block->largest = 0;
    block->bad = !all_finite;
    if (block->bad) {
        find_bad(x, begin, end, block);
        return;
    }
    for (size_t c = 0; c < count; c++) {
        double low = sums.low[c], high = sums.high[c];
        double origin = origin_of(centring, begin + c, low, high, sums.sum[c]);
        double below = fabs(origin - low), above = fabs(high - origin);
        double far = below > above ? below : above;
        if (centring->mean) centring->mean[begin + c] = origin;
        if (!(far <= block->largest)) block->largest = far;
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

/* The power of two that scales `largest` to [1/2, 1), as far as the type can hold it. */
static double power_of_two(double largest, enum c4_feature_type type) {
    const int most = (type == C4_FEATURES_FLOAT ? FLT_MAX_EXP : DBL_MAX_EXP) - 1;
    int exponent;
    frexp(largest, &exponent);
    return ldexp(1.0, -exponent < most ? -exponent : most);
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

enum c4_status c4_centring_measure(struct c4_centring *centring, int threads, const char *role) {
    const struct c4_features *x = centring->features;
    size_t count = x->features / COLUMNS + (x->features % COLUMNS != 0);
    void *memory = NULL;
    double largest = 0;
    C4_TRY(c4_cka_allocate(count, sizeof(struct column_block), "column statistics", &memory));
    struct column_block *blocks = memory;
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (count > 1)
    for (size_t b = 0; b < count; b++)
        measure_block(centring, b * COLUMNS, least((b + 1) * COLUMNS, x->features), &blocks[b]);
    enum c4_status status = judge(blocks, count, x, x->name ? x->name : role, &largest);
    free(blocks);
    centring->constant = largest == 0;
    centring->scale = power_of_two(largest, centring->type);
    return status;
}

enum c4_status c4_centring_make(const struct c4_features *features, enum c4_feature_type type,
                                int threads, const char *role, struct c4_centring *centring) {
    void *memory = NULL;
    *centring = (struct c4_centring){.features = features, .type = type, .scale = 1};
    if (type == C4_FEATURES_FLOAT) {
        C4_TRY(c4_cka_allocate(features->features, sizeof(float), "the shift", &memory));
        centring->shift = memory;
        c4_shift_of(features, centring->shift);
        return C4_OK;
    }
    C4_TRY(c4_cka_allocate(features->features, sizeof(double), "column means", &memory));
    centring->mean = memory;
    return c4_centring_measure(centring, threads, role);
}

void c4_centring_free(struct c4_centring *centring) {
    free(centring->mean);
    free(centring->shift);
    centring->mean = NULL;
    centring->shift = NULL;
}

/* A product of two values is then far from a float's ends, and what underflows is 2^-50 of the
 * largest. */
bool c4_norms_are_safe(const double *squared_norms, size_t count) {
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(squared_norms[i] >= 0 && squared_norms[i] <= 0x1p80)) return false; /* or a NaN */
        if (squared_norms[i] > largest) largest = squared_norms[i];
    }
    return largest >= 0x1p-80;
}

/* A block of features into double rows. */
static void transpose_block(const struct c4_centring *centring, size_t begin, size_t end,
                            const struct c4_matrix *matrix) {
    const struct c4_features *x = centring->features;
    double *to = matrix->data;
    for (size_t c = begin; c < end; c++)
        for (size_t row = 0; row < x->rows; row++)
            to[c * matrix->stride + row] =
                (load(x, row * x->features + c) - centring->mean[c]) * centring->scale;
}

/* A panel of features: lanes of absent ones are 0. */
static void fill_panel(const struct c4_centring *centring, size_t p,
                       const struct c4_matrix *matrix) {
    enum { PANEL = C4_GRAM_PANEL };
    const struct c4_features *x = centring->features;
    const size_t count = least(PANEL, x->features - p * PANEL);
    const float scale = (float)centring->scale, *shift = centring->shift + p * PANEL,
                *from = (const float *)x->data + p * PANEL;
    float *to = c4_matrix_panel(matrix, p);
    for (size_t row = 0; row < x->rows; row++, from += x->features, to += PANEL)
        for (size_t c = 0; c < PANEL; c++) to[c] = c < count ? (from[c] - shift[c]) * scale : 0;
}

enum c4_status c4_centred_transpose(const struct c4_centring *centring, int threads,
                                    struct c4_matrix *matrix) {
    const size_t features = centring->features->features;
    C4_TRY(c4_matrix_allocate(centring->type, features, centring->features->rows, matrix));
    const size_t width = centring->type == C4_FEATURES_FLOAT ? C4_GRAM_PANEL : COLUMNS,
                 count = (features + width - 1) / width;
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (count > 1)
    for (size_t b = 0; b < count; b++)
        if (centring->type == C4_FEATURES_FLOAT)
            fill_panel(centring, b, matrix);
        else
            transpose_block(centring, b * width, least((b + 1) * width, features), matrix);
    return C4_OK;
}

void c4_strip_fill(const struct c4_centring *centring, size_t first, size_t columns, int threads,
                   struct c4_matrix *strip) {
    const struct c4_features *x = centring->features;
    const size_t end = least(first + columns, x->features);
    double *to = strip->data;
    strip->columns = end - first;
#pragma omp parallel for num_threads(threads) schedule(static) if (strip->rows > 64)
    for (size_t row = 0; row < x->rows; row++)
        for (size_t c = first; c < end; c++)
            to[row * strip->stride + c - first] =
                (load(x, row * x->features + c) - centring->mean[c]) * centring->scale;
}
