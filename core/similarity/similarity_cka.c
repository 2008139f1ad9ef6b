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

/* Always the Gram form, of which one product serves all numbers of rows. */
static struct c4_cka_options how(const struct c4_similarity_options *options) {
    return (struct c4_cka_options){.gram = options->gram,
                                   .threads = options->threads,
                                   .method = C4_CKA_GRAM,
                                   .leading = options->leading,
                                   .leading_count = options->leading_count};
}

static enum c4_status prepare(const struct c4_features *features,
                              const struct c4_similarity_options *options, void **prepared) {
    const struct c4_cka_options settled = how(options);
    struct c4_cka_reference *reference = NULL;
    enum c4_status status = c4_cka_prepare(features, &settled, &reference);
    *prepared = reference;
    return status;
}

static void release(void *prepared) {
    c4_cka_reference_free(prepared);
}

static enum c4_status compare(const void *reference, const void *other, size_t rows,
                              struct c4_similarity_result *result) {
    struct c4_cka_result cka;
    C4_TRY(c4_cka_between(reference, other, rows, &cka));
    *result = (struct c4_similarity_result){
        .value = {cka.biased, cka.debiased}, .n = cka.n, .work = work_of(&cka)};
    return C4_OK;
}

static struct c4_similarity_work work(const void *prepared) {
    const struct c4_cka_result result = c4_cka_reference_work(prepared);
    return work_of(&result);
}

/* The lower triangle in double. */
static size_t gram_bytes(size_t n) {
    return n * n * sizeof(double) / 2;
}

/* The careful form keeps the features as doubles, too. */
static size_t kept_bytes(const void *prepared) {
    const struct c4_cka_result result = c4_cka_reference_work(prepared);
    return gram_bytes(result.n) + (result.careful ? result.n * result.p * sizeof(double) : 0);
}

static struct c4_similarity_cost cost(size_t n, size_t features) {
    struct c4_cka_shape shape = {
        .n = n, .p = features, .q = features, .value_bytes = sizeof(float)};
    double both = c4_cka_gram_cost(&shape).flops;
    shape.reference_cached = true;
    return (struct c4_similarity_cost){
        both - c4_cka_gram_cost(&shape).flops + c4_cka_gram_sums_cost(n).flops, gram_bytes(n)};
}

static size_t packed_bytes(const void *prepared) {
    return c4_cka_packed_bytes(prepared);
}

static void pack(const void *prepared, void *bytes) {
    c4_cka_pack(prepared, bytes);
}

static enum c4_status open_bytes(const void *bytes, size_t size,
                                 const struct c4_similarity_options *options, void **prepared) {
    const struct c4_cka_options settled = how(options);
    struct c4_cka_reference *reference = NULL;
    enum c4_status status = c4_cka_open(bytes, size, &settled, &reference);
    *prepared = reference;
    return status;
}

const struct c4_similarity c4_similarity_cka = {.name = "cka",
                                                .quantity = {"cka_biased", "cka_debiased"},
                                                .key = {"biased", "debiased"},
                                                .prepare = prepare,
                                                .release = release,
                                                .compare = compare,
                                                .work = work,
                                                .kept_bytes = kept_bytes,
                                                .cost = cost,
                                                .packed_bytes = packed_bytes,
                                                .pack = pack,
                                                .open = open_bytes};
