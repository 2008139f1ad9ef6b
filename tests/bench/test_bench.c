/* Whether benchmarks can be trusted: wrong results are not timed, and rates are those measured. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cka/cka.h"
#include "bench/step/step.h"
#include "core/host/clock.h"
#include "tests/harness/unit.h"

static const struct c4_backend *reference(void) {
    static struct c4_dispatch dispatch;
    assert_int_equal(c4_dispatch("ref", &dispatch), C4_OK);
    return &dispatch.backend;
}

/* --- CKA --- */

static void gram_wrong(const float *x, const float *y, size_t rows_x, size_t panels_y,
                       size_t features, size_t stride, double *gram, size_t stride_gram,
                       struct c4_gram_ahead *ahead) {
    reference()->gram_block(x, y, rows_x, panels_y, features, stride, gram, stride_gram, ahead);
    gram[0] *= 1.01;
}

static void cka_with_a_wrong_gram_is_void(void **state) {
    (void)state;
    struct c4_backend bad = {.name = "bad",
                             .variant = "planted",
                             .bit_exact = true,
                             .gram_pack = reference()->gram_pack,
                             .gram_block = gram_wrong};
    const struct c4_backend *backends[] = {&bad, reference()};
    struct c4_cka_bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    const struct c4_cka_group groups[] = {
        {C4_CKA_VALUE, 3, 64, 1, 2},
        {C4_CKA_VALUE, 4, 64, 1, 2},
        {C4_CKA_PRODUCT, C4_LAYERS, 50, 1, 2},
    };
    for (int i = 0; i < 3; i++)
        assert_int_equal(c4_cka_bench_add(bench, &groups[i], backends, 2), C4_OK);
    assert_int_equal(c4_cka_bench_run(bench, reference(), NULL, NULL), C4_ERR_RESULT);
    assert_int_equal(bench->count, 6);
    for (int i = 0; i < bench->count; i++) {
        const struct c4_cka_row *row = &bench->rows[i];
        bool is_bad = row->backend == &bad;
        assert_int_equal(row->measured, is_bad ? 0 : 2);
        assert_int_equal(row->state, is_bad ? C4_PEER_VOID : C4_PEER_MEASURED);
        assert_true((row->reason.length != 0) == is_bad);
    }
    assert_int_equal(bench->rows[0].method, C4_CKA_GRAM);
    assert_int_equal(bench->rows[2].method, C4_CKA_FEATURE);
    assert_string_equal(bench->rows[5].name, "product/n50/ref");
    c4_cka_bench_free(bench);
    free(bench);
}

/* Two numbers of threads: the parts of a side are within it, in the Gram form only, and each row is
 * measured against its own peak. */
static void cka_is_timed_in_parts(void **state) {
    (void)state;
    const struct c4_backend *backends[] = {reference()};
    struct c4_cka_bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    const struct c4_cka_group groups[] = {
        {C4_CKA_VALUE, 2, 96, 1, 3},
        {C4_CKA_VALUE, 4, 96, 1, 3},
        {C4_CKA_VALUE, 2, 96, 2, 3},
    };
    for (int i = 0; i < 3; i++)
        assert_int_equal(c4_cka_bench_add(bench, &groups[i], backends, 1), C4_OK);
    assert_int_equal(c4_cka_bench_run(bench, reference(), NULL, NULL), C4_OK);
    assert_int_equal(bench->peak_count, 2);
    assert_string_equal(bench->rows[0].name, "pool3/n96/ref");
    assert_string_equal(bench->rows[2].name, "pool3/n96/ref/t2");
    for (int i = 0; i < 3; i++) {
        const struct c4_cka_row *row = &bench->rows[i];
        assert_int_equal(row->measured, 3);
        assert_ptr_equal(c4_cka_row_peak(bench, row), &bench->peaks[i / 2]);
        for (int k = 0; k < 3; k++) {
            const struct c4_cka_sample *s = &row->samples[k];
            assert_true(s->prepare > 0 && s->compare > 0);
            assert_true(s->prepare + s->compare <= s->whole);
            assert_true(s->pack + s->product <= s->prepare);
            assert_true((s->product > 0) == (row->method == C4_CKA_GRAM));
            assert_true((s->pack > 0) == (row->method == C4_CKA_GRAM));
        }
    }
    assert_true(bench->rows[0].whole_flops == 2 * c4_cka_row_product_flops(&bench->rows[0]));
    assert_true(c4_cka_row_product_flops(&bench->rows[0]) == 96.0 * 97 * 1024);
    assert_true(isnan(c4_cka_row_ratio(bench, 0)));
    c4_cka_bench_free(bench);
    free(bench);
}

/* The ratio is to the fastest backend of the same group. */
static void ratios_are_to_the_fastest_backend(void **state) {
    (void)state;
    const struct c4_backend *backends[] = {reference(), reference()};
    struct c4_cka_bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->peers.wanted[0] = bench->peers.wanted[2] = true;
    for (int layer = 2; layer < 4; layer++) {
        const struct c4_cka_group group = {C4_CKA_VALUE, layer, 96, 1, 1};
        assert_int_equal(c4_cka_bench_add(bench, &group, backends, 2), C4_OK);
    }
    static const double seconds[] = {1, 2, 6, 8, 5, 4, 10, 12};
    assert_int_equal(bench->count, 8);
    for (int i = 0; i < 8; i++) {
        bench->rows[i].samples[0].whole = seconds[i];
        bench->rows[i].measured = 1;
    }
    assert_true(c4_cka_row_ratio(bench, 2) == 6);
    assert_true(c4_cka_row_ratio(bench, 3) == 8);
    assert_true(c4_cka_row_ratio(bench, 6) == 2.5);
    assert_true(c4_cka_row_ratio(bench, 7) == 3);
    assert_true(isnan(c4_cka_row_ratio(bench, 0)));
    assert_int_equal(c4_cka_bench_verdict(bench, true), C4_OK);
    bench->rows[7].state = C4_PEER_ABSENT;
    assert_int_equal(c4_cka_bench_verdict(bench, false), C4_OK);
    assert_int_equal(c4_cka_bench_verdict(bench, true), C4_ERR_ENVIRONMENT);
    bench->rows[6].state = C4_PEER_VOID;
    assert_int_equal(c4_cka_bench_verdict(bench, false), C4_ERR_RESULT);
    c4_cka_bench_free(bench);
    free(bench);
}

/* --- steps --- */

static struct c4_step_api wrapped; /* ref's step with one function replaced */

static enum c4_status step_with_wrong_loss(struct c4_plan *plan, const struct c4_batch *batch,
                                           const struct c4_sgd *sgd,
                                           struct c4_step_result *result) {
    C4_TRY(reference()->step->step(plan, batch, sgd, result));
    result->loss *= 1.001;
    return C4_OK;
}

static int steps_timed;
static bool clocks_on;

static enum c4_status counted_step(struct c4_plan *plan, const struct c4_batch *batch,
                                   const struct c4_sgd *sgd, struct c4_step_result *result) {
    if (clocks_on) steps_timed++;
    return reference()->step->step(plan, batch, sgd, result);
}

/* A step of 2 images takes one second in one phase and three in the other. */
static enum c4_status two_phases(const struct c4_plan *plan, struct c4_phase_time *phases,
                                 int capacity, int *count) {
    (void)plan;
    assert_true(capacity >= 2);
    *count = 2;
    phases[0] = (struct c4_phase_time){"first", steps_timed * 1.0, 5e9, 2e9, 1e6};
    phases[1] = (struct c4_phase_time){"second", steps_timed * 3.0, 0, 1e9, 2e6};
    steps_timed = 0;
    return C4_OK;
}

static void switch_clocks(struct c4_plan *plan, bool on) {
    (void)plan;
    clocks_on = on;
    steps_timed = 0;
}

static struct c4_step_bench *step_bench(void) {
    struct c4_step_bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->config = (struct c4_plan_config){.max_batch = 2, .threads = 1};
    bench->samples = 3;
    bench->sample_seconds = 0.001;
    assert_int_equal(c4_step_bench_start(bench), C4_OK);
    wrapped = *reference()->step;
    return bench;
}

static void a_wrong_step_is_not_timed(void **state) {
    (void)state;
    struct c4_step_bench *bench = step_bench();
    wrapped.step = step_with_wrong_loss;
    assert_int_equal(c4_step_bench_add(bench, "wrapped", "planted", &wrapped), C4_ERR_RESULT);
    assert_non_null(strstr(c4_error(), "not timed"));
    c4_step_bench_free(bench);
    free(bench);
}

static int evaluations;
static double features_factor = 1;

static enum c4_status counted_evaluation(struct c4_plan *plan, const struct c4_batch *batch,
                                         enum c4_bn_statistics statistics,
                                         struct c4_step_result *result,
                                         float *const features[C4_LAYERS]) {
    evaluations++;
    if (clocks_on) steps_timed++;
    C4_TRY(reference()->step->evaluate(plan, batch, statistics, result, features));
    for (int layer = 0; layer < C4_LAYERS; layer++) assert_non_null(features[layer]);
    features[2][7] *= (float)features_factor;
    return C4_OK;
}

static enum c4_status no_step(struct c4_plan *plan, const struct c4_batch *batch,
                              const struct c4_sgd *sgd, struct c4_step_result *result) {
    (void)plan;
    (void)batch;
    (void)sgd;
    (void)result;
    return c4_fail(C4_ERR_FAILED, "a step in a benchmark of evaluations");
}

static struct c4_step_bench *evaluation_bench(void) {
    struct c4_step_bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->config = (struct c4_plan_config){.max_batch = 2, .threads = 1};
    bench->evaluates = true;
    bench->samples = 3;
    bench->sample_seconds = 0.001;
    assert_int_equal(c4_step_bench_start(bench), C4_OK);
    wrapped = *reference()->step;
    wrapped.evaluate = counted_evaluation;
    wrapped.step = no_step;
    wrapped.phases = two_phases;
    wrapped.time_phases = switch_clocks;
    return bench;
}

/* Rates, phases and nominal operations are an evaluation's; no step is run. */
static void evaluations_are_timed_in_place_of_steps(void **state) {
    (void)state;
    struct c4_step_bench *bench = evaluation_bench();
    assert_int_equal(c4_step_bench_add(bench, "wrapped", "counted", &wrapped), C4_OK);
    evaluations = 0;
    assert_int_equal(c4_step_bench_run(bench, NULL, NULL), C4_OK);
    int64_t images = 0;
    for (int k = 0; k < 3; k++) images += bench->runners[0].samples[k].images;
    assert_true(evaluations >= images / 2 + 3 + 1); /* one before each sample, and the phases' */
    assert_int_equal(bench->runners[0].phase_count, 2);
    assert_true(fabs(bench->runners[0].phases[0].seconds - 0.5) < 1e-12);
    json_t *rows = c4_step_bench_json(bench), *row = json_array_get(rows, 0);
    double rate = json_number_value(json_object_get(row, "images_per_s"));
    double gflops = json_number_value(json_object_get(row, "gflops"));
    assert_true(fabs(gflops * 1e9 / (rate * c4_evaluation_cost(C4_WINOGRAD, 1).flops) - 1) < 1e-9);
    double error = json_number_value(json_object_get(row, "features_error"));
    assert_true(error > 0 && error < 1e-5);
    json_decref(rows);
    c4_step_bench_free(bench);
    free(bench);
}

static void an_evaluation_with_a_wrong_feature_is_not_timed(void **state) {
    (void)state;
    struct c4_step_bench *bench = evaluation_bench();
    features_factor = 1.5;
    assert_int_equal(c4_step_bench_add(bench, "wrapped", "planted", &wrapped), C4_ERR_RESULT);
    features_factor = 1;
    assert_non_null(strstr(c4_error(), "evaluation differs"));
    assert_non_null(strstr(c4_error(), "not timed"));
    c4_step_bench_free(bench);
    free(bench);
}

/* --- peers --- */

static json_t *answer_of(const struct c4_peer_values *values) {
    json_t *losses = json_array(), *norms = json_array();
    for (int i = 0; i < C4_PEER_STEPS; i++) {
        json_t *layers = json_array();
        for (int layer = 0; layer < C4_LAYERS; layer++)
            json_array_append_new(layers, json_real(values->norm[i][layer]));
        json_array_append_new(losses, json_real(values->loss[i]));
        json_array_append_new(norms, layers);
    }
    return json_pack("{s:o, s:o}", "losses", losses, "norms", norms);
}

static bool agrees(const struct c4_peer_values *values, const struct c4_peer_values *told,
                   const char *words) {
    struct c4_text reason = {0};
    double loss_error = 0, features_error = 0;
    json_t *answer = answer_of(told);
    bool agree = c4_peer_values_agree(values, answer, &loss_error, &features_error, &reason);
    if (!agree) assert_non_null(strstr(c4_text_string(&reason), words));
    json_decref(answer);
    c4_text_free(&reason);
    return agree;
}

/* Of an evaluation's values each has to be right; of a training's only losses are asked. */
static void a_peers_values_are_compared(void **state) {
    (void)state;
    const struct c4_plan_config config = {.max_batch = 1, .threads = 1};
    struct c4_step_bench *bench = step_bench();
    for (int evaluates = 0; evaluates < 2; evaluates++) {
        struct c4_peer_values values = {.evaluates = evaluates};
        assert_int_equal(c4_peer_values_make(&values, &config, bench->state,
                                             c4_dataset_images(&bench->data),
                                             c4_dataset_labels(&bench->data)),
                         C4_OK);
        assert_true(agrees(&values, &values, ""));
        struct c4_peer_values wrong = values;
        wrong.loss[2] *= 1.00002;
        assert_false(agrees(&values, &wrong, "the loss of step 3"));
        wrong = values;
        wrong.norm[1][3] *= 0.99998;
        assert_true(agrees(&values, &wrong, "the norm of layer 4's features of batch 2") !=
                    evaluates);
        wrong.norm[1][3] = values.norm[1][3] * 1.000005;
        assert_true(agrees(&values, &wrong, ""));
        for (int i = 0; evaluates && i < C4_PEER_STEPS * C4_LAYERS; i++)
            assert_true(values.norm[i / C4_LAYERS][i % C4_LAYERS] > 0);
    }
    c4_step_bench_free(bench);
    free(bench);
}

/* With one or two threads, images/s are a sample's images over its wall time; no image and no
 * second is counted twice. */
static void rates_are_images_by_wall_time(void **state) {
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        struct c4_step_bench *bench = calloc(1, sizeof *bench);
        assert_non_null(bench);
        bench->config = (struct c4_plan_config){.max_batch = 2, .threads = threads};
        bench->samples = 3;
        bench->sample_seconds = 0.001;
        assert_int_equal(c4_step_bench_start(bench), C4_OK);
        assert_int_equal(c4_step_bench_run(bench, NULL, NULL), C4_ERR_USAGE); /* nothing to time */
        wrapped = *reference()->step;
        wrapped.step = counted_step;
        assert_int_equal(c4_step_bench_add(bench, "wrapped", "counted", &wrapped), C4_OK);
        clocks_on = true;
        steps_timed = 0;
        int64_t start_ns = c4_clock_ns(), images = 0, ns = 0;
        assert_int_equal(c4_step_bench_run(bench, NULL, NULL), C4_OK);
        int64_t wall_ns = c4_clock_ns() - start_ns;
        clocks_on = false;
        json_t *rows = c4_step_bench_json(bench), *row = json_array_get(rows, 0);
        for (int k = 0; k < 3; k++) {
            const struct c4_step_sample *sample = &bench->runners[0].samples[k];
            json_t *rate = json_array_get(json_object_get(row, "samples_images_per_s"), (size_t)k);
            json_t *told = json_array_get(json_object_get(row, "samples_ns"), (size_t)k);
            assert_true(
                fabs(json_real_value(rate) * (double)sample->ns * 1e-9 / (double)sample->images -
                     1) < 1e-12);
            assert_int_equal(json_integer_value(told), sample->ns);
            images += sample->images;
            ns += sample->ns;
        }
        assert_int_equal(images, 2 * (steps_timed - 3)); /* one step before each sample */
        assert_true(ns <= wall_ns);
        json_decref(rows);
        c4_step_bench_free(bench);
        free(bench);
    }
}

static enum c4_status step_nothing(struct c4_plan *plan, const struct c4_batch *batch,
                                   const struct c4_sgd *sgd, struct c4_step_result *result) {
    (void)plan;
    (void)batch;
    (void)sgd;
    *result = (struct c4_step_result){0};
    return C4_OK;
}

static void a_sample_that_is_missing_is_an_error(void **state) {
    (void)state;
    struct c4_step_bench *bench = step_bench();
    assert_int_equal(c4_step_bench_add(bench, "wrapped", "empty", &wrapped), C4_OK);
    wrapped.step = step_nothing;
    bench->batch.n = 0;
    assert_int_equal(c4_step_bench_run(bench, NULL, NULL), C4_ERR_FAILED);
    assert_non_null(strstr(c4_error(), "0 of 3 samples"));
    c4_step_bench_free(bench);
    free(bench);
}

static void phases_are_those_of_an_image(void **state) {
    (void)state;
    struct c4_step_bench *bench = step_bench();
    wrapped.step = counted_step;
    wrapped.phases = two_phases;
    wrapped.time_phases = switch_clocks;
    assert_int_equal(c4_step_bench_add(bench, "wrapped", "planted", &wrapped), C4_OK);
    assert_int_equal(c4_step_bench_add(bench, "ref", "as it is", reference()->step), C4_OK);
    assert_int_equal(c4_step_bench_run(bench, NULL, NULL), C4_OK);
    assert_false(clocks_on);
    assert_int_equal(bench->runners[0].phase_count, 2);
    assert_int_equal(bench->runners[1].phase_count, 0);
    assert_true(fabs(bench->runners[0].phases[0].seconds - 0.5) < 1e-12);
    json_t *rows = c4_step_bench_json(bench);
    json_t *phases = json_object_get(json_array_get(rows, 0), "phases");
    assert_int_equal(json_array_size(phases), 2);
    json_t *first = json_array_get(phases, 0);
    assert_true(fabs(json_real_value(json_object_get(first, "images_per_s")) - 2) < 1e-9);
    assert_true(fabs(json_real_value(json_object_get(first, "gflops")) - 10) < 1e-9);
    assert_true(fabs(json_real_value(json_object_get(first, "gflops_performed")) - 4) < 1e-9);
    double percent = json_real_value(json_object_get(first, "percent_of_peak"));
    assert_true(fabs(percent / (100 * 10 / c4_peak_spread(&bench->peak).median) - 1) < 1e-9);
    assert_int_equal(json_array_size(json_object_get(json_array_get(rows, 1), "phases")), 0);
    json_decref(rows);
    c4_step_bench_free(bench);
    free(bench);
}

/* --- peak --- */

/* Every chain stays at 1, so a loop's value is its number of lanes times chains, and round_flops
 * counts each of them. (hot_loops checks that the compiler left none out.) */
static void peak_loops_compute_what_they_count(void **state) {
    (void)state;
    const struct c4_peak_loop *loop;
    int count = 0;
    for (; (loop = c4_dispatch_peak(count)); count++) {
        double chains = (double)loop->run(1000) / loop->lanes;
        assert_true(chains == round(chains) && chains >= 8);
        assert_true(fabs(loop->round_flops / (2 * loop->lanes * round(chains)) - 4) < 1e-9);
    }
    assert_true(count > 0);
#if defined(__x86_64__)
    setenv("C4_CPU_MASK", "0", 1);
    assert_string_equal(c4_dispatch_peak(0)->name, "plain");
    assert_null(c4_dispatch_peak(1));
    unsetenv("C4_CPU_MASK");
#endif
}

static void samples_are_summed_up(void **state) {
    (void)state;
    const double samples[] = {4, 1, 3, 2};
    struct c4_spread spread = c4_spread_of(samples, 4);
    assert_true(spread.low == 1 && spread.median == 2.5 && spread.high == 4);
    assert_true(c4_spread_percent(&spread) == 120);
    assert_true(c4_spread_of(samples, 3).median == 3);
    assert_true(samples[0] == 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cka_with_a_wrong_gram_is_void),
        cmocka_unit_test(cka_is_timed_in_parts),
        cmocka_unit_test(ratios_are_to_the_fastest_backend),
        cmocka_unit_test(a_wrong_step_is_not_timed),
        cmocka_unit_test(evaluations_are_timed_in_place_of_steps),
        cmocka_unit_test(an_evaluation_with_a_wrong_feature_is_not_timed),
        cmocka_unit_test(a_peers_values_are_compared),
        cmocka_unit_test(rates_are_images_by_wall_time),
        cmocka_unit_test(a_sample_that_is_missing_is_an_error),
        cmocka_unit_test(phases_are_those_of_an_image),
        cmocka_unit_test(peak_loops_compute_what_they_count),
        cmocka_unit_test(samples_are_summed_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
