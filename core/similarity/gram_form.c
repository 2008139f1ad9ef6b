#include "core/similarity/gram_form.h"

#include <stdlib.h>
#include <string.h>

enum { TILE = C4_CKA_TILE, AREA = TILE * TILE };
enum { CHUNK = C4_GRAM_CHUNK, STRIP = 4 * CHUNK }; /* columns centred at a time */

/* The sums of one tile. Threads fill them in any order; one thread adds them in tile order. */
struct tile_sums {
    double squares, products; /* without the diagonal of the matrix */
    double row[TILE], column[TILE];
};

static void fold_tile(const double *tile, const double *other, size_t rows, size_t columns,
                      bool diagonal_tile, struct tile_sums *sums) {
    memset(sums, 0, sizeof *sums);
    for (size_t a = 0; a < rows; a++)
        for (size_t b = 0; b < columns; b++) {
            if (diagonal_tile && a == b) continue;
            double value = tile[a * TILE + b];
            sums->squares += value * value;
            if (other) sums->products += value * other[a * TILE + b];
            sums->row[a] += value;
            sums->column[b] += value;
        }
}

static void add_tile(const struct tile_sums *sums, size_t i, size_t j, struct c4_gram *gram,
                     double *products) {
    double weight = i == j ? 1 : 2;
    gram->squares += weight * sums->squares;
    *products += weight * sums->products;
    for (size_t a = 0; a < c4_tile_rows(gram->n, i); a++) gram->rows[i * TILE + a] += sums->row[a];
    if (i == j) return;
    for (size_t b = 0; b < c4_tile_rows(gram->n, j); b++)
        gram->rows[j * TILE + b] += sums->column[b];
}

/* Adds all tiles' sums in tile order; returns the sum of products. */
static double add_tiles(const struct tile_sums *sums, struct c4_gram *gram) {
    double products = 0;
    gram->squares = 0;
    memset(gram->rows, 0, gram->n * sizeof *gram->rows);
    for (size_t t = 0; t < c4_triangle_count(gram->n); t++) {
        size_t i, j;
        c4_triangle_tile(t, &i, &j);
        add_tile(&sums[t], i, j, gram, &products);
    }
    return products;
}

static void take_diagonal(const double *tile, size_t i, struct c4_gram *gram) {
    for (size_t a = 0; a < c4_tile_rows(gram->n, i); a++)
        gram->diagonal[i * TILE + a] = tile[a * TILE + a];
}

/* room: one tile per thread. */
static void make(const struct c4_matrix *x, c4_gram_block_fn *block, int threads,
                 const struct c4_gram *other, double *room, struct c4_gram *gram,
                 struct tile_sums *sums, double *products) {
    size_t count = c4_triangle_count(gram->n);
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (count > 1)
    for (size_t t = 0; t < count; t++) {
        size_t i, j;
        c4_triangle_tile(t, &i, &j);
        size_t rows = c4_tile_rows(gram->n, i), columns = c4_tile_rows(gram->n, j);
        double *tile = gram->tiles ? gram->tiles + t * AREA : c4_thread_tiles(room, 1);
        c4_matrix_tile(x, i, x, j, block, tile);
        fold_tile(tile, other ? other->tiles + t * AREA : NULL, rows, columns, i == j, &sums[t]);
        if (i == j) take_diagonal(tile, i, gram);
    }
    *products = add_tiles(sums, gram);
}

/* What computing a Gram matrix needs besides it; `room` is one tile per thread. */
struct workspace {
    struct tile_sums *sums;
    double *room;
};

static void free_workspace(struct workspace *work) {
    free(work->sums);
    free(work->room);
}

/* Allocates a Gram matrix, its tiles only if they are kept, and a workspace. Both must be freed
 * even after a failure. */
static enum c4_status allocate(size_t n, bool keep, int threads, struct c4_gram *gram,
                               struct workspace *work) {
    size_t count = c4_triangle_count(n);
    void *rows, *diagonal, *tiles = NULL, *memory;
    *gram = (struct c4_gram){.n = n};
    *work = (struct workspace){0};
    C4_TRY(c4_tiles_allocate(threads, 1, &work->room));
    C4_TRY(c4_cka_allocate(n, sizeof(double), "the row sums of a Gram matrix", &rows));
    gram->rows = rows;
    C4_TRY(c4_cka_allocate(n, sizeof(double), "the diagonal of a Gram matrix", &diagonal));
    gram->diagonal = diagonal;
    if (keep) C4_TRY(c4_cka_allocate(count, AREA * sizeof(double), "a Gram matrix", &tiles));
    gram->tiles = tiles;
    C4_TRY(c4_cka_allocate(count, sizeof(struct tile_sums), "the tile sums of a Gram matrix",
                           &memory));
    work->sums = memory;
    return C4_OK;
}

static enum c4_status make_in(const struct c4_matrix *x, c4_gram_block_fn *block, int threads,
                              const struct c4_gram *other, bool keep, struct c4_gram *gram,
                              double *products) {
    struct workspace work;
    enum c4_status status = allocate(x->rows, keep, threads, gram, &work);
    if (status == C4_OK) make(x, block, threads, other, work.room, gram, work.sums, products);
    free_workspace(&work);
    return status;
}

enum c4_status c4_gram_sums(const struct c4_matrix *x, c4_gram_block_fn *block, int threads,
                            struct c4_gram *gram) {
    double none;
    return make_in(x, block, threads, NULL, false, gram, &none);
}

enum c4_status c4_gram_make(const struct c4_matrix *x, c4_gram_block_fn *block, int threads,
                            const struct c4_gram *other, struct c4_gram *gram, double *products) {
    return make_in(x, block, threads, other, !other, gram, products);
}

/* Adds a strip's products to a tile, chunk by chunk, each computed in `scratch`; the very first
 * chunk is computed in the tile itself. */
static void add_strip(const struct c4_matrix *strip, size_t i, size_t j, c4_gram_block_fn *block,
                      bool first, double *scratch, double *tile) {
    size_t bytes = strip->type == C4_FEATURES_FLOAT ? sizeof(float) : sizeof(double);
    size_t rows = c4_tile_rows(strip->rows, i), columns = c4_tile_rows(strip->rows, j);
    for (size_t f = 0; f < strip->columns; f += CHUNK) {
        struct c4_matrix chunk = *strip;
        chunk.data = (char *)strip->data + f * bytes;
        chunk.columns = strip->columns - f < CHUNK ? strip->columns - f : CHUNK;
        bool is_tile = first && f == 0;
        c4_matrix_tile(&chunk, i, &chunk, j, block, is_tile ? tile : scratch);
        for (size_t a = 0; !is_tile && a < rows; a++)
            for (size_t b = 0; b < columns; b++) tile[a * TILE + b] += scratch[a * TILE + b];
    }
}

enum c4_status c4_gram_of(const struct c4_centring *x, enum c4_feature_type type,
                          c4_gram_block_fn *block, int threads, struct c4_gram *gram) {
    size_t n = x->features->rows, count = c4_triangle_count(n);
    struct workspace work;
    struct c4_matrix strip = {0};
    enum c4_status status = allocate(n, true, threads, gram, &work);
    if (status == C4_OK) status = c4_strip_allocate(x, type, STRIP, &strip);
    for (size_t f = 0; status == C4_OK && f < x->features->features; f += STRIP) {
        c4_strip_fill(x, f, STRIP, threads, &strip);
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (count > 1)
        for (size_t t = 0; t < count; t++) {
            size_t i, j;
            c4_triangle_tile(t, &i, &j);
            add_strip(&strip, i, j, block, f == 0, c4_thread_tiles(work.room, 1),
                      gram->tiles + t * AREA);
        }
    }
    c4_matrix_free(&strip);
    for (size_t t = 0; status == C4_OK && t < count; t++) {
        size_t i, j;
        c4_triangle_tile(t, &i, &j);
        const double *tile = gram->tiles + t * AREA;
        fold_tile(tile, NULL, c4_tile_rows(n, i), c4_tile_rows(n, j), i == j, &work.sums[t]);
        if (i == j) take_diagonal(tile, i, gram);
    }
    if (status == C4_OK) add_tiles(work.sums, gram);
    free_workspace(&work);
    return status;
}

double c4_gram_products(const struct c4_gram *k, const struct c4_gram *l) {
    double products = 0;
    for (size_t t = 0; t < c4_triangle_count(k->n); t++) {
        const double *mine = l->tiles + t * AREA, *other = k->tiles + t * AREA;
        size_t i, j;
        c4_triangle_tile(t, &i, &j);
        double sum = 0;
        for (size_t a = 0; a < c4_tile_rows(k->n, i); a++)
            for (size_t b = 0; b < c4_tile_rows(k->n, j); b++)
                if (i != j || a != b) sum += mine[a * TILE + b] * other[a * TILE + b];
        products += (i == j ? 1 : 2) * sum;
    }
    return products;
}

struct c4_inner c4_gram_inner(const struct c4_gram *k, const struct c4_gram *l, double products) {
    double n = (double)k->n;
    double diagonals = 0;                         /* sum K_ii L_ii */
    double off_k = 0, off_l = 0, off_rows = 0;    /* sums of k_i, l_i, k_i l_i */
    double full_k = 0, full_l = 0, full_rows = 0; /* the same with the diagonal */
    for (size_t i = 0; i < k->n; i++) {
        double ki = k->rows[i], li = l->rows[i];
        double full_ki = ki + k->diagonal[i], full_li = li + l->diagonal[i];
        diagonals += k->diagonal[i] * l->diagonal[i];
        off_k += ki;
        off_l += li;
        off_rows += ki * li;
        full_k += full_ki;
        full_l += full_li;
        full_rows += full_ki * full_li;
    }
    struct c4_inner inner;
    inner.biased = (products + diagonals) - 2 / n * full_rows + full_k * full_l / (n * n);
    inner.debiased = products + off_k * off_l / ((n - 1) * (n - 2)) - 2 / (n - 2) * off_rows;
    return inner;
}

void c4_gram_free(struct c4_gram *gram) {
    free(gram->tiles);
    free(gram->rows);
    free(gram->diagonal);
    *gram = (struct c4_gram){0};
}
