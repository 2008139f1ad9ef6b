#include "core/similarity/reference.h"

#include <math.h>
#include <omp.h>

static size_t value_bytes(enum c4_feature_type type) {
    return type == C4_FEATURES_FLOAT ? sizeof(float) : sizeof(double);
}

static struct c4_cka_cost cost_of(enum c4_cka_method method, const struct c4_cka_shape *shape) {
    return method == C4_CKA_GRAM ? c4_cka_gram_cost(shape) : c4_cka_feature_cost(shape);
}

struct c4_cka_cost c4_reference_cost(const struct c4_cka_reference *r, size_t features) {
    const struct c4_cka_shape shape = {.n = r->work.n,
                                       .p = r->work.p,
                                       .q = features,
                                       .value_bytes = value_bytes(r->type),
                                       .reference_cached = true};
    return cost_of(r->options.method, &shape);
}

enum c4_status c4_reference_check_shape(const struct c4_features *x, const char *role) {
    const char *name = x->name ? x->name : role;
    if (!x->data) return c4_fail(C4_ERR_USAGE, "%s: no data", name);
    if (x->features == 0)
        return c4_fail(C4_ERR_DATA, "%s: %zu rows, but no features", name, x->rows);
    if (x->rows < 2)
        return c4_fail(C4_ERR_DATA, "%s: %zu rows; CKA needs at least 2 examples", name, x->rows);
    return C4_OK;
}

/* The least share of <K, K> that U-centring must leave. Measured against 64-bit mantissas, over 4
 * to 200 rows of 1 to 4,096 features: outliers, offsets, rows of different scale, rows almost
 * equally far apart. With r the smaller share of the two sides, the error of debiased CKA was at
 * most
 *   2e-7 / (n sqrt(r))       Gram form in float: the errors of K's elements are independent
 *   2.3e-7 / (r sqrt(p)), for many features 2e-8 / r
 *                            feature form in float: a sum over X'X minus one over the examples
 *   1e-16 / r and 4e-15 / r  in double
 * which is below 1e-6 if these shares are left. */
static double least_share(const struct c4_cka_reference *r, size_t features) {
    double n = (double)r->work.n;
    if (r->type == C4_FEATURES_DOUBLE) return 1e-6;
    if (r->options.method == C4_CKA_GRAM) return fmax(0.1 / (n * n), 1e-5);
    return fmax(0.3 / sqrt((double)features), 0.03);
}

enum c4_status c4_reference_judge(const struct c4_cka_reference *r, size_t features,
                                  const struct c4_inner *self, const char *name, bool *needs_care) {
    if (!(self->biased > 0) || !isfinite(self->biased))
        return c4_fail(C4_ERR_FAILED,
                       "%s: the squared norm of its Gram matrix is %g; the Gram blocks are wrong",
                       name, self->biased);
    *needs_care = !r->options.biased_only && r->work.n >= 4 &&
                  !(self->debiased > least_share(r, features) * self->biased);
    return C4_OK;
}

static enum c4_status settle(const struct c4_features *x, const struct c4_cka_options *options,
                             struct c4_cka_reference *r) {
    r->options = *options;
    if (options->threads < 0)
        return c4_fail(C4_ERR_USAGE, "CKA with %d threads; use 0 for OpenMP's default",
                       options->threads);
    if (options->threads == 0) r->options.threads = omp_get_max_threads();
    bool in_double = options->in_double || x->type == C4_FEATURES_DOUBLE;
    r->type = in_double ? C4_FEATURES_DOUBLE : C4_FEATURES_FLOAT;
    if (!in_double && !options->gram)
        return c4_fail(C4_ERR_USAGE, "CKA of float features needs a backend's Gram blocks");
    struct c4_cka_shape shape = {
        .n = x->rows,
        .p = x->features,
        .q = options->partner_features ? options->partner_features : x->features,
        .value_bytes = value_bytes(r->type),
        .reference_cached = true,
    };
    if (options->method == C4_CKA_AUTO)
        r->options.method = c4_cka_gram_is_cheaper(&shape) ? C4_CKA_GRAM : C4_CKA_FEATURE;
    struct c4_cka_cost compared = cost_of(r->options.method, &shape);
    shape.reference_cached = false;
    struct c4_cka_cost all = cost_of(r->options.method, &shape);
    r->own = (struct c4_cka_cost){all.flops - compared.flops, all.bytes - compared.bytes};
    r->work = (struct c4_cka_result){.n = x->rows,
                                     .p = x->features,
                                     .method = r->options.method,
                                     .flops = r->own.flops,
                                     .bytes = r->own.bytes};
    return C4_OK;
}

/* Prepares in the Gram or the feature form. */
static enum c4_status make_plain(const struct c4_centring *x, struct c4_cka_reference *r) {
    int threads = r->options.threads;
    if (r->options.method == C4_CKA_GRAM) {
        C4_TRY(c4_gram_of(x, r->type, r->options.gram, threads, &r->gram));
        r->self = c4_gram_inner(&r->gram, &r->gram, r->gram.squares);
        return C4_OK;
    }
    C4_TRY(c4_matrix_centre(x, r->type, true, threads, &r->centred.matrix));
    C4_TRY(c4_centred_features_make(&r->centred, r->options.gram, threads));
    r->self = r->centred.self;
    return C4_OK;
}

static void free_plain(struct c4_cka_reference *r) {
    c4_gram_free(&r->gram);
    c4_centred_features_free(&r->centred);
    c4_matrix_free(&r->centred.matrix);
}

static enum c4_status make_careful(const struct c4_centring *x, struct c4_cka_reference *r) {
    free_plain(r);
    r->is_careful = r->work.careful = true;
    C4_TRY(c4_careful_make(x, r->options.threads, &r->careful));
    C4_TRY(c4_careful_inner(&r->careful, &r->careful, r->options.threads, &r->self));
    if (c4_careful_is_empty(&r->careful, &r->self)) r->undefined.debiased = C4_CKA_NOTHING_LEFT;
    struct c4_cka_cost cost = c4_cka_careful_cost(x->features->rows, x->features->features);
    r->work.flops += cost.flops;
    r->work.bytes += cost.bytes;
    return C4_OK;
}

static enum c4_status make_values(const struct c4_centring *x, const char *name, bool needs_care,
                                  struct c4_cka_reference *r) {
    bool few = x->features->rows < 4 && !r->options.biased_only;
    if (x->constant) {
        r->undefined.biased = C4_CKA_CONSTANT;
        if (!r->options.biased_only) r->undefined.debiased = C4_CKA_CONSTANT;
        r->own = (struct c4_cka_cost){0, 0};
        r->work.flops = r->work.bytes = 0;
    } else if (!needs_care) {
        C4_TRY(make_plain(x, r));
        C4_TRY(c4_reference_judge(r, x->features->features, &r->self, name, &needs_care));
    }
    if (few) r->undefined.debiased = C4_CKA_FEW_EXAMPLES;
    return !x->constant && needs_care ? make_careful(x, r) : C4_OK;
}

enum c4_status c4_reference_make(const struct c4_features *x, const struct c4_cka_options *options,
                                 const char *role, bool needs_care, struct c4_cka_reference *r) {
    struct c4_centring centring;
    C4_TRY(c4_reference_check_shape(x, role));
    C4_TRY(settle(x, options, r));
    enum c4_status status = c4_centring_make(x, r->options.threads, role, &centring);
    if (status == C4_OK) status = make_values(&centring, x->name ? x->name : role, needs_care, r);
    c4_centring_free(&centring);
    return status;
}

void c4_reference_free(struct c4_cka_reference *r) {
    free_plain(r);
    c4_careful_free(&r->careful);
}
