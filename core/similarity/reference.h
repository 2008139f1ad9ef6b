/* One side of CKA, prepared in the form that it needs. */
#ifndef C4_SIMILARITY_REFERENCE_H
#define C4_SIMILARITY_REFERENCE_H

#include "core/similarity/careful_form.h"

struct c4_cka_reference {
    struct c4_cka_options options; /* method and threads resolved */
    enum c4_feature_type type;     /* in which the Gram and the feature form compute */
    bool is_careful;
    struct c4_careful careful;          /* if is_careful, else one of the next two */
    struct c4_gram gram;                /* Gram form */
    struct c4_centred_features centred; /* feature form */
    struct c4_cka_reasons undefined;    /* if constant, none of these three is computed */
    struct c4_inner self;               /* <K, K> */
    struct c4_cka_cost own;             /* of this side alone, in the Gram or the feature form */
    struct c4_cka_result work;
};

/* c4_cka_prepare() into *r, which must be zeroed; leaves the seconds unset. `role` names features
 * without a name. `needs_care`: the Gram or the feature form was tried and left too little. *r must
 * be freed even after a failure. */
enum c4_status c4_reference_make(const struct c4_features *x, const struct c4_cka_options *options,
                                 const char *role, bool needs_care, struct c4_cka_reference *r);
void c4_reference_free(struct c4_cka_reference *r);

/* C4_ERR_USAGE without data, C4_ERR_DATA without features or with fewer than 2 rows. */
enum c4_status c4_reference_check_shape(const struct c4_features *x, const char *role);

/* Sets *needs_care: whether U-centring leaves so little of *self, <K, K> of a side of `features`
 * features prepared like r, that the careful form must recompute it. C4_ERR_FAILED if self->biased
 * cannot be a squared norm. */
enum c4_status c4_reference_judge(const struct c4_cka_reference *r, size_t features,
                                  const struct c4_inner *self, const char *name, bool *needs_care);

/* The cost of comparing a side of `features` features with r, which is cached, in r's form. */
struct c4_cka_cost c4_reference_cost(const struct c4_cka_reference *r, size_t features);

#endif
