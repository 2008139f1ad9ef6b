#include "core/similarity/cka.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "core/similarity/reference.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const char compared_role[] = "the compared features";

static enum c4_status prepare(const struct c4_features *features,
                              const struct c4_cka_options *options, const char *role,
                              bool needs_care, struct c4_cka_reference **reference) {
    double start = now();
    *reference = NULL;
    struct c4_cka_reference *r = calloc(1, sizeof *r);
    if (!r) return c4_fail(C4_ERR_MEMORY, "out of memory for a reference");
    enum c4_status status = c4_reference_make(features, options, role, needs_care, r);
    if (status != C4_OK) {
        c4_cka_reference_free(r);
        return status;
    }
    r->work.seconds = now() - start;
    *reference = r;
    return C4_OK;
}

enum c4_status c4_cka_prepare(const struct c4_features *features,
                              const struct c4_cka_options *options,
                              struct c4_cka_reference **reference) {
    return prepare(features, options, "the reference features", false, reference);
}

void c4_cka_reference_free(struct c4_cka_reference *reference) {
    if (!reference) return;
    c4_reference_free(reference);
    free(reference);
}

struct c4_cka_result c4_cka_reference_work(const struct c4_cka_reference *reference) {
    return reference->work;
}

/* <K, L>, <K, K> and <L, L>. */
struct inners {
    struct c4_inner cross, x, y;
};

/* sqrt(a a) is a, so that CKA(X, X) is exactly 1 in the Gram form. Only an outlier gives norms so
 * far from 1 that a double cannot hold their product. */
static double ratio(double cross, double self_x, double self_y) {
    double product = self_x * self_y;
    bool normal = product >= DBL_MIN && product <= DBL_MAX;
    return normal ? cross / sqrt(product) : cross / sqrt(self_x) / sqrt(self_y);
}

/* Fills in a result except for the work and the seconds. */
static enum c4_status conclude(const struct c4_cka_reference *r, size_t features,
                               struct c4_cka_reasons of_y, const struct inners *inners,
                               const char *name, struct c4_cka_result *result) {
    *result = (struct c4_cka_result){.biased = NAN,
                                     .debiased = NAN,
                                     .has_debiased = !r->options.biased_only,
                                     .undefined = {r->undefined, of_y},
                                     .n = r->work.n,
                                     .p = r->work.p,
                                     .q = features,
                                     .method = r->options.method};
    const struct c4_cka_reasons *why = result->undefined;
    bool biased = why[0].biased == C4_CKA_DEFINED && why[1].biased == C4_CKA_DEFINED;
    bool debiased = result->has_debiased && why[0].debiased == C4_CKA_DEFINED &&
                    why[1].debiased == C4_CKA_DEFINED;
    if (biased) result->biased = ratio(inners->cross.biased, inners->x.biased, inners->y.biased);
    if (debiased)
        result->debiased = ratio(inners->cross.debiased, inners->x.debiased, inners->y.debiased);
    if ((biased && !isfinite(result->biased)) || (debiased && !isfinite(result->debiased)))
        return c4_fail(C4_ERR_FAILED, "%s: CKA is not finite; the Gram blocks are wrong", name);
    return C4_OK;
}

static void add_cost(struct c4_cka_result *result, struct c4_cka_cost cost) {
    result->flops += cost.flops;
    result->bytes += cost.bytes;
}

/* A side in the careful form. *made, zeroed before, holds what must be freed. */
static enum c4_status careful_side(const struct c4_cka_reference *r, struct c4_careful *made,
                                   struct c4_careful *side, struct c4_inner *self,
                                   struct c4_cka_result *work) {
    int threads = r->options.threads;
    *side = r->careful;
    *self = r->self;
    if (r->is_careful) return C4_OK;
    if (r->options.method == C4_CKA_GRAM) {
        *side = c4_careful_of_gram(&r->gram);
    } else {
        C4_TRY(c4_careful_of_centred(&r->centred, threads, made));
        *side = *made;
        add_cost(work, c4_cka_careful_cost(r->work.n, r->work.p));
    }
    return c4_careful_inner(side, side, threads, self);
}

/* The cross product and both norms, all in the same form. */
static enum c4_status inners_with_care(const struct c4_cka_reference *r,
                                       const struct c4_cka_reference *other, struct inners *inners,
                                       struct c4_cka_result *work) {
    struct c4_careful made[2] = {0}, x, y;
    enum c4_status status = careful_side(r, &made[0], &x, &inners->x, work);
    if (status == C4_OK) status = careful_side(other, &made[1], &y, &inners->y, work);
    if (status == C4_OK) status = c4_careful_inner(&x, &y, r->options.threads, &inners->cross);
    if (status == C4_OK && !x.gram.tiles)
        add_cost(work, c4_cka_careful_pass_cost(r->work.n, r->work.p));
    if (status == C4_OK && !y.gram.tiles)
        add_cost(work, c4_cka_careful_pass_cost(r->work.n, other->work.p));
    c4_careful_free(&made[0]);
    c4_careful_free(&made[1]);
    return status;
}

static enum c4_status inners_between(const struct c4_cka_reference *r,
                                     const struct c4_cka_reference *other, struct inners *inners,
                                     struct c4_cka_result *work) {
    if (r->undefined.biased != C4_CKA_DEFINED || other->undefined.biased != C4_CKA_DEFINED)
        return C4_OK; /* constant: nothing to multiply */
    if (r->is_careful || other->is_careful) return inners_with_care(r, other, inners, work);
    /* The other side's own cost was counted when it was prepared. */
    struct c4_cka_cost cost = c4_reference_cost(r, other->work.p);
    cost.flops = fmax(cost.flops - other->own.flops, 0);
    cost.bytes = fmax(cost.bytes - other->own.bytes, 0);
    add_cost(work, cost);
    inners->x = r->self;
    inners->y = other->self;
    if (r->options.method == C4_CKA_FEATURE)
        return c4_centred_features_inner(&r->centred, &other->centred, r->options.gram,
                                         r->options.threads, &inners->cross);
    inners->cross = c4_gram_inner(&r->gram, &other->gram, c4_gram_products(&r->gram, &other->gram));
    return C4_OK;
}

/* c4_cka_between() of sides known to match; leaves the seconds unset. */
static enum c4_status between(const struct c4_cka_reference *r,
                              const struct c4_cka_reference *other, const char *name,
                              struct c4_cka_result *result) {
    struct inners inners = {0};
    struct c4_cka_result work = {0}, out;
    C4_TRY(inners_between(r, other, &inners, &work));
    C4_TRY(conclude(r, other->work.p, other->undefined, &inners, name, &out));
    out.careful = r->is_careful || other->is_careful;
    out.flops = work.flops;
    out.bytes = work.bytes;
    *result = out;
    return C4_OK;
}

enum c4_status c4_cka_between(const struct c4_cka_reference *reference,
                              const struct c4_cka_reference *other, struct c4_cka_result *result) {
    const struct c4_cka_reference *r = reference;
    double start = now();
    if (other->work.n != r->work.n)
        return c4_fail(C4_ERR_DATA, "CKA of %zu rows with %zu; both sides need the same examples",
                       other->work.n, r->work.n);
    if (other->type != r->type || other->options.method != r->options.method ||
        other->options.biased_only != r->options.biased_only)
        return c4_fail(
            C4_ERR_USAGE,
            "CKA of two sides prepared in different ways; use the same options for both");
    C4_TRY(between(r, other, compared_role, result));
    result->seconds = now() - start;
    return C4_OK;
}

/* Prepares the features like the reference, then compares: for sides that need care and for
 * constant ones. */
static enum c4_status compare_prepared(const struct c4_cka_reference *r,
                                       const struct c4_features *features, bool needs_care,
                                       struct c4_cka_result *result) {
    struct c4_cka_options options = r->options;
    struct c4_cka_reference *other;
    options.in_double = r->type == C4_FEATURES_DOUBLE;
    enum c4_status status = prepare(features, &options, compared_role, needs_care, &other);
    if (!other) return status;
    status = between(r, other, features->name ? features->name : compared_role, result);
    if (status == C4_OK) {
        result->flops += other->work.flops;
        result->bytes += other->work.bytes;
    }
    c4_cka_reference_free(other);
    return status;
}

static enum c4_status inners_by_gram(const struct c4_cka_reference *r, const struct c4_matrix *y,
                                     const char *name, struct inners *inners, bool *needs_care) {
    struct c4_gram gram;
    double products;
    enum c4_status status =
        c4_gram_make(y, r->options.gram, r->options.threads, &r->gram, &gram, &products);
    if (status == C4_OK) {
        inners->cross = c4_gram_inner(&r->gram, &gram, products);
        inners->y = c4_gram_inner(&gram, &gram, gram.squares);
        status = c4_reference_judge(r, y->columns, &inners->y, name, needs_care);
    }
    c4_gram_free(&gram);
    return status;
}

static enum c4_status inners_by_features(const struct c4_cka_reference *r,
                                         const struct c4_matrix *y, const char *name,
                                         struct inners *inners, bool *needs_care) {
    struct c4_centred_features centred = {.matrix = *y};
    enum c4_status status = c4_centred_features_make(&centred, r->options.gram, r->options.threads);
    inners->y = centred.self;
    if (status == C4_OK) status = c4_reference_judge(r, y->rows, &centred.self, name, needs_care);
    if (status == C4_OK && !*needs_care)
        status = c4_centred_features_inner(&r->centred, &centred, r->options.gram,
                                           r->options.threads, &inners->cross);
    c4_centred_features_free(&centred);
    return status;
}

/* Compares in the Gram or the feature form. If the features need care or are constant, sets
 * *prepare_them instead and does not write *result. */
static enum c4_status compare_plain(const struct c4_cka_reference *r,
                                    const struct c4_features *features, const char *name,
                                    bool *prepare_them, bool *needs_care,
                                    struct c4_cka_result *result) {
    bool by_gram = r->options.method == C4_CKA_GRAM;
    struct inners inners = {.x = r->self};
    struct c4_centring centring;
    struct c4_matrix y = {0};
    *needs_care = false;
    enum c4_status status =
        c4_centring_make(features, r->options.threads, compared_role, &centring);
    *prepare_them = centring.constant;
    if (status == C4_OK && !centring.constant)
        status = c4_matrix_centre(&centring, r->type, !by_gram, r->options.threads, &y);
    c4_centring_free(&centring);
    if (status == C4_OK && !*prepare_them)
        status = by_gram ? inners_by_gram(r, &y, name, &inners, needs_care)
                         : inners_by_features(r, &y, name, &inners, needs_care);
    c4_matrix_free(&y);
    *prepare_them |= *needs_care;
    if (status != C4_OK || *prepare_them) return status;
    /* Neither side is constant, and both have the same n: the reasons of one are those of the
     * other. */
    C4_TRY(conclude(r, features->features, r->undefined, &inners, name, result));
    add_cost(result, c4_reference_cost(r, features->features));
    return C4_OK;
}

enum c4_status c4_cka_compare(const struct c4_cka_reference *reference,
                              const struct c4_features *features, struct c4_cka_result *result) {
    const char *name = features->name ? features->name : compared_role;
    const struct c4_cka_reference *r = reference;
    double start = now();
    C4_TRY(c4_reference_check_shape(features, compared_role));
    if (features->rows != r->work.n)
        return c4_fail(C4_ERR_DATA,
                       "%s: %zu rows, but the reference has %zu; CKA needs the same examples on "
                       "both sides",
                       name, features->rows, r->work.n);
    if (features->type == C4_FEATURES_DOUBLE && r->type == C4_FEATURES_FLOAT)
        return c4_fail(C4_ERR_USAGE,
                       "%s: double, but the reference was prepared in float; prepare it in double",
                       name);
    struct c4_cka_result out;
    bool needs_care = false;
    bool prepare_them = r->is_careful || r->undefined.biased != C4_CKA_DEFINED;
    if (!prepare_them) C4_TRY(compare_plain(r, features, name, &prepare_them, &needs_care, &out));
    if (prepare_them) C4_TRY(compare_prepared(r, features, needs_care, &out));
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
        .value_bytes = settled.in_double ? sizeof(double) : sizeof(float),
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

const char *c4_cka_reason_words(enum c4_cka_reason reason) {
    switch (reason) {
    case C4_CKA_FEW_EXAMPLES:
        return "n < 4";
    case C4_CKA_CONSTANT:
        return "constant";
    case C4_CKA_NOTHING_LEFT:
        return "nothing left after U-centring";
    case C4_CKA_DEFINED:
        break;
    }
    return "defined";
}
