#include "core/similarity/matrix.h"

#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/similarity/gram_double.h"

enum c4_status c4_cka_allocate(size_t count, size_t size, const char *what, void **out) {
    size_t bytes;
    *out = NULL;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX - 64)
        return c4_fail(
            C4_ERR_MEMORY,
            "out of memory: %zu x %zu bytes for %s are more than this machine can address", count,
            size, what);
    bytes = (bytes + 63) / 64 * 64;
    *out = aligned_alloc(64, bytes ? bytes : 64);
    if (!*out)
        return c4_fail(C4_ERR_MEMORY,
                       "out of memory: %zu bytes for %s; use fewer examples or more memory", bytes,
                       what);
    return C4_OK;
}

enum c4_status c4_tiles_allocate(int threads, int tiles, double **room) {
    void *memory;
    enum c4_status status =
        c4_cka_allocate((size_t)threads * (size_t)tiles, C4_CKA_TILE * C4_CKA_TILE * sizeof(double),
                        "per-thread tiles", &memory);
    *room = memory;
    return status;
}

double *c4_thread_tiles(double *room, int tiles) {
    return room + (size_t)(omp_get_thread_num() * tiles) * C4_CKA_TILE * C4_CKA_TILE;
}

void c4_matrix_free(struct c4_matrix *matrix) {
    free(matrix->data);
    matrix->data = NULL;
}

size_t c4_tile_count(size_t rows) {
    return rows / C4_CKA_TILE + (rows % C4_CKA_TILE != 0);
}

size_t c4_triangle_count(size_t rows) {
    size_t tiles = c4_tile_count(rows);
    return tiles % 2 ? (tiles + 1) / 2 * tiles : tiles / 2 * (tiles + 1);
}

void c4_triangle_tile(size_t t, size_t *i, size_t *j) {
    /* The floating-point guess of the inverse triangular number may be off by a few. */
    size_t row = (size_t)((sqrt(8 * (double)t + 1) - 1) / 2);
    while (row * (row + 1) / 2 > t) row--;
    while ((row + 1) * (row + 2) / 2 <= t) row++;
    *i = row;
    *j = t - row * (row + 1) / 2;
}

size_t c4_tile_rows(size_t rows, size_t i) {
    size_t left = rows - i * C4_CKA_TILE;
    return left < C4_CKA_TILE ? left : C4_CKA_TILE;
}

void c4_matrix_tile(const struct c4_matrix *x, size_t i, const struct c4_matrix *y, size_t j,
                    c4_gram_block_fn *gram, double *tile) {
    size_t at_x = i * C4_CKA_TILE * x->stride, at_y = j * C4_CKA_TILE * y->stride;
    size_t rows_x = c4_tile_rows(x->rows, i), rows_y = c4_tile_rows(y->rows, j);
    if (x->type == C4_FEATURES_FLOAT)
        gram((const float *)x->data + at_x, (const float *)y->data + at_y, rows_x, rows_y,
             x->columns, x->stride, y->stride, tile, C4_CKA_TILE);
    else
        c4_gram_block_double((const double *)x->data + at_x, (const double *)y->data + at_y, rows_x,
                             rows_y, x->columns, x->stride, y->stride, tile, C4_CKA_TILE);
}
