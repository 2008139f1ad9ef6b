/* Whether bench ops can be trusted: wrong results are not timed, and times are those measured. */
#include <math.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ops/ops.h"
#include "bench/ops/subject.h"
#include "core/host/clock.h"
#include "tests/harness/unit.h"

static const struct c4_backend *reference(void) {
    static struct c4_dispatch dispatch;
    assert_int_equal(c4_dispatch("ref", &dispatch), C4_OK);
    return &dispatch.backend;
}

/* --- kernels with a planted fault --- */

static void linear_fwd_off_by_one_bit(int n, const float *x, const float *w, const float *bias,
                                      float *logits) {
    reference()->linear_fwd(n, x, w, bias, logits);
    logits[1] = nextafterf(logits[1], 9);
}

static void linear_fwd_off_by_1e3(int n, const float *x, const float *w, const float *bias,
                                  float *logits) {
    reference()->linear_fwd(n, x, w, bias, logits);
    logits[1] += 1e-3f * fabsf(logits[0] + logits[1]) + 1e-2f;
}

static void linear_fwd_unwritten(int n, const float *x, const float *w, const float *bias,
                                 float *logits) {
    float last = logits[(size_t)n * C4_LOGITS_STRIDE - 1];
    reference()->linear_fwd(n, x, w, bias, logits);
    logits[(size_t)n * C4_LOGITS_STRIDE - 1] = last;
}

/* Right at first, wrong from a later call on. */
static int calls_before_fault;

static void linear_fwd_wrong_later(int n, const float *x, const float *w, const float *bias,
                                   float *logits) {
    reference()->linear_fwd(n, x, w, bias, logits);
    if (calls_before_fault-- <= 0) logits[0] += 1;
}

static struct c4_backend faulty(const char *name, bool bit_exact, c4_linear_fwd_fn *linear_fwd) {
    struct c4_backend backend = {.name = name, .variant = "planted", .bit_exact = bit_exact};
    backend.linear_fwd = linear_fwd;
    return backend;
}

static const struct c4_op_size size_of_three = {.n = 3};

static enum c4_status check(const struct c4_op_work *work, const char *name, c4_op_fn *function,
                            double tolerance) {
    c4_op_work_reset(work);
    c4_op_work_call(work, function);
    return c4_op_work_compare(work, name, tolerance);
}

static void a_wrong_op_is_found(void **state) {
    (void)state;
    struct c4_op_work work;
    assert_int_equal(c4_op_work_make(&work, C4_SLOT_linear_fwd, &size_of_three), C4_OK);
    c4_op_work_expect(&work, (c4_op_fn *)reference()->linear_fwd);
    c4_op_fn *right = (c4_op_fn *)reference()->linear_fwd;
    c4_op_fn *bit = (c4_op_fn *)linear_fwd_off_by_one_bit;
    c4_op_fn *much = (c4_op_fn *)linear_fwd_off_by_1e3;
    c4_op_fn *unwritten = (c4_op_fn *)linear_fwd_unwritten;
    assert_int_equal(check(&work, "right", right, 0), C4_OK);
    assert_int_equal(check(&work, "bit", bit, 0), C4_ERR_RESULT);
    assert_non_null(strstr(c4_error(), "bit: logits[1]"));
    assert_int_equal(check(&work, "bit", bit, C4_PEER_TOLERANCE), C4_OK);
    assert_int_equal(check(&work, "much", much, C4_PEER_TOLERANCE), C4_ERR_RESULT);
    assert_int_equal(check(&work, "left", unwritten, 0), C4_ERR_RESULT);
    assert_int_equal(check(&work, "left", unwritten, C4_PEER_TOLERANCE), C4_ERR_RESULT);
    assert_int_equal(check(&work, "right", right, 0), C4_OK);
    c4_op_work_free(&work);
}

/* Each slot in each shape: the reference agrees with itself, even after a call that updated arrays
 * in place, and all its outputs are non-trivial. */
static void every_slot_can_be_called_and_checked(void **state) {
    (void)state;
    struct c4_op_shape shapes[C4_OP_SHAPES_MAX];
    int count = c4_op_shapes(1, 1, shapes), per_slot[C4_SLOT_COUNT] = {0};
    for (int i = 0; i < count; i++) {
        struct c4_op_work work;
        c4_op_fn *function = c4_op_function(reference(), shapes[i].slot);
        assert_int_equal(c4_op_work_make(&work, shapes[i].slot, &shapes[i].size), C4_OK);
        c4_op_work_expect(&work, function);
        for (int k = 0; k < work.array_count; k++) {
            const struct c4_op_array *array = &work.array[k];
            if (array->spec.type != C4_OP_F32 || !array->expect) continue;
            double sum = 0;
            for (size_t e = 0; e < array->spec.count; e++)
                sum += fabs((double)((const float *)array->expect)[e]);
            assert_true(sum > 0 && isfinite(sum));
        }
        for (int turn = 0; turn < 2; turn++) {
            assert_int_equal(check(&work, shapes[i].label, function, 0), C4_OK);
            c4_op_work_call(&work, function);
        }
        c4_op_work_free(&work);
        per_slot[shapes[i].slot]++;
    }
    for (int slot = 0; slot < C4_SLOT_COUNT; slot++) assert_true(per_slot[slot] > 0);
}

static void rows_are_selected_by_name(void **state) {
    (void)state;
    const struct c4_backend *backends[] = {reference()};
    struct c4_ops_bench bench = {.batch = 4, .threads = 1, .samples = 9};
    assert_int_equal(c4_ops_bench_select(&bench, backends, 1, "^conv_fwd_.*/block2/"), C4_OK);
    assert_int_equal(bench.count, 2);
    assert_string_equal(bench.rows[0].name, "conv_fwd_direct/block2/n4/ref");
    assert_string_equal(bench.rows[1].name, "conv_fwd_winograd/block2/n4/ref");
    c4_ops_bench_free(&bench);
    assert_int_equal(c4_ops_bench_select(&bench, backends, 1, "no such op"), C4_ERR_USAGE);
    c4_ops_bench_free(&bench);
    assert_int_equal(c4_ops_bench_select(&bench, backends, 1, "conv("), C4_ERR_USAGE);
    assert_non_null(strstr(c4_error(), "regular expression"));
    c4_ops_bench_free(&bench);
}

static json_t *row_named(json_t *rows, const char *name) {
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0) return row;
    }
    return NULL;
}

static void a_wrong_row_is_void_and_the_others_are_timed(void **state) {
    (void)state;
    if (c4_ops_bench_available() != C4_OK) skip();
    struct c4_backend bad = faulty("bad", true, linear_fwd_off_by_one_bit);
    struct c4_backend peer = faulty("peer", false, linear_fwd_off_by_one_bit);
    const struct c4_backend *backends[] = {&bad, reference(), &peer};
    struct c4_ops_bench bench = {.batch = 3, .threads = 1, .samples = 9, .sample_seconds = 1e-4};
    assert_int_equal(c4_ops_bench_select(&bench, backends, 3, "linear_fwd"), C4_OK);
    assert_int_equal(bench.count, 3);
    assert_int_equal(c4_ops_bench_run(&bench, reference(), NULL, NULL), C4_ERR_RESULT);
    assert_non_null(strstr(c4_error(), "linear_fwd/linear/n3/bad"));
    json_t *rows = c4_ops_bench_json(&bench);
    json_t *row = row_named(rows, "linear_fwd/linear/n3/bad");
    assert_true(json_is_false(json_object_get(row, "checked")));
    assert_null(json_object_get(row, "seconds_per_call"));
    row = row_named(rows, "linear_fwd/linear/n3/peer");
    assert_true(json_is_true(json_object_get(row, "checked")));
    row = row_named(rows, "linear_fwd/linear/n3/ref");
    assert_true(json_is_true(json_object_get(row, "checked")));
    assert_int_equal(json_array_size(json_object_get(row, "samples_seconds_per_call")), 9);
    assert_true(json_real_value(json_object_get(row, "seconds_per_call")) > 0);
    json_decref(rows);
    c4_ops_bench_free(&bench);
}

static void a_row_that_goes_wrong_later_is_void_too(void **state) {
    (void)state;
    if (c4_ops_bench_available() != C4_OK) skip();
    struct c4_backend bad = faulty("bad", true, linear_fwd_wrong_later);
    const struct c4_backend *backends[] = {&bad, reference()};
    struct c4_ops_bench bench = {.batch = 3, .threads = 1, .samples = 9, .sample_seconds = 1e-4};
    for (int calls = 1; calls <= 16;
         calls *= 4) { /* of at least 18: nine samples and their checks */
        calls_before_fault = calls;
        assert_int_equal(c4_ops_bench_select(&bench, backends, 2, "linear_fwd"), C4_OK);
        assert_int_equal(c4_ops_bench_run(&bench, reference(), NULL, NULL), C4_ERR_RESULT);
        assert_int_equal(bench.rows[0].measured, 0);
        assert_int_equal(bench.rows[1].measured, 9);
        assert_null(strstr(bench.gbench_json, "linear_fwd/linear/n3/bad"));
        assert_non_null(strstr(bench.gbench_json, "linear_fwd/linear/n3/ref"));
        c4_ops_bench_free(&bench);
    }
}

/* Google Benchmark's report of the same samples: wall-clock times, and rates computed from them. */
static void google_benchmark_reports_the_same_numbers(void **state) {
    (void)state;
    if (c4_ops_bench_available() != C4_OK) skip();
    const struct c4_backend *backends[] = {reference()};
    struct c4_ops_bench bench = {.batch = 3, .threads = 1, .samples = 9, .sample_seconds = 1e-4};
    assert_int_equal(c4_ops_bench_select(&bench, backends, 1, "sgd_update"), C4_OK);
    assert_int_equal(c4_ops_bench_run(&bench, reference(), NULL, NULL), C4_OK);
    json_t *report = json_loads(bench.gbench_json, 0, NULL);
    assert_non_null(report);
    json_t *runs = json_object_get(report, "benchmarks");
    int found = 0;
    for (size_t i = 0; i < json_array_size(runs); i++) {
        json_t *run = json_array_get(runs, i);
        if (strcmp(json_string_value(json_object_get(run, "run_type")), "iteration") != 0) continue;
        double us = json_number_value(json_object_get(run, "real_time"));
        double rate = json_number_value(json_object_get(run, "flops_nominal"));
        assert_true(fabs(us * 1e-6 / bench.rows[0].seconds[found] - 1) < 1e-9);
        assert_true(fabs(rate / (bench.rows[0].cost.flops / (us * 1e-6)) - 1) < 1e-9);
        found++;
    }
    assert_int_equal(found, 9);
    json_decref(report);
    c4_ops_bench_free(&bench);
}

/* Zero durations must not become infinity or NaN in JSON. */
static void json_has_no_infinities(void **state) {
    (void)state;
    const struct c4_backend *backends[] = {reference()};
    struct c4_ops_bench bench = {.batch = 3, .threads = 1, .samples = 9};
    assert_int_equal(c4_ops_bench_select(&bench, backends, 1, "sgd_update"), C4_OK);
    bench.rows[0].measured = 9; /* all 0 seconds, and no peak */
    json_t *rows = c4_ops_bench_json(&bench);
    json_t *row = json_array_get(rows, 0);
    assert_true(json_is_null(json_object_get(row, "gflops")));
    assert_true(json_is_null(json_object_get(row, "percent_of_peak")));
    char *text = json_dumps(rows, 0);
    assert_non_null(text);
    assert_null(strstr(text, "inf"));
    free(text);
    json_decref(rows);
    c4_ops_bench_free(&bench);
}

/* --- several threads --- */

static atomic_int linear_calls[2]; /* by thread */

static void linear_fwd_counted(int n, const float *x, const float *w, const float *bias,
                               float *logits) {
    linear_calls[omp_get_thread_num()]++;
    reference()->linear_fwd(n, x, w, bias, logits);
}

static void linear_fwd_wrong_in_thread_1(int n, const float *x, const float *w, const float *bias,
                                         float *logits) {
    reference()->linear_fwd(n, x, w, bias, logits);
    if (omp_get_thread_num() == 1) logits[0] += 1;
}

/* Every thread makes every call, all threads' images count, and times are wall times. */
static void threads_call_together_and_count_once(void **state) {
    (void)state;
    if (c4_ops_bench_available() != C4_OK) skip();
    struct c4_backend counted = faulty("counted", true, linear_fwd_counted);
    const struct c4_backend *backends[] = {&counted};
    struct c4_ops_bench bench = {.batch = 3, .threads = 2, .samples = 9, .sample_seconds = 1e-4};
    assert_int_equal(c4_ops_bench_select(&bench, backends, 1, "linear_fwd"), C4_OK);
    assert_string_equal(bench.rows[0].name, "linear_fwd/linear/n3/t2/counted");
    linear_calls[0] = linear_calls[1] = 0;
    int64_t start_ns = c4_clock_ns();
    assert_int_equal(c4_ops_bench_run(&bench, reference(), NULL, NULL), C4_OK);
    double wall_seconds = (double)(c4_clock_ns() - start_ns) * 1e-9;
    assert_int_equal(linear_calls[0], linear_calls[1]);
    json_t *rows = c4_ops_bench_json(&bench), *row = json_array_get(rows, 0);
    assert_int_equal(json_integer_value(json_object_get(row, "images")), 6);
    double seconds = json_real_value(json_object_get(row, "seconds_per_call"));
    double image = json_real_value(json_object_get(row, "seconds_per_image"));
    assert_true(fabs(image * 6 / seconds - 1) < 1e-12);
    json_t *report = json_loads(bench.gbench_json, 0, NULL), *runs;
    assert_non_null(runs = json_object_get(report, "benchmarks"));
    double timed_seconds = 0;
    int64_t timed_calls = 0;
    for (size_t i = 0; i < json_array_size(runs); i++) {
        json_t *run = json_array_get(runs, i);
        if (strcmp(json_string_value(json_object_get(run, "run_type")), "iteration") != 0) continue;
        double us = json_number_value(json_object_get(run, "real_time"));
        double rate = json_number_value(json_object_get(run, "images"));
        assert_true(fabs(rate * us * 1e-6 / 6 - 1) < 1e-9);
        int64_t calls = json_integer_value(json_object_get(run, "iterations"));
        timed_seconds += (double)calls * us * 1e-6;
        timed_calls += calls;
    }
    assert_true(timed_seconds <= wall_seconds);
    assert_true(timed_calls >= 9 && timed_calls < linear_calls[0]);
    json_decref(report);
    json_decref(rows);
    c4_ops_bench_free(&bench);
}

static void a_fault_in_one_thread_is_found(void **state) {
    (void)state;
    if (c4_ops_bench_available() != C4_OK) skip();
    struct c4_backend bad = faulty("bad", true, linear_fwd_wrong_in_thread_1);
    const struct c4_backend *backends[] = {&bad};
    struct c4_ops_bench bench = {.batch = 3, .threads = 2, .samples = 9, .sample_seconds = 1e-4};
    assert_int_equal(c4_ops_bench_select(&bench, backends, 1, "linear_fwd"), C4_OK);
    assert_int_equal(c4_ops_bench_run(&bench, reference(), NULL, NULL), C4_ERR_RESULT);
    assert_non_null(strstr(c4_error(), "logits[0]"));
    c4_ops_bench_free(&bench);
}

/* --- own layouts: ref's Winograd on negated copies --- */

struct c4_prepared {
    struct c4_conv_shape shape;
    float *x, *u, *y, *scratch;
};

static bool lacks_kernel, lacks_memory, makes_errors, fails;

static size_t map_floats(const struct c4_prepared *prepared) {
    const struct c4_conv_shape *shape = &prepared->shape;
    return (size_t)shape->n * (size_t)shape->h * (size_t)shape->w * C4_CHANNELS;
}

static float *floats(size_t count) {
    float *values = aligned_alloc(64, (count * sizeof *values + 63) / 64 * 64);
    assert_non_null(values);
    return values;
}

static enum c4_status open_negated(enum c4_op_slot slot, const struct c4_conv_shape *shape,
                                   struct c4_prepared **prepared) {
    if (lacks_kernel || slot != C4_SLOT_conv_fwd_winograd)
        return c4_fail(C4_ERR_ENVIRONMENT, "no such kernel");
    if (lacks_memory) return c4_fail(C4_ERR_MEMORY, "no memory for a convolution");
    *prepared = calloc(1, sizeof **prepared);
    assert_non_null(*prepared);
    (*prepared)->shape = *shape;
    (*prepared)->x = floats(map_floats(*prepared));
    (*prepared)->y = floats(map_floats(*prepared));
    (*prepared)->u = floats((size_t)C4_WINOGRAD_POSITIONS * C4_CHANNELS * C4_CHANNELS);
    (*prepared)->scratch = floats(C4_WINOGRAD_SCRATCH);
    return C4_OK;
}

static void close_negated(struct c4_prepared *prepared) {
    free(prepared->x);
    free(prepared->y);
    free(prepared->u);
    free(prepared->scratch);
    free(prepared);
}

static const char *negated_kernel(const struct c4_prepared *prepared) {
    (void)prepared;
    return "negated";
}

static enum c4_status load_negated(struct c4_prepared *prepared, const float *x, const float *w) {
    for (size_t i = 0; i < map_floats(prepared); i++) prepared->x[i] = -x[i];
    reference()->winograd_weights(w, prepared->u);
    return C4_OK;
}

static enum c4_status run_negated(struct c4_prepared *prepared) {
    if (fails) return c4_fail(C4_ERR_FAILED, "the library is out of sorts");
    reference()->conv_fwd_winograd(&prepared->shape, prepared->x, prepared->u, prepared->y,
                                   prepared->scratch);
    if (makes_errors) prepared->y[7] += 1;
    return C4_OK;
}

static enum c4_status store_negated(struct c4_prepared *prepared, float *y) {
    for (size_t i = 0; i < map_floats(prepared); i++) y[i] = -prepared->y[i];
    return C4_OK;
}

static const struct c4_prepared_api negated = {.open = open_negated,
                                               .close = close_negated,
                                               .kernel = negated_kernel,
                                               .load = load_negated,
                                               .run = run_negated,
                                               .store = store_negated};

/* The reordering is timed separately, and the results are compared after it. */
static void layouts_of_its_own_are_a_column_of_their_own(void **state) {
    (void)state;
    if (c4_ops_bench_available() != C4_OK) skip();
    struct c4_backend peer = {.name = "peer", .variant = "planted", .prepared = &negated};
    const struct c4_backend *backends[] = {&peer};
    const char *const sentences[] = {NULL, "peer: y differs", "out of sorts"};
    for (int turn = 0; turn < 3; turn++) {
        struct c4_ops_bench bench = {
            .batch = 1, .threads = 1, .samples = 9, .sample_seconds = 1e-4};
        makes_errors = turn == 1;
        fails = turn == 2;
        assert_int_equal(c4_ops_bench_select(&bench, backends, 1, "fwd_.*block4"), C4_OK);
        assert_int_equal(bench.count, 1);
        assert_string_equal(bench.rows[0].name, "conv_fwd_winograd/block4/n1/peer");
        enum c4_status status = c4_ops_bench_run(&bench, reference(), NULL, NULL);
        assert_int_equal(status, turn ? C4_ERR_RESULT : C4_OK);
        json_t *rows = c4_ops_bench_json(&bench), *row = json_array_get(rows, 0);
        if (turn) {
            assert_non_null(strstr(c4_error(), sentences[turn]));
            assert_null(json_object_get(row, "reorder_seconds_per_call"));
        } else {
            assert_string_equal(json_string_value(json_object_get(row, "kernel")), "negated");
            assert_true(json_real_value(json_object_get(row, "reorder_seconds_per_call")) > 0);
        }
        json_decref(rows);
        c4_ops_bench_free(&bench);
    }
    fails = makes_errors = false;
    lacks_kernel = true;
    struct c4_ops_bench bench = {.batch = 1, .threads = 1, .samples = 9};
    assert_int_equal(c4_ops_bench_select(&bench, backends, 1, NULL), C4_ERR_USAGE);
    c4_ops_bench_free(&bench);
    lacks_kernel = false;
    lacks_memory = true; /* must not be taken for a missing kernel */
    assert_int_equal(c4_ops_bench_select(&bench, backends, 1, "fwd_.*block4"), C4_ERR_MEMORY);
    c4_ops_bench_free(&bench);
    lacks_memory = false;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_op_is_found),
        cmocka_unit_test(every_slot_can_be_called_and_checked),
        cmocka_unit_test(rows_are_selected_by_name),
        cmocka_unit_test(a_wrong_row_is_void_and_the_others_are_timed),
        cmocka_unit_test(a_row_that_goes_wrong_later_is_void_too),
        cmocka_unit_test(google_benchmark_reports_the_same_numbers),
        cmocka_unit_test(threads_call_together_and_count_once),
        cmocka_unit_test(a_fault_in_one_thread_is_found),
        cmocka_unit_test(layouts_of_its_own_are_a_column_of_their_own),
        cmocka_unit_test(json_has_no_infinities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
