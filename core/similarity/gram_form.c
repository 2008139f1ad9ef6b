#include "core/similarity/gram_form.h"

#include <stdlib.h>
#include <string.h>

#include "core/similarity/gram_double.h"

enum { TILE = C4_CKA_TILE, AREA = TILE * TILE, LANES = C4_CKA_LANES };
enum { STRIP = 4 * C4_GRAM_CHUNK }; /* columns of double features that are centred at a time */

_Static_assert(TILE % LANES == 0, "a row of a tile is whole groups of lanes");

/* --- tiles --- */

enum c4_status c4_gram_tiles_allocate(size_t n, double **tiles) {
    void *memory;
    enum c4_status status =
        c4_cka_allocate(c4_triangle_count(n), AREA * sizeof(double), "a Gram matrix", &memory);
    *tiles = memory;
    return status;
}

/* Adds a strip's products to a tile, chunk by chunk, each computed in `scratch`; the very first
 * chunk is computed in the tile itself. */
static void add_strip(const struct c4_matrix *strip, size_t i, size_t j, bool first,
                      double *scratch, double *tile) {
    size_t rows = c4_tile_rows(strip->rows, i), columns = c4_tile_rows(strip->rows, j);
    for (size_t f = 0; f < strip->columns; f += C4_GRAM_CHUNK) {
        struct c4_matrix chunk = *strip;
        chunk.data = (double *)strip->data + f;
        chunk.columns = strip->columns - f < C4_GRAM_CHUNK ? strip->columns - f : C4_GRAM_CHUNK;
        bool is_tile = first && f == 0;
        c4_matrix_tile(&chunk, i, &chunk, j, NULL, is_tile ? tile : scratch);
        for (size_t a = 0; !is_tile && a < rows; a++)
            for (size_t b = 0; b < columns; b++) tile[a * TILE + b] += scratch[a * TILE + b];
    }
}

enum c4_status c4_gram_double_product(const struct c4_centring *x, int threads, double *tiles) {
    size_t n = x->features->rows, columns = x->features->features, count = c4_triangle_count(n);
    struct c4_matrix strip;
    double *room;
    C4_TRY(c4_tiles_allocate(threads, 1, &room));
    enum c4_status status =
        c4_matrix_allocate(C4_FEATURES_DOUBLE, n, columns < STRIP ? columns : STRIP, &strip);
    for (size_t f = 0; status == C4_OK && f < columns; f += STRIP) {
        c4_strip_fill(x, f, STRIP, threads, &strip);
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (count > 1)
        for (size_t t = 0; t < count; t++) {
            size_t i, j;
            c4_triangle_tile(t, &i, &j);
            add_strip(&strip, i, j, f == 0, c4_thread_tiles(room, 1), tiles + t * AREA);
        }
    }
    c4_matrix_free(&strip);
    free(room);
    return status;
}

void c4_gram_diagonal(const double *tiles, size_t n, double *diagonal) {
    for (size_t i = 0; i < n; i++) {
        const size_t tile = i / TILE, at = i % TILE;
        diagonal[i] = tiles[(tile * (tile + 1) / 2 + tile) * AREA + at * TILE + at];
    }
}

/* --- sums of one Gram matrix --- */

/* The sums of one tile. Threads fill them in any order; one thread adds them in tile order. */
struct tile_sums {
    double squares; /* without the diagonal of the matrix */
    double row[TILE], column[TILE];
};

/* Row a of a tile as it counts: without the diagonal of the matrix and what lies beyond its end,
 * for which zeros stand. Copied to `room` only where that makes a difference. */
static const double *counted_row(const double *tile, size_t a, size_t columns, bool diagonal,
                                 double room[TILE]) {
    const double *row = tile + a * TILE;
    if (columns == TILE && !diagonal) return row;
    for (size_t b = 0; b < TILE; b++) room[b] = b < columns && !(diagonal && a == b) ? row[b] : 0;
    return room;
}

/* Lanes l += l + 4, + 2, + 1. */
static double add_lanes(double lane[LANES]) {
    for (size_t width = LANES / 2; width > 0; width /= 2)
        for (size_t l = 0; l < width; l++) lane[l] += lane[l + width];
    return lane[0];
}

static void sum_tile(const double *tile, size_t rows, size_t columns, bool diagonal,
                     struct tile_sums *sums) {
    double room[TILE], squares[LANES] = {0};
    memset(sums, 0, sizeof *sums);
    for (size_t a = 0; a < rows; a++) {
        const double *restrict row = counted_row(tile, a, columns, diagonal, room);
        double sum[LANES] = {0};
        for (size_t b = 0; b < TILE; b += LANES)
            for (size_t l = 0; l < LANES; l++) {
                squares[l] += row[b + l] * row[b + l];
                sum[l] += row[b + l];
                sums->column[b + l] += row[b + l];
            }
        sums->row[a] = add_lanes(sum);
    }
    sums->squares = add_lanes(squares);
}

static void add_tile(const struct tile_sums *sums, size_t i, size_t j, struct c4_gram *gram) {
    gram->squares += (i == j ? 1 : 2) * sums->squares;
    for (size_t a = 0; a < c4_tile_rows(gram->n, i); a++) gram->rows[i * TILE + a] += sums->row[a];
    if (i == j) return;
    for (size_t b = 0; b < c4_tile_rows(gram->n, j); b++)
        gram->rows[j * TILE + b] += sums->column[b];
}

/* Adds all tiles' sums in tile order. */
static void add_tiles(const struct tile_sums *sums, struct c4_gram *gram) {
    gram->squares = 0;
    memset(gram->rows, 0, gram->n * sizeof *gram->rows);
    for (size_t t = 0; t < c4_triangle_count(gram->n); t++) {
        size_t i, j;
        c4_triangle_tile(t, &i, &j);
        add_tile(&sums[t], i, j, gram);
    }
}

/* Both must be freed even after a failure. */
static enum c4_status allocate(size_t n, struct c4_gram *gram, struct tile_sums **sums) {
    void *memory;
    *gram = (struct c4_gram){.n = n};
    *sums = NULL;
    C4_TRY(c4_cka_allocate(n, sizeof(double), "the row sums of a Gram matrix", &memory));
    gram->rows = memory;
    C4_TRY(c4_cka_allocate(n, sizeof(double), "the diagonal of a Gram matrix", &memory));
    gram->diagonal = memory;
    C4_TRY(c4_cka_allocate(c4_triangle_count(n), sizeof(struct tile_sums),
                           "the tile sums of a Gram matrix", &memory));
    *sums = memory;
    return C4_OK;
}

enum c4_status c4_gram_leading(const double *tiles, size_t n, int threads, struct c4_gram *gram) {
    size_t count = c4_triangle_count(n);
    struct tile_sums *sums;
    enum c4_status status = allocate(n, gram, &sums);
    gram->tiles = tiles;
    if (status == C4_OK) {
#pragma omp parallel for num_threads(threads) schedule(dynamic, 16) if (count > 64)
        for (size_t t = 0; t < count; t++) {
            size_t i, j;
            c4_triangle_tile(t, &i, &j);
            sum_tile(tiles + t * AREA, c4_tile_rows(n, i), c4_tile_rows(n, j), i == j, &sums[t]);
        }
        c4_gram_diagonal(tiles, n, gram->diagonal);
        add_tiles(sums, gram);
    }
    free(sums);
    return status;
}

static void take_diagonal(const double *tile, size_t i, struct c4_gram *gram) {
    for (size_t a = 0; a < c4_tile_rows(gram->n, i); a++)
        gram->diagonal[i * TILE + a] = tile[a * TILE + a];
}

enum c4_status c4_gram_sums(const struct c4_matrix *rows, int threads, struct c4_gram *gram) {
    size_t n = rows->rows, count = c4_triangle_count(n);
    struct tile_sums *sums;
    double *room = NULL;
    enum c4_status status = allocate(n, gram, &sums);
    if (status == C4_OK) status = c4_tiles_allocate(threads, 1, &room);
    if (status == C4_OK) {
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (count > 1)
        for (size_t t = 0; t < count; t++) {
            size_t i, j;
            c4_triangle_tile(t, &i, &j);
            double *tile = c4_thread_tiles(room, 1);
            c4_matrix_tile(rows, i, rows, j, NULL, tile);
            sum_tile(tile, c4_tile_rows(n, i), c4_tile_rows(n, j), i == j, &sums[t]);
            if (i == j) take_diagonal(tile, i, gram);
        }
        add_tiles(sums, gram);
    }
    free(sums);
    free(room);
    return status;
}

/* --- inner products of two --- */

static double tile_products(const double *x, const double *y, size_t rows, size_t columns,
                            bool diagonal) {
    double room_x[TILE], room_y[TILE], lane[LANES] = {0};
    for (size_t a = 0; a < rows; a++) {
        const double *k = counted_row(x, a, columns, diagonal, room_x);
        const double *l = counted_row(y, a, columns, diagonal, room_y);
        for (size_t b = 0; b < TILE; b += LANES)
            for (size_t i = 0; i < LANES; i++) lane[i] += k[b + i] * l[b + i];
    }
    return add_lanes(lane);
}

enum c4_status c4_gram_products(const struct c4_gram *k, const struct c4_gram *l, int threads,
                                double *products) {
    size_t n = k->n, count = c4_triangle_count(n);
    void *memory;
    C4_TRY(c4_cka_allocate(count, sizeof(double), "the tile sums of two Gram matrices", &memory));
    double *sums = memory;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 16) if (count > 64)
    for (size_t t = 0; t < count; t++) {
        size_t i, j;
        c4_triangle_tile(t, &i, &j);
        double sum = tile_products(k->tiles + t * AREA, l->tiles + t * AREA, c4_tile_rows(n, i),
                                   c4_tile_rows(n, j), i == j);
        sums[t] = i == j ? sum : 2 * sum;
    }
    *products = 0;
    for (size_t t = 0; t < count; t++) *products += sums[t];
    free(sums);
    return C4_OK;
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
    struct c4_inner inner = {0};
    inner.biased = (products + diagonals) - 2 / n * full_rows + full_k * full_l / (n * n);
    inner.debiased = products + off_k * off_l / ((n - 1) * (n - 2)) - 2 / (n - 2) * off_rows;
    return inner;
}

struct c4_inner c4_gram_self(const struct c4_gram *k) {
    struct c4_inner self = c4_gram_inner(k, k, k->squares);
    self.terms = k->squares;
    for (size_t i = 0; i < k->n; i++) self.terms += k->diagonal[i] * k->diagonal[i];
    return self;
}

void c4_gram_free(struct c4_gram *gram) {
    free(gram->rows);
    free(gram->diagonal);
    *gram = (struct c4_gram){0};
}
