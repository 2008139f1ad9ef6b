/* The feature form of CKA: X'Y, X'X and Y'Y over pairs of features; cheaper if p, q < n. */
#ifndef C4_SIMILARITY_FEATURE_FORM_H
#define C4_SIMILARITY_FEATURE_FORM_H

#include "core/similarity/inner.h"
#include "core/similarity/matrix.h"

struct c4_centred_features {
    struct c4_matrix
        matrix;   /* a row is one feature; owned by the caller of c4_centred_features_make() */
    double *sums; /* [features] what centring in float left over */
    double *squared_norms; /* [examples] K_ii */
    struct c4_inner self;  /* <K, K> */
};

/* Sums, squared norms and the norm of centred->matrix, which is set. To be freed also after a
 * failure.
 */
enum c4_status c4_centred_features_make(struct c4_centred_features *centred,
                                        c4_gram_block_fn *block, int threads);

/* <K, L> of two sides with as many examples and the same type. */
enum c4_status c4_centred_features_inner(const struct c4_centred_features *x,
                                         const struct c4_centred_features *y,
                                         c4_gram_block_fn *block, int threads,
                                         struct c4_inner *inner);

/* Frees the sums and squared norms; the matrix is left. */
void c4_centred_features_free(struct c4_centred_features *centred);

#endif
