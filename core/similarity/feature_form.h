/* The feature form of CKA: X'Y, X'X and Y'Y over pairs of features; cheaper if p, q < n. */
#ifndef C4_SIMILARITY_FEATURE_FORM_H
#define C4_SIMILARITY_FEATURE_FORM_H

#include "core/similarity/inner.h"
#include "core/similarity/matrix.h"

struct c4_centred_features {
    struct c4_matrix matrix; /* a row is one feature; the caller's */
    double *sums;            /* [features] what is left to centre */
    double *squared_norms;   /* [examples] K_ii */
    struct c4_inner self;    /* <K, K> */
};

/* Computes the sums and squared norms of centred->matrix, which the caller has set. Must be freed
 * even after a failure. C4_ERR_MEMORY. */
enum c4_status c4_centred_features_sum(struct c4_centred_features *centred, int threads);

/* Computes <K, K>, from the sums. C4_ERR_MEMORY. */
enum c4_status c4_centred_features_self(struct c4_centred_features *centred,
                                        c4_gram_block_fn *block, int threads);

/* <K, L> of two sides of the same n and type. C4_ERR_MEMORY. */
enum c4_status c4_centred_features_inner(const struct c4_centred_features *x,
                                         const struct c4_centred_features *y,
                                         c4_gram_block_fn *block, int threads,
                                         struct c4_inner *inner);

/* Frees the sums and squared norms, not the matrix. */
void c4_centred_features_free(struct c4_centred_features *centred);

#endif
