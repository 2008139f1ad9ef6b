#include "core/similarity/careful_form.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

enum { TILE = C4_CKA_TILE, AREA = TILE * TILE };

static double load(const struct c4_features *x, size_t at) {
    return x->type == C4_FEATURES_FLOAT ? (double)((const float *)x->data)[at]
                                        : ((const double *)x->data)[at];
}

static int compare_values(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The lower median, which is a value of the column, so that equal rows become exact zeros. */
static double median(const struct c4_features *x, size_t column, double *room) {
    for (size_t i = 0; i < x->rows; i++) room[i] = load(x, i * x->features + column);
    qsort(room, x->rows, sizeof *room, compare_values);
    return room[(x->rows - 1) / 2];
}

/* The difference of two doubles may overflow where that of the scaled values does not. */
static double shifted(double value, double origin, double scale) {
    double difference = value - origin;
    return isfinite(difference) ? difference * scale : value * scale - origin * scale;
}

static void shift_columns(const struct c4_centring *x, int threads, double *room,
                          const struct c4_matrix *rows) {
    const struct c4_features *from = x->features;
    double *to = rows->data;
#pragma omp parallel for num_threads(threads) schedule(static) if (from->features > 1)
    for (size_t c = 0; c < from->features; c++) {
        double origin = median(from, c, room + (size_t)omp_get_thread_num() * from->rows);
        for (size_t i = 0; i < from->rows; i++)
            to[i * rows->stride + c] =
                shifted(load(from, i * from->features + c), origin, x->scale);
    }
}

enum c4_status c4_careful_make(const struct c4_centring *x, int threads,
                               struct c4_careful *careful) {
    void *room;
    *careful = (struct c4_careful){0};
    C4_TRY(c4_matrix_allocate(C4_FEATURES_DOUBLE, x->features->rows, x->features->features,
                              &careful->rows));
    C4_TRY(c4_cka_allocate((size_t)threads * x->features->rows, sizeof(double), "column medians",
                           &room));
    shift_columns(x, threads, room, &careful->rows);
    free(room);
    return c4_gram_sums(&careful->rows, threads, &careful->gram);
}

enum c4_status c4_careful_of_centred(const struct c4_centred_features *centred, int threads,
                                     struct c4_careful *careful) {
    const struct c4_matrix *from = &centred->matrix;
    struct c4_matrix *rows = &careful->rows;
    *careful = (struct c4_careful){0};
    C4_TRY(c4_matrix_allocate(C4_FEATURES_DOUBLE, from->columns, from->rows, rows));
    double *to = rows->data;
    for (size_t c = 0; c < from->rows; c++)
        for (size_t i = 0; i < from->columns; i++)
            to[i * rows->stride + c] = c4_matrix_value(from, c, i);
    return c4_gram_sums(rows, threads, &careful->gram);
}

struct c4_careful c4_careful_of_gram(const struct c4_gram *gram) {
    return (struct c4_careful){.gram = *gram};
}

/* A Gram matrix and the terms common to all of its elements. */
struct centred {
    const struct c4_gram *gram;
    double off, full; /* (sum k) / ((n - 1)(n - 2)), (sum k') / n^2 */
};

static double full_row(const struct c4_gram *gram, size_t i) {
    return gram->rows[i] + gram->diagonal[i];
}

static struct centred centre(const struct c4_gram *gram) {
    double n = (double)gram->n, off = 0, full = 0;
    for (size_t i = 0; i < gram->n; i++) {
        off += gram->rows[i];
        full += full_row(gram, i);
    }
    return (struct centred){gram, off / ((n - 1) * (n - 2)), full / (n * n)};
}

/* U_ij from K_ij. */
static double u_centred(const struct centred *k, double value, size_t i, size_t j) {
    double n = (double)k->gram->n;
    return value - k->gram->rows[i] / (n - 2) - k->gram->rows[j] / (n - 2) + k->off;
}

/* (HKH)_ij from K_ij. */
static double h_centred(const struct centred *k, double value, size_t i, size_t j) {
    double n = (double)k->gram->n;
    return value - full_row(k->gram, i) / n - full_row(k->gram, j) / n + k->full;
}

/* Tile t = (i, j) of one side's Gram matrix; computed in `room` unless it is kept. */
static const double *tile_of(const struct c4_careful *x, size_t t, size_t i, size_t j,
                             double *room) {
    if (x->gram.tiles) return x->gram.tiles + t * AREA;
    c4_matrix_tile(&x->rows, i, &x->rows, j, NULL, room);
    return room;
}

/* room: two tiles. */
static struct c4_inner tile_inner(const struct c4_careful *x, const struct c4_careful *y, size_t t,
                                  const struct centred *k, const struct centred *l, double *room) {
    size_t i, j;
    c4_triangle_tile(t, &i, &j);
    const double *of_x = tile_of(x, t, i, j, room);
    const double *of_y = x == y ? of_x : tile_of(y, t, i, j, room + AREA);
    struct c4_inner sum = {0};
    for (size_t a = 0; a < c4_tile_rows(x->gram.n, i); a++)
        for (size_t b = 0; b < c4_tile_rows(x->gram.n, j); b++) {
            double ke = of_x[a * TILE + b], le = of_y[a * TILE + b];
            size_t row = i * TILE + a, column = j * TILE + b;
            sum.biased += h_centred(k, ke, row, column) * h_centred(l, le, row, column);
            if (row == column) continue;
            sum.debiased += u_centred(k, ke, row, column) * u_centred(l, le, row, column);
        }
    return sum;
}

enum c4_status c4_careful_inner(const struct c4_careful *x, const struct c4_careful *y, int threads,
                                struct c4_inner *inner) {
    size_t count = c4_triangle_count(x->gram.n);
    void *memory;
    double *room;
    C4_TRY(c4_tiles_allocate(threads, 2, &room));
    enum c4_status status = c4_cka_allocate(count, sizeof(struct c4_inner), "tile sums", &memory);
    if (status != C4_OK) {
        free(room);
        return status;
    }
    struct c4_inner *sums = memory;
    struct centred k = centre(&x->gram), l = centre(&y->gram);
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (count > 1)
    for (size_t t = 0; t < count; t++)
        sums[t] = tile_inner(x, y, t, &k, &l, c4_thread_tiles(room, 2));
    *inner = (struct c4_inner){0};
    for (size_t t = 0; t < count; t++) {
        size_t i, j;
        c4_triangle_tile(t, &i, &j);
        double weight = i == j ? 1 : 2;
        inner->biased += weight * sums[t].biased;
        inner->debiased += weight * sums[t].debiased;
    }
    free(sums);
    free(room);
    return C4_OK;
}

/* An element of U has an error of some 1e-15 |x_i| |x_j|. The elements' root mean square must be at
 * least 1e-9 of that scale, so that the error stays below 1e-6 of them. K_ii K_jj is summed over
 * pairs: the square of the sum minus the sum of squares would cancel beside an outlier. */
bool c4_careful_is_empty(const struct c4_careful *careful, const struct c4_inner *self) {
    double reach = 0, before = 0;
    for (size_t i = 0; i < careful->gram.n; i++) {
        reach += 2 * careful->gram.diagonal[i] * before;
        before += careful->gram.diagonal[i];
    }
    return !(self->debiased > 1e-18 * reach);
}

void c4_careful_free(struct c4_careful *careful) {
    c4_gram_free(&careful->gram);
    c4_matrix_free(&careful->rows);
}
