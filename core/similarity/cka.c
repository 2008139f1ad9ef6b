#include "core/similarity/cka.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <time.h>

#include "core/similarity/feature_form.h"
#include "core/similarity/gram_form.h"

struct c4_cka_reference {
    struct c4_cka_options options; /* method and threads settled */
    enum c4_feature_type type;     /* computed in */
    struct c4_gram gram;           /* Gram form */
    struct c4_side side;           /* feature form */
    struct c4_inner self;
    struct c4_cka_result work;
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static size_t value_bytes(enum c4_feature_type type) {
    return type == C4_FEATURES_FLOAT ? sizeof(float) : sizeof(double);
}

static struct c4_cka_cost cost_of(enum c4_cka_method method, const struct c4_cka_shape *shape) {
    return method == C4_CKA_GRAM ? c4_cka_gram_cost(shape) : c4_cka_feature_cost(shape);
}

static const char *name_of(const struct c4_features *features, const char *role) {
    return features->name ? features->name : role;
}

static enum c4_status check_shape(const struct c4_features *x, bool biased_only, const char *role) {
    const char *name = name_of(x, role);
    if (!x->data) return c4_fail(C4_ERR_USAGE, "%s: there is no data", name);
    if (x->features == 0) return c4_fail(C4_ERR_DATA, "%s: %zu rows of no features", name, x->rows);
    if (x->rows < 2)
        return c4_fail(C4_ERR_DATA, "%s: %zu rows; CKA compares at least 2 examples", name,
                       x->rows);
    if (!biased_only && x->rows < 4)
        return c4_fail(C4_ERR_DATA,
                       "%s: %zu rows; debiased CKA needs at least 4 examples (biased only: 2)",
                       name, x->rows);
    return C4_OK;
}

/* What U-centring leaves of rows that are all equally far apart is rounding, smaller than this part
 * of the biased norm. The feature form takes a norm made of float products from one in double. */
static double nothing_left(const struct c4_cka_reference *r) {
    bool coarse = r->type == C4_FEATURES_FLOAT && r->options.method == C4_CKA_FEATURE;
    return coarse ? 1e-6 : 1e-12;
}

static enum c4_status check_norm(const struct c4_cka_reference *r, struct c4_inner self,
                                 const char *name) {
    if (!(self.biased > 0) || self.biased - self.biased != 0)
        return c4_fail(C4_ERR_FAILED,
                       "%s: the squared norm of its Gram is %g; the Gram blocks are wrong", name,
                       self.biased);
    if (!r->options.biased_only && !(self.debiased > nothing_left(r) * self.biased))
        return c4_fail(
            C4_ERR_DATA,
            "%s: nothing is left of the Gram of its %zu rows after U-centring (rows equally "
            "far apart, or all equal but one), so debiased CKA is undefined; biased CKA "
            "is not",
            name, r->work.n);
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
    r->work = (struct c4_cka_result){.n = x->rows,
                                     .p = x->features,
                                     .method = r->options.method,
                                     .flops = all.flops - compared.flops,
                                     .bytes = all.bytes - compared.bytes};
    return C4_OK;
}

static enum c4_status prepare(const struct c4_features *x, const struct c4_cka_options *options,
                              struct c4_cka_reference *r) {
    static const char role[] = "the reference features";
    C4_TRY(check_shape(x, options->biased_only, role));
    C4_TRY(settle(x, options, r));
    int threads = r->options.threads;
    bool by_features = r->options.method == C4_CKA_FEATURE;
    if (by_features) {
        C4_TRY(c4_matrix_centre(x, r->type, true, threads, role, &r->side.matrix));
        C4_TRY(c4_side_make(&r->side, options->gram, threads));
        r->self = r->side.self;
    } else {
        struct c4_centring centring;
        enum c4_status status = c4_centring_make(x, threads, role, &centring);
        if (status == C4_OK)
            status = c4_gram_of(&centring, r->type, options->gram, threads, &r->gram);
        c4_centring_free(&centring);
        C4_TRY(status);
        r->self = c4_gram_inner(&r->gram, &r->gram, r->gram.squares);
    }
    return check_norm(r, r->self, name_of(x, role));
}

enum c4_status c4_cka_prepare(const struct c4_features *features,
                              const struct c4_cka_options *options,
                              struct c4_cka_reference **reference) {
    double start = now();
    *reference = NULL;
    struct c4_cka_reference *r = calloc(1, sizeof *r);
    if (!r) return c4_fail(C4_ERR_MEMORY, "cannot allocate %zu bytes for a reference", sizeof *r);
    enum c4_status status = prepare(features, options, r);
    if (status != C4_OK) {
        c4_cka_reference_free(r);
        return status;
    }
    r->work.seconds = now() - start;
    *reference = r;
    return C4_OK;
}

void c4_cka_reference_free(struct c4_cka_reference *reference) {
    if (!reference) return;
    c4_gram_free(&reference->gram);
    c4_side_free(&reference->side);
    c4_matrix_free(&reference->side.matrix);
    free(reference);
}

struct c4_cka_result c4_cka_reference_work(const struct c4_cka_reference *reference) {
    return reference->work;
}

static enum c4_status inners_by_gram(const struct c4_cka_reference *r, const struct c4_matrix *y,
                                     struct c4_inner *cross, struct c4_inner *self) {
    struct c4_gram gram;
    double products;
    enum c4_status status =
        c4_gram_make(y, r->options.gram, r->options.threads, &r->gram, &gram, &products);
    if (status == C4_OK) {
        *cross = c4_gram_inner(&r->gram, &gram, products);
        *self = c4_gram_inner(&gram, &gram, gram.squares);
    }
    c4_gram_free(&gram);
    return status;
}

static enum c4_status inners_by_features(const struct c4_cka_reference *r,
                                         const struct c4_matrix *y, struct c4_inner *cross,
                                         struct c4_inner *self) {
    struct c4_side side = {.matrix = *y};
    enum c4_status status = c4_side_make(&side, r->options.gram, r->options.threads);
    if (status == C4_OK)
        status = c4_side_inner(&r->side, &side, r->options.gram, r->options.threads, cross);
    *self = side.self;
    c4_side_free(&side);
    return status;
}

/* sqrt(a a) is a, so that CKA(X, X) is exactly 1 in the Gram form. */
static double ratio(double cross, double self_x, double self_y) {
    return cross / sqrt(self_x * self_y);
}

/* Everything of a result but the seconds, from the two sides' inner products. */
static enum c4_status conclude(const struct c4_cka_reference *r, size_t features,
                               const struct c4_inner *cross, const struct c4_inner *self,
                               const char *name, struct c4_cka_result *result) {
    bool biased_only = r->options.biased_only;
    struct c4_cka_shape shape = {.n = r->work.n,
                                 .p = r->work.p,
                                 .q = features,
                                 .value_bytes = value_bytes(r->type),
                                 .reference_cached = true};
    struct c4_cka_cost cost = cost_of(r->options.method, &shape);
    *result = (struct c4_cka_result){
        .biased = ratio(cross->biased, r->self.biased, self->biased),
        .debiased = biased_only ? 0 : ratio(cross->debiased, r->self.debiased, self->debiased),
        .has_debiased = !biased_only,
        .n = r->work.n,
        .p = r->work.p,
        .q = features,
        .method = r->options.method,
        .flops = cost.flops,
        .bytes = cost.bytes,
    };
    if (result->biased - result->biased != 0 || result->debiased - result->debiased != 0)
        return c4_fail(C4_ERR_FAILED, "%s: CKA is not finite; the Gram blocks are wrong", name);
    return C4_OK;
}

enum c4_status c4_cka_compare(const struct c4_cka_reference *reference,
                              const struct c4_features *features, struct c4_cka_result *result) {
    static const char role[] = "the compared features";
    const char *name = name_of(features, role);
    const struct c4_cka_reference *r = reference;
    bool biased_only = r->options.biased_only;
    double start = now();
    C4_TRY(check_shape(features, biased_only, role));
    if (features->rows != r->work.n)
        return c4_fail(C4_ERR_DATA,
                       "%s: %zu rows, but the reference has %zu; CKA needs the same examples on "
                       "both sides",
                       name, features->rows, r->work.n);
    if (features->type == C4_FEATURES_DOUBLE && r->type == C4_FEATURES_FLOAT)
        return c4_fail(C4_ERR_USAGE,
                       "%s: double, but the reference was prepared in float; prepare it in double",
                       name);
    bool by_gram = r->options.method == C4_CKA_GRAM;
    struct c4_matrix y;
    struct c4_inner cross, self;
    C4_TRY(c4_matrix_centre(features, r->type, !by_gram, r->options.threads, role, &y));
    enum c4_status status =
        by_gram ? inners_by_gram(r, &y, &cross, &self) : inners_by_features(r, &y, &cross, &self);
    c4_matrix_free(&y);
    C4_TRY(status);
    C4_TRY(check_norm(r, self, name));
    struct c4_cka_result out;
    C4_TRY(conclude(r, features->features, &cross, &self, name, &out));
    out.seconds = now() - start;
    *result = out;
    return C4_OK;
}

enum c4_status c4_cka_between(const struct c4_cka_reference *reference,
                              const struct c4_cka_reference *other, struct c4_cka_result *result) {
    const struct c4_cka_reference *r = reference;
    double start = now();
    if (other->work.n != r->work.n)
        return c4_fail(C4_ERR_DATA, "CKA of %zu rows with %zu; it needs the same examples",
                       other->work.n, r->work.n);
    if (other->type != r->type || other->options.method != r->options.method ||
        other->options.biased_only != r->options.biased_only)
        return c4_fail(C4_ERR_USAGE, "CKA of two sides that were prepared in different ways");
    struct c4_inner cross;
    if (r->options.method == C4_CKA_GRAM) {
        cross = c4_gram_inner(&r->gram, &other->gram, c4_gram_products(&r->gram, &other->gram));
    } else {
        C4_TRY(c4_side_inner(&r->side, &other->side, r->options.gram, r->options.threads, &cross));
    }
    struct c4_cka_result out;
    C4_TRY(conclude(r, other->work.p, &cross, &other->self, "the compared features", &out));
    /* The other side's own part was paid when it was prepared. */
    out.flops -= other->work.flops;
    out.bytes -= other->work.bytes;
    if (out.flops < 0) out.flops = 0;
    if (out.bytes < 0) out.bytes = 0;
    out.seconds = now() - start;
    *result = out;
    return C4_OK;
}

enum c4_status c4_cka(const struct c4_features *x, const struct c4_features *y,
                      const struct c4_cka_options *options, struct c4_cka_result *result) {
    struct c4_cka_options settled = *options;
    settled.in_double |= x->type == C4_FEATURES_DOUBLE || y->type == C4_FEATURES_DOUBLE;
    settled.partner_features = y->features;
    struct c4_cka_shape shape = {
        .n = x->rows,
        .p = x->features,
        .q = y->features,
        .value_bytes = value_bytes(settled.in_double ? C4_FEATURES_DOUBLE : C4_FEATURES_FLOAT),
    };
    if (settled.method == C4_CKA_AUTO)
        settled.method = c4_cka_gram_is_cheaper(&shape) ? C4_CKA_GRAM : C4_CKA_FEATURE;
    struct c4_cka_reference *reference;
    enum c4_status status = c4_cka_prepare(x, &settled, &reference);
    if (!reference) return status;
    struct c4_cka_result work = c4_cka_reference_work(reference), out = {0};
    status = c4_cka_compare(reference, y, &out);
    c4_cka_reference_free(reference);
    C4_TRY(status);
    out.seconds += work.seconds;
    out.flops += work.flops;
    out.bytes += work.bytes;
    *result = out;
    return C4_OK;
}

const char *c4_cka_method_name(enum c4_cka_method method) {
    switch (method) {
    case C4_CKA_GRAM:
        return "gram";
    case C4_CKA_FEATURE:
        return "feature";
    case C4_CKA_AUTO:
        break;
    }
    return "auto";
}
