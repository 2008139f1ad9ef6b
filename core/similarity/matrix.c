#include "core/similarity/matrix.h"

#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/huge_pages.h"
#include "core/similarity/gram_double.h"

enum { TILE = C4_CKA_TILE, PANEL = C4_GRAM_PANEL, LINE_BYTES = 64 };

/* No process of today has more address space: asking an allocator for more may end the program. */
#define ADDRESSABLE_BYTES (UINT64_C(1) << 48)

enum c4_status c4_cka_allocate(size_t count, size_t size, const char *what, void **out) {
    size_t bytes;
    *out = NULL;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > ADDRESSABLE_BYTES)
        return c4_fail(
            C4_ERR_MEMORY,
            "out of memory: %zu x %zu bytes for %s are more than this machine can address", count,
            size, what);
    bytes = (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
    *out = aligned_alloc(LINE_BYTES, bytes ? bytes : LINE_BYTES);
    if (!*out)
        return c4_fail(C4_ERR_MEMORY,
                       "out of memory: %zu bytes for %s; use fewer examples or more memory", bytes,
                       what);
    c4_prefer_huge_pages(*out, bytes);
    return C4_OK;
}

enum c4_status c4_tiles_allocate(int threads, int tiles, double **room) {
    void *memory;
    enum c4_status status = c4_cka_allocate(
        (size_t)threads * (size_t)tiles, TILE * TILE * sizeof(double), "per-thread tiles", &memory);
    *room = memory;
    return status;
}

double *c4_thread_tiles(double *room, int tiles) {
    return room + (size_t)(omp_get_thread_num() * tiles) * TILE * TILE;
}

/* Rows of doubles begin an odd number of cache lines apart, so that a tile's rows do not fall into
 * the same cache sets. */
static size_t double_stride(size_t columns) {
    const size_t line = LINE_BYTES / sizeof(double), lines = (columns + line - 1) / line;
    return (lines | 1) * line;
}

enum c4_status c4_matrix_allocate(enum c4_feature_type type, size_t rows, size_t columns,
                                  struct c4_matrix *matrix) {
    *matrix = (struct c4_matrix){.type = type, .rows = rows, .columns = columns};
    if (type == C4_FEATURES_DOUBLE) {
        matrix->stride = double_stride(columns);
        return c4_cka_allocate(rows, matrix->stride * sizeof(double), "centred features",
                               &matrix->data);
    }
    if (__builtin_mul_overflow(columns, (size_t)PANEL, &matrix->stride)) matrix->stride = SIZE_MAX;
    const size_t panels = rows / PANEL + (rows % PANEL != 0);
    return c4_cka_allocate(
        panels,
        matrix->stride > SIZE_MAX / sizeof(float) ? SIZE_MAX : matrix->stride * sizeof(float),
        "packed features", &matrix->data);
}

void c4_matrix_free(struct c4_matrix *matrix) {
    free(matrix->data);
    matrix->data = NULL;
}

float *c4_matrix_panel(const struct c4_matrix *matrix, size_t p) {
    return (float *)matrix->data + p * matrix->stride;
}

size_t c4_tile_count(size_t rows) {
    return rows / TILE + (rows % TILE != 0);
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
    size_t left = rows - i * TILE;
    return left < TILE ? left : TILE;
}

void c4_matrix_tile(const struct c4_matrix *x, size_t i, const struct c4_matrix *y, size_t j,
                    c4_gram_block_fn *block, double *tile) {
    const size_t rows_x = c4_tile_rows(x->rows, i), rows_y = c4_tile_rows(y->rows, j);
    if (x->type == C4_FEATURES_DOUBLE) {
        c4_gram_block_double((const double *)x->data + i * TILE * x->stride,
                             (const double *)y->data + j * TILE * y->stride, rows_x, rows_y,
                             x->columns, x->stride, y->stride, tile, TILE);
        return;
    }
    memset(tile, 0, TILE * TILE * sizeof *tile);
    block(c4_matrix_panel(x, i * (TILE / PANEL)), c4_matrix_panel(y, j * (TILE / PANEL)), rows_x,
          (rows_y + PANEL - 1) / PANEL, x->columns, x->stride, tile, TILE, NULL);
}
