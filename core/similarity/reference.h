/* A side of CKA made ready, in the form that it needs. */
#ifndef C4_SIMILARITY_REFERENCE_H
#define C4_SIMILARITY_REFERENCE_H

#include "core/similarity/careful_form.h"

struct c4_cka_reference {
    struct c4_cka_options options; /* method and threads settled */
    enum c4_feature_type type;     /* the Gram and the feature form compute in */
    bool is_careful;
    struct c4_careful careful;          /* if is_careful, else one of these two: */
    struct c4_gram gram;                /* Gram form */
    struct c4_centred_features centred; /* feature form */
    struct c4_cka_reasons undefined;    /* constant: nothing above is there */
    struct c4_inner self;               /* <K, K> */
    struct c4_cka_cost own;             /* of the Gram or the feature form */
    struct c4_cka_result work;
};

/* c4_cka_prepare() into *r, which is {0}; the seconds are left. `role` names features without a
 * name. `needs_care`: the Gram or the feature form was tried already, and its values are not used.
 * To be freed also after a failure. */
enum c4_status c4_reference_make(const struct c4_features *x, const struct c4_cka_options *options,
                                 const char *role, bool needs_care, struct c4_cka_reference *r);
void c4_reference_free(struct c4_cka_reference *r);

/* Data and at least 2 rows of features. */
enum c4_status c4_reference_check_shape(const struct c4_features *x, const char *role);

/* Whether so little remains of <K, K> of a side with so many features, prepared as r, that the
 * careful form has to make it. C4_ERR_FAILED if it cannot be a squared norm. */
enum c4_status c4_reference_judge(const struct c4_cka_reference *r, size_t features,
                                  const struct c4_inner *self, const char *name, bool *needs_care);

/* Of a comparison with r, cached, of a side with so many features, in r's own form. */
struct c4_cka_cost c4_reference_cost(const struct c4_cka_reference *r, size_t features);

#endif
