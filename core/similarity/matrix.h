/* Centred features, laid out for Gram blocks. */
#ifndef C4_SIMILARITY_MATRIX_H
#define C4_SIMILARITY_MATRIX_H

#include "core/cost/cka_cost.h"
#include "core/similarity/cka.h"

struct c4_matrix {
    void *data; /* float or double [rows, stride], on a 64-byte boundary */
    enum c4_feature_type type;
    size_t rows, columns, stride; /* columns <= stride; the padding is not read */
};

void c4_matrix_free(struct c4_matrix *matrix);

/* The means and the scale of centring (cka.h, step 1): the same for a whole matrix and for a strip
 * of it. */
struct c4_centring {
    const struct c4_features *features; /* borrowed */
    double *mean;                       /* [features] */
    double scale;
    bool constant; /* all rows are equal: nothing to compare */
};

/* Computes means and scale. C4_ERR_DATA: a value is not finite, or the values are too far apart to
 * centre; C4_ERR_MEMORY. `role` names features without a name. *centring must be freed in every
 * case. */
enum c4_status c4_centring_make(const struct c4_features *features, int threads, const char *role,
                                struct c4_centring *centring);
void c4_centring_free(struct c4_centring *centring);

/* Centres all of the features. A row of *matrix is one example, or with `transposed` one feature.
 * C4_ERR_MEMORY, after which *matrix needs no free. */
enum c4_status c4_matrix_centre(const struct c4_centring *centring, enum c4_feature_type type,
                                bool transposed, int threads, struct c4_matrix *matrix);

/* Room for strips of `columns` columns; a row is one example. C4_ERR_MEMORY. Release with
 * c4_matrix_free(). */
enum c4_status c4_strip_allocate(const struct c4_centring *centring, enum c4_feature_type type,
                                 size_t columns, struct c4_matrix *strip);

/* Fills *strip with the columns from `first` on, as in c4_matrix_centre(); strip->columns becomes
 * smaller at the end of the matrix. */
void c4_strip_fill(const struct c4_centring *centring, size_t first, size_t columns, int threads,
                   struct c4_matrix *strip);

/* Tiles that cover `rows` rows, and tiles of the lower triangle, diagonal included. */
size_t c4_tile_count(size_t rows);
size_t c4_triangle_count(size_t rows);

/* Tile number t of the lower triangle, in row-major order: block row *i, block column *j <= *i. */
void c4_triangle_tile(size_t t, size_t *i, size_t *j);

/* Rows in tile i of `rows` rows: C4_CKA_TILE, or fewer in the last one. */
size_t c4_tile_rows(size_t rows, size_t i);

/* tile[a * C4_CKA_TILE + b] = the inner product of row a of x's tile i and row b of y's tile j.
 * Both have the same type and number of columns. `gram` is used for float only. */
void c4_matrix_tile(const struct c4_matrix *x, size_t i, const struct c4_matrix *y, size_t j,
                    c4_gram_block_fn *gram, double *tile);

/* Room for `tiles` tiles of doubles per thread, since thread stacks may be small (OMP_STACKSIZE);
 * c4_thread_tiles() returns the calling thread's part. Release with free(). */
enum c4_status c4_tiles_allocate(int threads, int tiles, double **room);
double *c4_thread_tiles(double *room, int tiles);

/* `count` elements of `size` bytes on a 64-byte boundary; `what` completes the sentence "cannot
 * allocate 123 bytes for <what>". *out is NULL on failure. Release with free(). */
enum c4_status c4_cka_allocate(size_t count, size_t size, const char *what, void **out);

#endif
