/* The careful form of CKA, for sides of which centring or U-centring leaves too little for the
 * Gram and the feature form (reference.c judges), such as features with an outlier.
 *
 * Those forms subtract large sums with a small difference, so that their rounding shows. Here
 * nothing large cancels: everything is in double, and the elements are centred before they are
 * multiplied:
 *   debiased  <K, L> = sum_{i != j} U_ij V_ij,
 *             U_ij = K_ij - k_i / (n - 2) - k_j / (n - 2) + (sum k) / ((n - 1)(n - 2))
 *   biased    <K, L> = sum_ij (HKH)_ij (HLH)_ij,
 *             (HKH)_ij = K_ij - k'_i / n - k'_j / n + (sum k') / n^2,      k'_i = k_i + K_ii
 * V and HLH alike. Any fixed row may be subtracted from X without changing U or HKH. The mean row
 * would be a bad choice: an outlier moves it, which adds the same large number to all of K. Here it
 * is the row of column medians, which takes out a common offset and is not moved by an outlier.
 *
 * K is not kept: its tiles are recomputed for each product. The order of sums is that of cka.h. */
#ifndef C4_SIMILARITY_CAREFUL_FORM_H
#define C4_SIMILARITY_CAREFUL_FORM_H

#include "core/similarity/feature_form.h"
#include "core/similarity/gram_form.h"

struct c4_careful {
    struct c4_matrix rows; /* double [examples, features]; without data if the tiles are kept */
    struct c4_gram gram;   /* of the rows; with tiles if these are kept */
};

/* From features and their centring, of which the scale is used and the means are not.
 * C4_ERR_MEMORY. *careful must be freed even after a failure. */
enum c4_status c4_careful_make(const struct c4_centring *x, int threads,
                               struct c4_careful *careful);

/* From a side in the feature form that needs no care itself. Errors and freeing as above. */
enum c4_status c4_careful_of_centred(const struct c4_centred_features *centred, int threads,
                                     struct c4_careful *careful);

/* From a side in the Gram form. Borrows the Gram matrix, allocates nothing, and must not be
 * freed. */
struct c4_careful c4_careful_of_gram(const struct c4_gram *gram);

/* <K, L>; x and y may be the same. Debiased it is meaningless for fewer than 4 examples.
 * C4_ERR_MEMORY. */
enum c4_status c4_careful_inner(const struct c4_careful *x, const struct c4_careful *y, int threads,
                                struct c4_inner *inner);

/* Whether self->debiased, what U-centring leaves, is within this form's own rounding. */
bool c4_careful_is_empty(const struct c4_careful *careful, const struct c4_inner *self);

void c4_careful_free(struct c4_careful *careful);

#endif
