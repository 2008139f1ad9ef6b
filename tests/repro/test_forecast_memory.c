/* Predicted memory: near the measured peaks, and how many workers fit. */
#include <stdlib.h>
#include <string.h>

#include "repro/planning/forecast_memory.h"
#include "tests/harness/unit.h"

static struct c4_study *study;

static int load(void **state) {
    (void)state;
    study = malloc(sizeof *study);
    return study && c4_study_load(NULL, study) == C4_OK ? 0 : -1;
}

static int unload(void **state) {
    (void)state;
    free(study);
    return 0;
}

static struct c4_runner runner_of(const char *scale) {
    return (struct c4_runner){.protocol = &study->protocol,
                              .scale = c4_study_scale(study, scale),
                              .backend = "avx2",
                              .threads = 1};
}

/* A study that was measured: the peak of its workers, sampled every 20 or 30 ms. */
struct measured {
    const char *scale, *set;
    enum c4_order order;
    int threads;
    uint64_t images_bytes;
    double bytes;
};

static struct c4_memory_forecast forecast_of(const struct measured *m) {
    struct c4_study set = *study;
    struct c4_scale scale = *c4_study_scale(study, m->scale);
    struct c4_memory_forecast forecast;
    if (m->set) assert_int_equal(c4_study_set(&set, &scale, m->set), C4_OK);
    set.protocol.order = m->order;
    const struct c4_runner runner = {
        .protocol = &set.protocol, .scale = &scale, .backend = "avx2", .threads = m->threads};
    c4_forecast_memory(&runner, 2, 1, m->images_bytes, 0, &forecast);
    return forecast;
}

static void assert_near(const struct measured *m, uint64_t forecast_bytes) {
    const double ratio = (double)forecast_bytes / m->bytes;
    print_message("%s %s: %.3f of the measured peak\n", m->scale, m->set ? m->set : "", ratio);
    assert_true(ratio >= 1 && ratio <= 1.15);
}

/* Anonymous in smaps_rollup, whole studies. */
static void near_what_was_measured(void **state) {
    (void)state;
    static const struct measured all[] = {
        {"smoke", NULL, C4_BN_RELU, 1, 0, 92e6},
        {"smoke", NULL, C4_BN_RELU, 2, 0, 106e6},
        {"smoke", NULL, C4_RELU_BN, 1, 0, 106e6},
        {"smoke", "batch=256", C4_BN_RELU, 1, 0, 147e6},
        {"smoke", "batch=256", C4_RELU_BN, 1, 0, 248e6},
        {"quick", NULL, C4_BN_RELU, 1, 0, 169e6},
        {"smoke", "cka_images=2000", C4_BN_RELU, 1, 0, 377e6},
        {"smoke", "control_images=2000", C4_BN_RELU, 1, 0, 385e6},
        {"smoke", "control_images=4000", C4_BN_RELU, 1, 0, 1046e6}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_near(&all[i], forecast_of(&all[i]).worker_bytes);
}

/* VmPeak, of figure 1 alone; the second on real images, all of it. */
static void near_the_address_space(void **state) {
    (void)state;
    static const struct measured all[] = {
        {"smoke", NULL, C4_BN_RELU, 1, 57000000, 272e6},
        {"smoke", NULL, C4_BN_RELU, 1, 103000000, 324e6},
        {"smoke", NULL, C4_BN_RELU, 2, 57000000, 363e6},
        {"smoke", "control_images=2000", C4_BN_RELU, 1, 57000000, 641e6}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_near(&all[i], forecast_of(&all[i]).address_bytes);
}

static void more_work_takes_more(void **state) {
    (void)state;
    struct c4_memory_forecast few, many;
    struct c4_runner runner = runner_of("smoke");
    c4_forecast_memory(&runner, 1, 1, 7, 0, &few);
    assert_int_equal(few.images_bytes, 7);
    runner.threads = 4;
    c4_forecast_memory(&runner, 1, 1, 7, 0, &many);
    assert_true(many.worker_bytes > few.worker_bytes);
    runner.threads = 1;
    runner.wide = true;
    c4_forecast_memory(&runner, 1, 1, 7, 0, &many);
    assert_true(many.worker_bytes > few.worker_bytes);
    /* References give way where there is little. */
    runner.wide = false;
    /* Two nodes have references of their own, of half the workers and half of what may be used. */
    c4_forecast_memory(&runner, 8, 2, 7, 0, &many);
    c4_forecast_memory(&runner, 4, 1, 7, 0, &few);
    assert_true(many.references_bytes == 2 * few.references_bytes);
    c4_forecast_memory(&runner, 1, 1, 7, 200000000, &many);
    assert_true(many.references_bytes <= 50000000);
    assert_true(many.references_bytes < few.references_bytes);
}

static void as_many_as_fit(void **state) {
    (void)state;
    const struct c4_runner runner = runner_of("smoke");
    struct c4_memory_limit limit = {.by = C4_MEMORY_UNKNOWN};
    assert_int_equal(c4_forecast_memory_fit(&runner, 64, 1, 1000000, &limit), 64);
    limit.by = C4_MEMORY_CGROUP;
    assert_int_equal(c4_forecast_memory_fit(&runner, 64, 1, 1000000, &limit), 0);
    int before = 0;
    for (uint64_t mb = 100; mb < 4000; mb += 50) {
        limit.bytes = mb * 1000000;
        int fit = c4_forecast_memory_fit(&runner, 8, 1, 1000000, &limit);
        struct c4_memory_forecast forecast;
        c4_forecast_memory(&runner, fit, 1, 1000000, limit.bytes, &forecast);
        assert_true(fit >= before && fit <= 8);
        if (fit > 0) assert_true(c4_forecast_memory_sum(&forecast, fit) <= limit.bytes);
        c4_forecast_memory(&runner, fit + 1, 1, 1000000, limit.bytes, &forecast);
        if (fit < 8) assert_true(c4_forecast_memory_sum(&forecast, fit + 1) > limit.bytes);
        before = fit;
    }
    assert_int_equal(before, 8);
    /* Each process may have too little, however few there are. */
    limit.process_bytes = 100000000;
    assert_int_equal(c4_forecast_memory_fit(&runner, 8, 1, 1000000, &limit), 0);
    limit.process_bytes = 1000000000;
    assert_int_equal(c4_forecast_memory_fit(&runner, 8, 1, 1000000, &limit), 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_what_was_measured),
        cmocka_unit_test(near_the_address_space),
        cmocka_unit_test(more_work_takes_more),
        cmocka_unit_test(as_many_as_fit),
    };
    return cmocka_run_group_tests_name("forecast_memory", tests, load, unload);
}
