/* Shifted or centred features, laid out for products of rows. */
#ifndef C4_SIMILARITY_MATRIX_H
#define C4_SIMILARITY_MATRIX_H

#include "core/cost/cka_cost.h"
#include "core/similarity/cka.h"

/* Double: rows of `columns` values, `stride` apart. Float: panels of 16 rows (core/op/gram.h),
 * `stride` apart. Both on a 64-byte boundary; padding is not read. */
struct c4_matrix {
    void *data;
    enum c4_feature_type type;
    size_t rows, columns, stride;
};

/* Room for a matrix. C4_ERR_MEMORY, after which it needs no free. */
enum c4_status c4_matrix_allocate(enum c4_feature_type type, size_t rows, size_t columns,
                                  struct c4_matrix *matrix);
void c4_matrix_free(struct c4_matrix *matrix);

/* Panel number p of a float matrix. */
float *c4_matrix_panel(const struct c4_matrix *matrix, size_t p);

/* Element `column` of a row. */
static inline double c4_matrix_value(const struct c4_matrix *m, size_t row, size_t column) {
    if (m->type == C4_FEATURES_DOUBLE) return ((const double *)m->data)[row * m->stride + column];
    return (double)((const float *)m->data)[row / C4_GRAM_PANEL * m->stride +
                                            column * C4_GRAM_PANEL + row % C4_GRAM_PANEL];
}

/* Tiles that cover `rows` rows, and tiles of the lower triangle, diagonal included. */
size_t c4_tile_count(size_t rows);
size_t c4_triangle_count(size_t rows);

/* Tile number t of the lower triangle, in row-major order: block row *i, block column *j <= *i. */
void c4_triangle_tile(size_t t, size_t *i, size_t *j);

/* Rows in tile i of `rows` rows: C4_CKA_TILE, or fewer in the last one. */
size_t c4_tile_rows(size_t rows, size_t i);

/* tile[a * C4_CKA_TILE + b] = the inner product of row a of x's tile i and row b of y's tile j.
 * Both have the same type, number of columns and stride. `block` is used for float only. */
void c4_matrix_tile(const struct c4_matrix *x, size_t i, const struct c4_matrix *y, size_t j,
                    c4_gram_block_fn *block, double *tile);

/* Room for `tiles` tiles of doubles per thread, since thread stacks may be small (OMP_STACKSIZE);
 * c4_thread_tiles() returns the calling thread's part. Release with free(). */
enum c4_status c4_tiles_allocate(int threads, int tiles, double **room);
double *c4_thread_tiles(double *room, int tiles);

/* `count` elements of `size` bytes on a 64-byte boundary, on huge pages where they fill some and
 * the system has them; `what` completes the sentence "cannot allocate 123 bytes for <what>". *out
 * is NULL on failure. Release with free(). */
enum c4_status c4_cka_allocate(size_t count, size_t size, const char *what, void **out);

#endif
