#include "core/similarity/reference.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

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

/* The least share of its terms, the sum of squares before centring, that <K, K> must have.
 * Measured against 64-bit mantissas, over 4 to 200 rows of 1 to 4,096 features: outliers, offsets,
 * rows of different scale, rows almost equally far apart. With r the smaller share of the two
 * sides, the error of debiased CKA was at most
 *   2e-7 / (n sqrt(r))       Gram form in float: the errors of K's elements are independent
 *   2.3e-7 / (r sqrt(p)), for many features 2e-8 / r
 *                            feature form in float: a sum over X'X minus one over the examples
 *   1e-16 / r and 4e-15 / r  in double
 * which is below 1e-6 if these shares are left. */
static double least_share(const struct c4_cka_reference *r, size_t n) {
    if (r->type == C4_FEATURES_DOUBLE) return 1e-6;
    if (r->options.method == C4_CKA_GRAM) return fmax(0.1 / ((double)n * (double)n), 1e-5);
    return fmax(0.3 / sqrt((double)r->work.p), 0.03);
}

/* Whether centring or U-centring leaves so little that the careful form must recompute it. */
static bool needs_care(const struct c4_cka_reference *r, const struct c4_cka_side *side) {
    double least = least_share(r, side->n) * side->self.terms;
    if (!(side->self.biased > least)) return true;
    return !r->options.biased_only && side->n >= 4 && !(side->self.debiased > least);
}

static enum c4_status wrong_blocks(const char *name, double norm) {
    return c4_fail(C4_ERR_FAILED,
                   "%s: a squared norm of its features is %g; the Gram blocks are wrong", name,
                   norm);
}

/* The sides to prepare: all examples, and the leading sizes. */
static enum c4_status settle_sizes(const struct c4_features *x,
                                   const struct c4_cka_options *options,
                                   struct c4_cka_reference *r) {
    r->side[r->sides++].n = x->rows;
    if (options->leading_count > C4_CKA_SIZES_MAX)
        return c4_fail(C4_ERR_USAGE, "CKA of %zu leading sizes; at most %d", options->leading_count,
                       C4_CKA_SIZES_MAX);
    if (options->leading_count > 0 && options->method == C4_CKA_FEATURE)
        return c4_fail(C4_ERR_USAGE, "only the Gram form has leading sizes");
    for (size_t k = 0; k < options->leading_count; k++) {
        size_t n = options->leading[k];
        if (n < 2 || n > x->rows)
            return c4_fail(C4_ERR_USAGE, "CKA of the first %zu of %zu rows; give 2 to %zu", n,
                           x->rows, x->rows);
        if (!c4_reference_side(r, n)) r->side[r->sides++].n = n;
    }
    return C4_OK;
}

static enum c4_status settle(const struct c4_features *x, const struct c4_cka_options *options,
                             struct c4_cka_reference *r) {
    r->options = *options;
    r->options.leading = NULL;
    r->options.leading_count = 0;
    if (options->threads < 0)
        return c4_fail(C4_ERR_USAGE, "CKA with %d threads; use 0 for OpenMP's default",
                       options->threads);
    if (options->threads == 0) r->options.threads = omp_get_max_threads();
    bool in_double = options->in_double || x->type == C4_FEATURES_DOUBLE;
    r->type = in_double ? C4_FEATURES_DOUBLE : C4_FEATURES_FLOAT;
    if (!in_double && (!options->gram.pack || !options->gram.block))
        return c4_fail(C4_ERR_USAGE, "CKA of float features needs a backend's Gram blocks");
    C4_TRY(settle_sizes(x, options, r));
    struct c4_cka_shape shape = {
        .n = x->rows,
        .p = x->features,
        .q = options->partner_features ? options->partner_features : x->features,
        .value_bytes = value_bytes(r->type),
        .reference_cached = true,
    };
    if (options->method == C4_CKA_AUTO)
        r->options.method =
            r->sides > 1 || c4_cka_gram_is_cheaper(&shape) ? C4_CKA_GRAM : C4_CKA_FEATURE;
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

/* --- the Gram form --- */

static enum c4_status gram_tiles(const struct c4_centring *x, struct c4_cka_reference *r) {
    struct c4_gram_times times = {0, 0};
    int threads = r->options.threads;
    if (r->type == C4_FEATURES_DOUBLE) return c4_gram_double_product(x, threads, r->tiles);
    enum c4_status status = c4_gram_product(x, &r->options.gram, threads, r->tiles, &times);
    r->work.pack_seconds += times.pack_seconds;
    r->work.product_seconds += times.product_seconds;
    return status;
}

/* Products in float; again with a scale if they overflowed or vanished. */
static enum c4_status make_tiles(struct c4_centring *x, const char *name,
                                 struct c4_cka_reference *r) {
    size_t n = x->features->rows;
    void *memory;
    C4_TRY(c4_gram_tiles_allocate(n, &r->tiles));
    C4_TRY(gram_tiles(x, r));
    if (r->type == C4_FEATURES_DOUBLE) return C4_OK;
    C4_TRY(c4_cka_allocate(n, sizeof(double), "the diagonal of a Gram matrix", &memory));
    double *diagonal = memory;
    c4_gram_diagonal(r->tiles, n, diagonal);
    enum c4_status status = C4_OK;
    if (!c4_norms_are_safe(diagonal, n)) {
        status = c4_centring_measure(x, r->options.threads, name);
        if (status == C4_OK && !x->constant) status = gram_tiles(x, r);
        if (status == C4_OK && !x->constant) {
            c4_gram_diagonal(r->tiles, n, diagonal);
            if (!c4_norms_are_safe(diagonal, n)) status = wrong_blocks(name, diagonal[0]);
        }
    }
    free(diagonal);
    return status;
}

/* --- the feature form --- */

static enum c4_status make_sums(const struct c4_centring *x, struct c4_cka_reference *r) {
    C4_TRY(c4_centred_transpose(x, r->options.threads, &r->centred.matrix));
    return c4_centred_features_sum(&r->centred, r->options.threads);
}

static void free_centred(struct c4_cka_reference *r) {
    c4_centred_features_free(&r->centred);
    c4_matrix_free(&r->centred.matrix);
}

static enum c4_status make_centred(struct c4_centring *x, const char *name,
                                   struct c4_cka_reference *r) {
    size_t n = x->features->rows;
    C4_TRY(make_sums(x, r));
    if (r->type == C4_FEATURES_FLOAT && !c4_norms_are_safe(r->centred.squared_norms, n)) {
        C4_TRY(c4_centring_measure(x, r->options.threads, name));
        if (x->constant) return C4_OK;
        free_centred(r);
        C4_TRY(make_sums(x, r));
    }
    C4_TRY(c4_centred_features_self(&r->centred, r->options.gram.block, r->options.threads));
    if (!isfinite(r->centred.self.terms) || !(r->centred.self.terms > 0))
        return wrong_blocks(name, r->centred.self.terms);
    r->side[0].self = r->centred.self;
    return C4_OK;
}

/* --- sides --- */

static void set_constant(struct c4_cka_reference *r, struct c4_cka_side *side) {
    side->undefined.biased = C4_CKA_CONSTANT;
    if (!r->options.biased_only)
        side->undefined.debiased = side->n < 4 ? C4_CKA_FEW_EXAMPLES : C4_CKA_CONSTANT;
}

static bool all_zero(const double *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (values[i] != 0) return false;
    return true;
}

/* The careful form of the first side->n rows, from which equal rows take themselves out exactly. */
static enum c4_status make_careful(const struct c4_centring *x, struct c4_cka_reference *r,
                                   struct c4_cka_side *side) {
    struct c4_features first = *x->features;
    struct c4_centring leading = *x;
    first.rows = side->n;
    leading.features = &first;
    side->is_careful = r->work.careful = true;
    C4_TRY(c4_careful_make(&leading, r->options.threads, &side->careful));
    if (all_zero(side->careful.gram.diagonal, side->n)) {
        set_constant(r, side);
        return C4_OK;
    }
    C4_TRY(c4_careful_inner(&side->careful, &side->careful, r->options.threads, &side->self));
    if (side->n >= 4 && !r->options.biased_only && c4_careful_is_empty(&side->careful, &side->self))
        side->undefined.debiased = C4_CKA_NOTHING_LEFT;
    struct c4_cka_cost cost = c4_cka_careful_cost(side->n, first.features);
    r->work.flops += cost.flops;
    r->work.bytes += cost.bytes;
    return C4_OK;
}

static enum c4_status make_side(const struct c4_centring *x, const char *name,
                                struct c4_cka_reference *r, struct c4_cka_side *side) {
    bool by_gram = r->options.method == C4_CKA_GRAM;
    if (side->n < 4 && !r->options.biased_only) side->undefined.debiased = C4_CKA_FEW_EXAMPLES;
    if (by_gram) {
        const struct c4_cka_cost sums = c4_cka_gram_sums_cost(side->n);
        C4_TRY(c4_gram_leading(r->tiles, side->n, r->options.threads, &side->gram));
        r->work.flops += sums.flops;
        r->work.bytes += sums.bytes;
        if (all_zero(side->gram.diagonal, side->n)) {
            set_constant(r, side);
            return C4_OK;
        }
        side->self = c4_gram_self(&side->gram);
        if (!isfinite(side->self.terms)) return wrong_blocks(name, side->self.terms);
    }
    return needs_care(r, side) ? make_careful(x, r, side) : C4_OK;
}

static enum c4_status make_sides(struct c4_centring *x, const char *name,
                                 struct c4_cka_reference *r) {
    bool by_gram = r->options.method == C4_CKA_GRAM;
    if (!x->constant) C4_TRY(by_gram ? make_tiles(x, name, r) : make_centred(x, name, r));
    if (x->constant) {
        r->own = (struct c4_cka_cost){0, 0};
        r->work.flops = r->work.bytes = 0;
    }
    for (size_t k = 0; k < r->sides; k++)
        if (x->constant)
            set_constant(r, &r->side[k]);
        else
            C4_TRY(make_side(x, name, r, &r->side[k]));
    return C4_OK;
}

enum c4_status c4_reference_make(const struct c4_features *x, const struct c4_cka_options *options,
                                 const char *role, struct c4_cka_reference *r) {
    struct c4_centring centring;
    C4_TRY(c4_reference_check_shape(x, role));
    C4_TRY(settle(x, options, r));
    enum c4_status status = c4_centring_make(x, r->type, r->options.threads, role, &centring);
    if (status == C4_OK) status = make_sides(&centring, x->name ? x->name : role, r);
    c4_centring_free(&centring);
    return status;
}

const struct c4_cka_side *c4_reference_side(const struct c4_cka_reference *r, size_t n) {
    for (size_t k = 0; k < r->sides; k++)
        if (r->side[k].n == n) return &r->side[k];
    return NULL;
}

void c4_reference_free(struct c4_cka_reference *r) {
    for (size_t k = 0; k < r->sides; k++) {
        if (!r->borrows) c4_gram_free(&r->side[k].gram);
        c4_careful_free(&r->side[k].careful);
    }
    if (!r->borrows) free(r->tiles);
    free_centred(r);
}
