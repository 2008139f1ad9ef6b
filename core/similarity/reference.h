/* One side of CKA, prepared in the form that it needs. */
#ifndef C4_SIMILARITY_REFERENCE_H
#define C4_SIMILARITY_REFERENCE_H

#include "core/similarity/careful_form.h"

/* The first n examples of a side. */
struct c4_cka_side {
    size_t n;
    bool is_careful;
    struct c4_careful careful;       /* if is_careful */
    struct c4_gram gram;             /* Gram form; its tiles are those of the reference */
    struct c4_cka_reasons undefined; /* if constant, none of these is computed */
    struct c4_inner self;            /* <K, K> */
};

struct c4_cka_reference {
    struct c4_cka_options options;      /* method and threads resolved; no leading sizes */
    enum c4_feature_type type;          /* in which the Gram and the feature form compute */
    double *tiles;                      /* Gram form, of all examples */
    struct c4_centred_features centred; /* feature form */
    struct c4_cka_side side[C4_CKA_SIZES_MAX + 1]; /* all examples, then the leading sizes */
    size_t sides;
    bool borrows; /* tiles, row sums and diagonals belong to someone else (c4_cka_open()) */
    struct c4_cka_cost own; /* of this side alone, in the Gram or the feature form */
    struct c4_cka_result work;
};

/* c4_cka_prepare() into *r, which must be zeroed; leaves the seconds unset. `role` names features
 * without a name. *r must be freed even after a failure. */
enum c4_status c4_reference_make(const struct c4_features *x, const struct c4_cka_options *options,
                                 const char *role, struct c4_cka_reference *r);
void c4_reference_free(struct c4_cka_reference *r);

/* The side of the first n examples; NULL if it was not prepared. */
const struct c4_cka_side *c4_reference_side(const struct c4_cka_reference *r, size_t n);

/* C4_ERR_USAGE without data, C4_ERR_DATA without features or with fewer than 2 rows. */
enum c4_status c4_reference_check_shape(const struct c4_features *x, const char *role);

/* The cost of comparing a side of `features` features with r, which is cached, in r's form. */
struct c4_cka_cost c4_reference_cost(const struct c4_cka_reference *r, size_t features);

#endif
