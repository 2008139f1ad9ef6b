#include "core/similarity/feature_form.h"

#include <stdint.h>
#include <stdlib.h>

enum { TILE = C4_CKA_TILE };

struct squares {
    double centred; /* sum of (x_a . y_b - s_a t_b / n)^2 */
    double terms;   /* sum of (x_a . y_b)^2 */
};

static struct squares tile_squares(const double *tile, const double *s, const double *t,
                                   size_t rows, size_t columns, double n) {
    struct squares sum = {0, 0};
    for (size_t a = 0; a < rows; a++)
        for (size_t b = 0; b < columns; b++) {
            double term = tile[a * TILE + b], value = term - s[a] * t[b] / n;
            sum.centred += value * value;
            sum.terms += term * term;
        }
    return sum;
}

/* |X'Y|^2. The product is symmetric if x and y are the same side. */
static enum c4_status squared_norm(const struct c4_centred_features *x,
                                   const struct c4_centred_features *y, c4_gram_block_fn *block,
                                   int threads, struct squares *norm) {
    bool symmetric = x == y;
    size_t across = c4_tile_count(y->matrix.rows), count;
    void *memory;
    if (symmetric)
        count = c4_triangle_count(x->matrix.rows);
    else if (__builtin_mul_overflow(c4_tile_count(x->matrix.rows), across, &count))
        count = SIZE_MAX; /* cannot be allocated either */
    double *room;
    C4_TRY(c4_tiles_allocate(threads, 1, &room));
    enum c4_status status = c4_cka_allocate(count, sizeof(struct squares), "tile sums", &memory);
    if (status != C4_OK) {
        free(room);
        return status;
    }
    struct squares *squares = memory;
    double n = (double)x->matrix.columns;
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (count > 1)
    for (size_t t = 0; t < count; t++) {
        double *tile = c4_thread_tiles(room, 1);
        size_t i = t / across, j = t % across;
        if (symmetric) c4_triangle_tile(t, &i, &j);
        c4_matrix_tile(&x->matrix, i, &y->matrix, j, block, tile);
        squares[t] =
            tile_squares(tile, x->sums + i * TILE, y->sums + j * TILE,
                         c4_tile_rows(x->matrix.rows, i), c4_tile_rows(y->matrix.rows, j), n);
        if (!symmetric || i == j) continue;
        squares[t].centred *= 2;
        squares[t].terms *= 2;
    }
    *norm = (struct squares){0, 0};
    for (size_t t = 0; t < count; t++) {
        norm->centred += squares[t].centred;
        norm->terms += squares[t].terms;
    }
    free(squares);
    free(room);
    return C4_OK;
}

static struct c4_inner inner_of(const struct c4_centred_features *x,
                                const struct c4_centred_features *y, struct squares norm) {
    double n = (double)x->matrix.columns, products = 0, sum_x = 0, sum_y = 0;
    for (size_t i = 0; i < x->matrix.columns; i++) {
        products += x->squared_norms[i] * y->squared_norms[i];
        sum_x += x->squared_norms[i];
        sum_y += y->squared_norms[i];
    }
    double debiased = norm.centred - n / (n - 2) * products + sum_x * sum_y / ((n - 1) * (n - 2));
    return (struct c4_inner){
        .biased = norm.centred, .debiased = debiased, .terms = x == y ? norm.terms : 0};
}

static void sums_and_squared_norms(struct c4_centred_features *centred, int threads) {
    const struct c4_matrix *m = &centred->matrix;
    double n = (double)m->columns;
#pragma omp parallel for num_threads(threads) schedule(static) if (m->rows > 64)
    for (size_t j = 0; j < m->rows; j++) {
        double sum = 0;
        for (size_t i = 0; i < m->columns; i++) sum += c4_matrix_value(m, j, i);
        centred->sums[j] = sum;
    }
    for (size_t i = 0; i < m->columns; i++) centred->squared_norms[i] = 0;
    for (size_t j = 0; j < m->rows; j++)
        for (size_t i = 0; i < m->columns; i++) {
            double value = c4_matrix_value(m, j, i) - centred->sums[j] / n;
            centred->squared_norms[i] += value * value;
        }
}

enum c4_status c4_centred_features_sum(struct c4_centred_features *centred, int threads) {
    void *sums, *squared_norms;
    centred->sums = centred->squared_norms = NULL;
    C4_TRY(c4_cka_allocate(centred->matrix.rows, sizeof(double), "feature sums", &sums));
    centred->sums = sums;
    C4_TRY(
        c4_cka_allocate(centred->matrix.columns, sizeof(double), "squared norms", &squared_norms));
    centred->squared_norms = squared_norms;
    sums_and_squared_norms(centred, threads);
    return C4_OK;
}

enum c4_status c4_centred_features_self(struct c4_centred_features *centred,
                                        c4_gram_block_fn *block, int threads) {
    struct squares norm;
    C4_TRY(squared_norm(centred, centred, block, threads, &norm));
    centred->self = inner_of(centred, centred, norm);
    return C4_OK;
}

enum c4_status c4_centred_features_inner(const struct c4_centred_features *x,
                                         const struct c4_centred_features *y,
                                         c4_gram_block_fn *block, int threads,
                                         struct c4_inner *inner) {
    struct squares norm;
    C4_TRY(squared_norm(x, y, block, threads, &norm));
    *inner = inner_of(x, y, norm);
    return C4_OK;
}

void c4_centred_features_free(struct c4_centred_features *centred) {
    free(centred->sums);
    free(centred->squared_norms);
    centred->sums = centred->squared_norms = NULL;
}
