/* Costs of the forms of one linear CKA. Pure functions of the shapes.
 *
 * All of them run over tiles of C4_CKA_TILE x C4_CKA_TILE products (core/similarity/cka.h). Of a
 * symmetric product of m rows the lower triangle counts, m (m + 1) / 2 elements; what is computed
 * besides it on the diagonal does not. */
#ifndef C4_COST_CKA_COST_H
#define C4_COST_CKA_COST_H

#include <stdbool.h>
#include <stddef.h>

#define C4_CKA_TILE 48
#define C4_CKA_LANES 8 /* of sums in double */

struct c4_cka_shape {
    size_t n;              /* examples */
    size_t p, q;           /* features of the reference and of the other side */
    size_t value_bytes;    /* 4 if computed in float, 8 in double */
    bool reference_cached; /* the reference's own part is already computed */
};

struct c4_cka_cost {
    double flops; /* 2 per multiply-add */
    double bytes; /* traffic if nothing stays in a cache between two passes or two tiles */
};

/* Of the products of rows alone, without packing or centring them.
 * Gram form: n x n Gram matrices of both sides, the reference's cached. About n^2 q FLOPs (+ n^2
 * p). */
struct c4_cka_cost c4_cka_gram_cost(const struct c4_cka_shape *shape);

/* Feature form: the q x q product of one side and the p x q product of both. About
 * n q^2 + 2 n p q FLOPs (+ n p^2). */
struct c4_cka_cost c4_cka_feature_cost(const struct c4_cka_shape *shape);

/* The Gram form's sums in double, over pairs of examples: of one side's Gram matrix (row sums,
 * column sums, squares), and of the products of two. */
struct c4_cka_cost c4_cka_gram_sums_cost(size_t n);
struct c4_cka_cost c4_cka_gram_products_cost(size_t n);

/* The careful form (core/similarity/careful_form.h), in double. A pass: over the tiles of a side's
 * Gram matrix, one for each product. The whole: preparing a side, that is shifting its features and
 * two passes for the row sums and the norm. */
struct c4_cka_cost c4_cka_careful_pass_cost(size_t n, size_t features);
struct c4_cka_cost c4_cka_careful_cost(size_t n, size_t features);

/* Gram if it needs no more FLOPs than the feature form. */
bool c4_cka_gram_is_cheaper(const struct c4_cka_shape *shape);

#endif
