/* The Gram form of CKA: everything is computed from K = XX' over pairs of examples. */
#ifndef C4_SIMILARITY_GRAM_FORM_H
#define C4_SIMILARITY_GRAM_FORM_H

#include "core/similarity/gram_product.h"
#include "core/similarity/inner.h"

struct c4_gram {
    size_t n;
    const double *tiles; /* lower triangle of tiles in order, or NULL if not kept; n may be less
                            than the examples that they cover: the leading ones */
    double *rows;        /* [n] k_i: sum of row i without its diagonal element */
    double *diagonal;    /* [n] K_ii */
    double squares;      /* sum over i != j of K_ij^2 */
};

/* Tiles of the Gram matrix of n examples. Release with free(). C4_ERR_MEMORY. */
enum c4_status c4_gram_tiles_allocate(size_t n, double **tiles);

/* Fills `tiles` from double features: strips of columns are centred one after another, and their
 * products added in order. C4_ERR_MEMORY. */
enum c4_status c4_gram_double_product(const struct c4_centring *x, int threads, double *tiles);

/* K_ii of the first n examples, from the tiles. */
void c4_gram_diagonal(const double *tiles, size_t n, double *diagonal);

/* The sums of the first n examples' Gram matrix. Borrows the tiles. *gram must be freed even after
 * a failure. C4_ERR_MEMORY. */
enum c4_status c4_gram_leading(const double *tiles, size_t n, int threads, struct c4_gram *gram);

/* The sums of the Gram matrix of double rows without its tiles, which are recomputed where they are
 * needed. *gram must be freed even after a failure. C4_ERR_MEMORY. */
enum c4_status c4_gram_sums(const struct c4_matrix *rows, int threads, struct c4_gram *gram);

/* sum over i != j of K_ij L_ij of two Gram matrices of the same n with tiles. C4_ERR_MEMORY. */
enum c4_status c4_gram_products(const struct c4_gram *k, const struct c4_gram *l, int threads,
                                double *products);

/* <K, L> from the sums of both. */
struct c4_inner c4_gram_inner(const struct c4_gram *k, const struct c4_gram *l, double products);

/* <K, K>. */
struct c4_inner c4_gram_self(const struct c4_gram *k);

/* Not the tiles. */
void c4_gram_free(struct c4_gram *gram);

#endif
