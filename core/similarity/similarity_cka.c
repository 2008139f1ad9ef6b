/* Linear CKA (cka.h) as an entry of the table of measures. */
#include "core/cost/cka_cost.h"
#include "core/similarity/similarity.h"

extern const struct c4_similarity c4_similarity_cka;

static struct c4_similarity_work work_of(const struct c4_cka_result *result) {
    return (struct c4_similarity_work){.seconds = result->seconds,
                                       .flops = result->flops,
                                       .bytes = result->bytes,
                                       .method = c4_cka_method_name(result->method)};
}

static enum c4_status prepare(const struct c4_features *features,
                              const struct c4_similarity_options *options, void **prepared) {
    const struct c4_cka_options how = {.gram = options->gram, .threads = options->threads};
    struct c4_cka_reference *reference = NULL;
    enum c4_status status = c4_cka_prepare(features, &how, &reference);
    *prepared = reference;
    return status;
}

static void release(void *prepared) {
    c4_cka_reference_free(prepared);
}

static enum c4_status compare(const void *reference, const void *other,
                              struct c4_similarity_result *result) {
    struct c4_cka_result cka;
    C4_TRY(c4_cka_between(reference, other, &cka));
    *result = (struct c4_similarity_result){
        .value = {cka.biased, cka.debiased}, .n = cka.n, .work = work_of(&cka)};
    return C4_OK;
}

static struct c4_similarity_work work(const void *prepared) {
    const struct c4_cka_result result = c4_cka_reference_work(prepared);
    return work_of(&result);
}

/* Half of a Gram matrix in double, or the features, whichever is smaller. */
static size_t plain_bytes(size_t n, size_t features) {
    size_t gram = n * n * sizeof(double) / 2, plain = n * features * sizeof(float);
    return plain < gram ? plain : gram;
}

/* The careful form keeps the features as doubles, in place of the plain form. */
static size_t kept_bytes(const void *prepared) {
    const struct c4_cka_result result = c4_cka_reference_work(prepared);
    return result.careful ? result.n * result.p * sizeof(double) : plain_bytes(result.n, result.p);
}

static struct c4_similarity_cost cost(size_t n, size_t features) {
    struct c4_cka_shape shape = {
        .n = n, .p = features, .q = features, .value_bytes = sizeof(float)};
    bool gram = c4_cka_gram_is_cheaper(&shape);
    double both = gram ? c4_cka_gram_cost(&shape).flops : c4_cka_feature_cost(&shape).flops;
    shape.reference_cached = true;
    double one = gram ? c4_cka_gram_cost(&shape).flops : c4_cka_feature_cost(&shape).flops;
    return (struct c4_similarity_cost){both - one, plain_bytes(n, features)};
}

const struct c4_similarity c4_similarity_cka = {.name = "cka",
                                                .quantity = {"cka_biased", "cka_debiased"},
                                                .key = {"biased", "debiased"},
                                                .prepare = prepare,
                                                .release = release,
                                                .compare = compare,
                                                .work = work,
                                                .kept_bytes = kept_bytes,
                                                .cost = cost};
