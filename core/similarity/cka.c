#include "core/similarity/cka.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "core/host/clock.h"
#include "core/similarity/reference.h"

static double seconds_since(int64_t start) {
    return 1e-9 * (double)(c4_clock_ns() - start);
}

static const char compared_role[] = "the compared features";

static enum c4_status prepare(const struct c4_features *features,
                              const struct c4_cka_options *options, const char *role,
                              struct c4_cka_reference **reference) {
    int64_t start = c4_clock_ns();
    *reference = NULL;
    struct c4_cka_reference *r = calloc(1, sizeof *r);
    if (!r) return c4_fail(C4_ERR_MEMORY, "out of memory for a reference");
    enum c4_status status = c4_reference_make(features, options, role, r);
    if (status != C4_OK) {
        c4_cka_reference_free(r);
        return status;
    }
    r->work.seconds = seconds_since(start);
    *reference = r;
    return C4_OK;
}

enum c4_status c4_cka_prepare(const struct c4_features *features,
                              const struct c4_cka_options *options,
                              struct c4_cka_reference **reference) {
    return prepare(features, options, "the reference features", reference);
}

void c4_cka_reference_free(struct c4_cka_reference *reference) {
    if (!reference) return;
    c4_reference_free(reference);
    free(reference);
}

struct c4_cka_result c4_cka_reference_work(const struct c4_cka_reference *reference) {
    return reference->work;
}

/* Two prepared sides of the same number of examples, each with what it is a part of. */
struct pair {
    const struct c4_cka_reference *x, *y;
    const struct c4_cka_side *of_x, *of_y;
};

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
static enum c4_status conclude(const struct pair *pair, const struct inners *inners,
                               const char *name, struct c4_cka_result *result) {
    *result = (struct c4_cka_result){.biased = NAN,
                                     .debiased = NAN,
                                     .has_debiased = !pair->x->options.biased_only,
                                     .undefined = {pair->of_x->undefined, pair->of_y->undefined},
                                     .n = pair->of_x->n,
                                     .p = pair->x->work.p,
                                     .q = pair->y->work.p,
                                     .method = pair->x->options.method};
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
static enum c4_status careful_side(const struct c4_cka_reference *r, const struct c4_cka_side *of,
                                   struct c4_careful *made, struct c4_careful *side,
                                   struct c4_inner *self, struct c4_cka_result *work) {
    int threads = r->options.threads;
    *side = of->careful;
    *self = of->self;
    if (of->is_careful) return C4_OK;
    if (r->options.method == C4_CKA_GRAM) {
        *side = c4_careful_of_gram(&of->gram);
    } else {
        C4_TRY(c4_careful_of_centred(&r->centred, threads, made));
        *side = *made;
        add_cost(work, c4_cka_careful_cost(r->work.n, r->work.p));
    }
    return c4_careful_inner(side, side, threads, self);
}

/* The cross product and both norms, all in the same form. */
static enum c4_status inners_with_care(const struct pair *pair, struct inners *inners,
                                       struct c4_cka_result *work) {
    struct c4_careful made[2] = {0}, x, y;
    const size_t n = pair->of_x->n;
    enum c4_status status = careful_side(pair->x, pair->of_x, &made[0], &x, &inners->x, work);
    if (status == C4_OK) status = careful_side(pair->y, pair->of_y, &made[1], &y, &inners->y, work);
    if (status == C4_OK)
        status = c4_careful_inner(&x, &y, pair->x->options.threads, &inners->cross);
    if (status == C4_OK && !x.gram.tiles)
        add_cost(work, c4_cka_careful_pass_cost(n, pair->x->work.p));
    if (status == C4_OK && !y.gram.tiles)
        add_cost(work, c4_cka_careful_pass_cost(n, pair->y->work.p));
    c4_careful_free(&made[0]);
    c4_careful_free(&made[1]);
    return status;
}

static enum c4_status plain_inners(const struct pair *pair, struct inners *inners) {
    const struct c4_cka_options *options = &pair->x->options;
    inners->x = pair->of_x->self;
    inners->y = pair->of_y->self;
    if (options->method == C4_CKA_FEATURE)
        return c4_centred_features_inner(&pair->x->centred, &pair->y->centred, options->gram.block,
                                         options->threads, &inners->cross);
    double products;
    C4_TRY(c4_gram_products(&pair->of_x->gram, &pair->of_y->gram, options->threads, &products));
    inners->cross = c4_gram_inner(&pair->of_x->gram, &pair->of_y->gram, products);
    return C4_OK;
}

static enum c4_status inners_between(const struct pair *pair, struct inners *inners,
                                     struct c4_cka_result *work) {
    if (pair->of_x->undefined.biased != C4_CKA_DEFINED ||
        pair->of_y->undefined.biased != C4_CKA_DEFINED)
        return C4_OK; /* constant: nothing to multiply */
    if (pair->of_x->is_careful || pair->of_y->is_careful)
        return inners_with_care(pair, inners, work);
    if (pair->x->options.method == C4_CKA_GRAM) {
        add_cost(work, c4_cka_gram_products_cost(pair->of_x->n));
    } else { /* but the other side's own cost, which was counted when it was prepared */
        struct c4_cka_cost cost = c4_reference_cost(pair->x, pair->y->work.p);
        cost.flops = fmax(cost.flops - pair->y->own.flops, 0);
        cost.bytes = fmax(cost.bytes - pair->y->own.bytes, 0);
        add_cost(work, cost);
    }
    return plain_inners(pair, inners);
}

/* c4_cka_between() of sides known to match; leaves the seconds unset. */
static enum c4_status between(const struct pair *pair, const char *name,
                              struct c4_cka_result *result) {
    struct inners inners = {0};
    struct c4_cka_result work = {0}, out;
    C4_TRY(inners_between(pair, &inners, &work));
    C4_TRY(conclude(pair, &inners, name, &out));
    out.careful = pair->of_x->is_careful || pair->of_y->is_careful;
    out.flops = work.flops;
    out.bytes = work.bytes;
    *result = out;
    return C4_OK;
}

enum c4_status c4_cka_between(const struct c4_cka_reference *reference,
                              const struct c4_cka_reference *other, size_t rows,
                              struct c4_cka_result *result) {
    const struct c4_cka_reference *r = reference;
    int64_t start = c4_clock_ns();
    if (rows == 0 && other->work.n != r->work.n)
        return c4_fail(C4_ERR_DATA, "CKA of %zu rows with %zu; both sides need the same examples",
                       other->work.n, r->work.n);
    if (other->type != r->type || other->options.method != r->options.method ||
        other->options.biased_only != r->options.biased_only)
        return c4_fail(
            C4_ERR_USAGE,
            "CKA of two sides prepared in different ways; use the same options for both");
    const size_t n = rows ? rows : r->work.n;
    const struct pair pair = {r, other, c4_reference_side(r, n), c4_reference_side(other, n)};
    if (!pair.of_x || !pair.of_y)
        return c4_fail(C4_ERR_USAGE, "CKA of the first %zu rows, for which a side was not prepared",
                       n);
    C4_TRY(between(&pair, compared_role, result));
    result->seconds = seconds_since(start);
    return C4_OK;
}

enum c4_status c4_cka_compare(const struct c4_cka_reference *reference,
                              const struct c4_features *features, struct c4_cka_result *result) {
    const char *name = features->name ? features->name : compared_role;
    const struct c4_cka_reference *r = reference;
    int64_t start = c4_clock_ns();
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
    struct c4_cka_options options = r->options;
    struct c4_cka_reference *other;
    options.in_double = r->type == C4_FEATURES_DOUBLE;
    enum c4_status status = prepare(features, &options, compared_role, &other);
    if (!other) return status;
    const struct pair pair = {r, other, &r->side[0], &other->side[0]};
    struct c4_cka_result out;
    status = between(&pair, name, &out);
    if (status == C4_OK) {
        out.flops += other->work.flops;
        out.bytes += other->work.bytes;
        out.pack_seconds = other->work.pack_seconds;
        out.product_seconds = other->work.product_seconds;
        out.seconds = seconds_since(start);
        *result = out;
    }
    c4_cka_reference_free(other);
    return status;
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
    out.pack_seconds += work.pack_seconds;
    out.product_seconds += work.product_seconds;
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
