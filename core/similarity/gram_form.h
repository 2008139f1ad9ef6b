/* The Gram form of CKA: everything is computed from K = XX' over pairs of examples. */
#ifndef C4_SIMILARITY_GRAM_FORM_H
#define C4_SIMILARITY_GRAM_FORM_H

#include "core/similarity/inner.h"
#include "core/similarity/matrix.h"

struct c4_gram {
    size_t n;
    double *tiles;    /* lower triangle of 64 x 64 tiles in order, or NULL if not kept */
    double *rows;     /* [n] k_i: sum of row i without its diagonal element */
    double *diagonal; /* [n] K_ii */
    double squares;   /* sum over i != j of K_ij^2 */
};

/* The Gram matrix of x (rows are examples). Without `other` its tiles are kept. With `other`, whose
 * tiles are kept and which has the same n, they are folded into *products = sum over i != j of K_ij
 * L_ij and not kept. *gram must be freed even after a failure. C4_ERR_MEMORY. */
enum c4_status c4_gram_make(const struct c4_matrix *x, c4_gram_block_fn *block, int threads,
                            const struct c4_gram *other, struct c4_gram *gram, double *products);

/* The Gram matrix of x without its tiles, which are recomputed where they are needed. *gram must be
 * freed even after a failure. C4_ERR_MEMORY. */
enum c4_status c4_gram_sums(const struct c4_matrix *x, c4_gram_block_fn *block, int threads,
                            struct c4_gram *gram);

/* The Gram matrix of x with its tiles, bit for bit that of c4_gram_make(), without a centred copy
 * of all of x: strips of columns are centred one after another, and their products added in the
 * order of the Gram slot's chunks (core/op/gram.h). *gram must be freed even after a failure.
 * C4_ERR_MEMORY. */
enum c4_status c4_gram_of(const struct c4_centring *x, enum c4_feature_type type,
                          c4_gram_block_fn *block, int threads, struct c4_gram *gram);

/* <K, L> from the sums of both; `products` as from c4_gram_make() or c4_gram_products(). */
struct c4_inner c4_gram_inner(const struct c4_gram *k, const struct c4_gram *l, double products);

/* The products of c4_gram_make(), bit for bit, from two Gram matrices of the same n with tiles. */
double c4_gram_products(const struct c4_gram *k, const struct c4_gram *l);

void c4_gram_free(struct c4_gram *gram);

#endif
