#include "bench/cka/cka.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/rng.h"
#include "core/cli/interrupt.h"
#include "core/cost/cka_cost.h"
#include "core/host/clock.h"

enum c4_status c4_cka_bench_add(struct c4_cka_bench *bench, int layer, size_t n,
                                const struct c4_backend *const *backends, int backend_count) {
    const size_t features = c4_layer_features(layer);
    const struct c4_cka_shape shape = {n, features, features, sizeof(float), true};
    bool gram = c4_cka_gram_is_cheaper(&shape);
    struct c4_cka_cost cost = gram ? c4_cka_gram_cost(&shape) : c4_cka_feature_cost(&shape);
    for (int i = 0; i < backend_count; i++) {
        if (!backends[i]->gram_block) continue;
        if (bench->count == C4_CKA_ROWS_MAX)
            return c4_fail(C4_ERR_FAILED, "more than %d benchmarks", C4_CKA_ROWS_MAX);
        struct c4_cka_row *row = &bench->rows[bench->count++];
        *row = (struct c4_cka_row){.layer = layer,
                                   .n = n,
                                   .backend = backends[i],
                                   .method = gram ? C4_CKA_GRAM : C4_CKA_FEATURE,
                                   .flops = cost.flops,
                                   .bytes = cost.bytes};
        snprintf(row->name, sizeof row->name, "%s/n%zu/%s", c4_layer_name[layer], n,
                 backends[i]->name);
    }
    return C4_OK;
}

/* Independent random features of the two sides. */
struct sides {
    float *x, *y;
    size_t features;
};

static enum c4_status sides_make(struct sides *sides, size_t n, size_t features) {
    size_t count = n * features;
    sides->features = features;
    sides->x = malloc(count * sizeof(float));
    sides->y = malloc(count * sizeof(float));
    if (!sides->x || !sides->y)
        return c4_fail(C4_ERR_MEMORY,
                       "no memory for features of 2 x %zu bytes: choose a smaller --examples",
                       count * sizeof(float));
    for (size_t i = 0; i < count; i += 2) {
        struct c4_rng_block block = c4_rng_draw(1, C4_RNG_TEST, 1000, i / 2);
        for (size_t k = 0; k < 2 && i + k < count; k++) {
            sides->x[i + k] = (float)(block.word[k] >> 8) * 0x1p-23f - 1;
            sides->y[i + k] = (float)(block.word[2 + k] >> 8) * 0x1p-23f - 1;
        }
    }
    return C4_OK;
}

static void sides_free(struct sides *sides) {
    free(sides->x);
    free(sides->y);
}

static struct c4_features features_of(const float *data, size_t n, size_t features) {
    return (struct c4_features){data, C4_FEATURES_FLOAT, n, features, NULL};
}

static struct c4_cka_options options_of(const struct c4_cka_bench *bench,
                                        const struct c4_cka_row *row,
                                        const struct c4_backend *backend) {
    return (struct c4_cka_options){
        .gram = c4_backend_gram(backend), .threads = bench->threads, .method = row->method};
}

static enum c4_status small_cka(const struct c4_cka_bench *bench, const struct c4_cka_row *row,
                                const struct c4_backend *backend, const struct sides *sides,
                                struct c4_cka_result *result) {
    size_t n = row->n < C4_CKA_CHECK_ROWS ? row->n : C4_CKA_CHECK_ROWS;
    struct c4_features x = features_of(sides->x, n, sides->features);
    struct c4_features y = features_of(sides->y, n, sides->features);
    struct c4_cka_options options = options_of(bench, row, backend);
    return c4_cka(&x, &y, &options, result);
}

/* The debiased value is a small difference of large numbers here, so the error of both values is
 * judged on the scale of the biased one. */
static bool close_to(double got, double want, double scale, bool bit_exact) {
    return bit_exact ? got == want : fabs(got - want) <= C4_PEER_TOLERANCE * scale;
}

static enum c4_status check(const struct c4_cka_bench *bench, struct c4_cka_row *row,
                            const struct c4_backend *reference, const struct sides *sides) {
    struct c4_cka_result got, want;
    C4_TRY(small_cka(bench, row, row->backend, sides, &got));
    C4_TRY(small_cka(bench, row, reference, sides, &want));
    bool exact = row->backend->bit_exact;
    if (!close_to(got.biased, want.biased, want.biased, exact) ||
        !close_to(got.debiased, want.debiased, want.biased, exact))
        snprintf(row->fault, sizeof row->fault,
                 "%s: CKA is %.17g, debiased %.17g; the reference has %.17g, debiased %.17g",
                 row->name, got.biased, got.debiased, want.biased, want.debiased);
    return C4_OK;
}

struct run {
    struct c4_cka_bench *bench;
    const struct c4_backend *reference;
    void (*tick)(void *context, double flops_done);
    void *context;
    double flops_done;
};

static enum c4_status worked(struct run *run, double flops) {
    run->flops_done += flops;
    if (run->tick) run->tick(run->context, run->flops_done);
    return c4_interrupted();
}

enum { BACKENDS = 16 };

static enum c4_status prepare(struct run *run, struct c4_cka_row *row, const struct sides *sides,
                              struct c4_cka_reference **reference) {
    C4_TRY(check(run->bench, row, run->reference, sides));
    if (row->fault[0]) return worked(run, (run->bench->samples + 1) * row->flops);
    struct c4_features x = features_of(sides->x, row->n, sides->features);
    struct c4_cka_options options = options_of(run->bench, row, row->backend);
    C4_TRY(c4_cka_prepare(&x, &options, reference));
    row->prepare_seconds = c4_cka_reference_work(*reference).seconds;
    return worked(run, row->flops);
}

static enum c4_status sample(struct run *run, struct c4_cka_row *row, const struct sides *sides,
                             const struct c4_cka_reference *reference) {
    struct c4_features y = features_of(sides->y, row->n, sides->features);
    struct c4_cka_result result;
    int64_t start_ns = c4_clock_ns();
    C4_TRY(c4_cka_compare(reference, &y, &result));
    row->seconds[row->measured++] = (double)(c4_clock_ns() - start_ns) * 1e-9;
    return worked(run, row->flops);
}

static enum c4_status time_rows(struct run *run, struct c4_cka_row *rows, int count,
                                const struct sides *sides,
                                struct c4_cka_reference *references[BACKENDS]) {
    for (int i = 0; i < count; i++) C4_TRY(prepare(run, &rows[i], sides, &references[i]));
    for (int k = 0; k < run->bench->samples; k++) {
        c4_peak_sample(&run->bench->peak);
        for (int i = 0; i < count; i++)
            if (references[i]) C4_TRY(sample(run, &rows[i], sides, references[i]));
    }
    return C4_OK;
}

static enum c4_status run_rows(struct run *run, struct c4_cka_row *rows, int count) {
    struct c4_cka_reference *references[BACKENDS] = {NULL};
    struct sides sides = {NULL, NULL, 0};
    enum c4_status status = sides_make(&sides, rows->n, c4_layer_features(rows->layer));
    if (status == C4_OK) status = time_rows(run, rows, count, &sides, references);
    for (int i = 0; i < count; i++) c4_cka_reference_free(references[i]);
    sides_free(&sides);
    return status;
}

static int rows_alike(const struct c4_cka_bench *bench, int first) {
    const struct c4_cka_row *row = &bench->rows[first];
    int last = first;
    while (last < bench->count && bench->rows[last].layer == row->layer &&
           bench->rows[last].n == row->n && last - first < BACKENDS)
        last++;
    return last - first;
}

enum c4_status c4_cka_bench_run(struct c4_cka_bench *bench, const struct c4_backend *reference,
                                void (*tick)(void *context, double flops_done), void *context) {
    struct run run = {bench, reference, tick, context, 0};
    c4_peak_start_best(&bench->peak, bench->threads, 0.02);
    for (int i = 0; i < bench->count; i += rows_alike(bench, i))
        C4_TRY(run_rows(&run, &bench->rows[i], rows_alike(bench, i)));
    for (int i = 0; i < bench->count; i++)
        if (bench->rows[i].fault[0])
            return c4_fail(C4_ERR_RESULT, "wrong result, not timed: %s", bench->rows[i].fault);
    return C4_OK;
}

double c4_cka_bench_flops(const struct c4_cka_bench *bench) {
    double flops = 0;
    for (int i = 0; i < bench->count; i++) flops += (bench->samples + 1) * bench->rows[i].flops;
    return flops;
}

enum c4_status c4_cka_bench_predict(const struct c4_cka_bench *bench, double *seconds) {
    *seconds = 0.5;
    for (int i = 0; i < bench->count; i++) {
        const struct c4_cka_row *row = &bench->rows[i];
        struct sides sides = {NULL, NULL, 0};
        struct c4_cka_result result;
        enum c4_status status =
            sides_make(&sides, C4_CKA_CHECK_ROWS, c4_layer_features(row->layer));
        if (status == C4_OK) status = small_cka(bench, row, row->backend, &sides, &result);
        sides_free(&sides);
        C4_TRY(status);
        *seconds += (bench->samples + 1) * row->flops * result.seconds / result.flops;
        C4_TRY(c4_interrupted());
    }
    return C4_OK;
}
