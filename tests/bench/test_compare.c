/* Comparing two programs: what is read of their output, pairs, and verdicts. */
#include "bench/compare/pairs.h"
#include "core/cli/duration.h"
#include "tests/harness/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static enum c4_status read(const char *text, struct c4_timings *timings) {
    return c4_timings_read(text, strlen(text), "old/conv4", timings);
}

static void outputs_are_read(void **state) {
    struct c4_timings t;
    (void)state;
    assert_int_equal(read("{\"benchmark\": \"step\", \"steps\": ["
                          "{\"backend\": \"avx2\", \"images_per_s\": 500},"
                          "{\"backend\": \"void\", \"images_per_s\": null}]}",
                          &t),
                     C4_OK);
    assert_int_equal(t.count, 1);
    assert_string_equal(t.timing[0].name, "step/avx2");
    assert_true(t.timing[0].seconds == 0.002);
    c4_timings_free(&t);
    assert_int_equal(
        read("{\"benchmark\": \"ops\", \"rows\": ["
             "{\"name\": \"a/n32/avx2\", \"seconds_per_call\": 0.5}, {\"name\": \"b\"}]}",
             &t),
        C4_OK);
    assert_int_equal(t.count, 1);
    assert_string_equal(t.timing[0].name, "a/n32/avx2");
    c4_timings_free(&t);
    assert_int_equal(
        read("{\"benchmark\": \"cka\", \"rows\": [{\"name\": \"c\", \"seconds\": 2}]}", &t), C4_OK);
    assert_true(t.timing[0].seconds == 2);
    c4_timings_free(&t);
    static const char *const bad[] = {"", "{", "[]", "{\"benchmark\": \"ops\", \"rows\": []}",
                                      "{\"benchmark\": \"other\", \"rows\": [{}]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read(bad[i], &t), C4_ERR_DATA);
        assert_non_null(strstr(c4_error(), "old/conv4"));
        c4_timings_free(&t);
    }
}

/* Aggregates, failed and skipped rows are left out; repetitions are samples of one process. */
static void google_benchmark_is_read(void **state) {
    struct c4_timings t;
    (void)state;
    assert_int_equal(
        read("{\"context\": {}, \"benchmarks\": ["
             "{\"name\": \"f/8\", \"run_type\": \"iteration\", \"real_time\": 3, \"time_unit\": "
             "\"us\"},"
             "{\"name\": \"g\", \"real_time\": 5, \"time_unit\": \"s\"},"
             "{\"name\": \"f/8\", \"run_type\": \"iteration\", \"real_time\": 1, \"time_unit\": "
             "\"us\"},"
             "{\"name\": \"f/8\", \"run_type\": \"iteration\", \"real_time\": 2, \"time_unit\": "
             "\"us\"},"
             "{\"name\": \"f/8_mean\", \"run_type\": \"aggregate\", \"real_time\": 2, "
             "\"time_unit\": \"us\"},"
             "{\"name\": \"h\", \"error_occurred\": true, \"real_time\": 9, \"time_unit\": \"ns\"},"
             "{\"name\": \"i\", \"skipped\": \"x\", \"real_time\": 9, \"time_unit\": \"ns\"},"
             "{\"name\": \"j\", \"real_time\": 9, \"time_unit\": \"years\"}]}",
             &t),
        C4_OK);
    assert_string_equal(t.benchmark, "google-benchmark");
    assert_int_equal(t.count, 2);
    assert_string_equal(t.timing[0].name, "f/8");
    assert_true(fabs(t.timing[0].seconds - 2e-6) < 1e-18);
    assert_string_equal(t.timing[1].name, "g");
    assert_true(t.timing[1].seconds == 5);
    c4_timings_free(&t);
    /* The library writes numbers that JSON does not have. */
    assert_int_equal(read("{\"benchmarks\": [{\"name\": \"f\", \"real_time\": nan}]}", &t),
                     C4_ERR_DATA);
    c4_timings_free(&t);
}

static struct c4_row_verdict judge(double center, double spread, int pairs, int rows) {
    double r[C4_PAIRS_MOST];
    struct c4_row_verdict verdict;
    for (int i = 0; i < pairs; i++) {
        int step = 1 + i / 2;
        r[i] = log(center) + spread * (i % 2 ? -step : step) / pairs;
    }
    assert_int_equal(c4_row_judge(r, pairs, rows, .02, &verdict), C4_OK);
    return verdict;
}

static void verdicts(void **state) {
    (void)state;
    struct c4_row_verdict v = judge(1, .004, 20, 1);
    assert_true(v.change == C4_EQUAL && v.margin == .02 && v.low < 1 && v.high > 1);
    assert_true(judge(1, .09, 20, 1).margin == .03);
    assert_true(judge(1, .15, 20, 1).margin == .05);
    assert_int_equal(judge(1, .4, 20, 1).change, C4_UNKNOWN);
    v = judge(1.1, .01, 20, 1);
    assert_true(v.change == C4_SLOWER && v.margin == 0 && v.low > 1.09 && v.high < 1.11);
    assert_true(fabs(v.ratio - 1.1) < .002);
    assert_int_equal(judge(.9, .01, 20, 1).change, C4_FASTER);
    /* Different beyond doubt, but less than the smallest change that counts. */
    assert_int_equal(judge(1.01, .002, 20, 1).change, C4_EQUAL);
    /* Too few pairs for anything. */
    assert_int_equal(judge(1.1, .001, 13, 1).change, C4_UNKNOWN);
    v = judge(1, 0, 0, 1);
    assert_true(v.change == C4_UNKNOWN && isnan(v.ratio) && isinf(v.high));
}

/* More rows need more pairs: the smallest p-value has to reach the row's share of 1 %. */
static void families(void **state) {
    (void)state;
    assert_true(c4_row_alpha(1) == .005 && c4_row_alpha(0) == .005);
    assert_true(c4_row_alpha(50) == .0001);
    assert_int_equal(c4_pairs_needed(1), 14);
    assert_int_equal(c4_pairs_needed(40), 14);
    assert_int_equal(c4_pairs_needed(41), 15);
    assert_int_equal(c4_pairs_needed(300), 17);
    assert_int_equal(judge(1.1, .001, 14, 40).change, C4_SLOWER);
    assert_int_equal(judge(1.1, .001, 14, 41).change, C4_UNKNOWN);
    for (int rows = 1; rows < 400; rows++)
        assert_true(ldexp(1, 1 - c4_pairs_needed(rows)) <= c4_row_alpha(rows));
}

/* Sides that were measured by themselves: no verdict below 14 times on either. */
static void sides_apart(void **state) {
    double old[20], new[20];
    struct c4_row_verdict v;
    (void)state;
    for (int i = 0; i < 20; i++) {
        old[i] = log(2) + .0007 * ((i * 7) % 20 - 9.5);
        new[i] = log(2.2) + .0007 * ((i * 11) % 20 - 9.5);
    }
    assert_int_equal(c4_row_judge_apart(old, 20, new, 20, 1, .02, &v), C4_OK);
    assert_true(v.change == C4_SLOWER && v.pairs == 20 && fabs(v.ratio - 1.1) < .001);
    assert_int_equal(c4_row_judge_apart(new, 20, old, 15, 300, .02, &v), C4_OK);
    assert_true(v.change == C4_FASTER && v.pairs == 15);
    assert_int_equal(c4_row_judge_apart(old, 20, old, 20, 1, .02, &v), C4_OK);
    assert_true(v.change == C4_EQUAL && v.margin == .02 && v.ratio == 1);
    assert_int_equal(c4_row_judge_apart(old, 20, new, 13, 1, .02, &v), C4_OK);
    assert_true(v.change == C4_UNKNOWN && isfinite(v.high));
    assert_int_equal(c4_row_judge_apart(old, 20, new, 0, 1, .02, &v), C4_OK);
    assert_true(v.change == C4_UNKNOWN && isnan(v.ratio));
}

static void pairs_are_collected(void **state) {
    struct c4_timing of_old[] = {{"both", 1}, {"gone", 1}},
                     of_new[] = {{"added", 1}, {"both", 1.5}};
    const struct c4_timings old = {"ops", of_old, 2, NULL}, new = {"ops", of_new, 2, NULL},
                            part = {"ops", of_new + 1, 1, NULL};
    struct c4_comparison c = {.min_effect = .02};
    (void)state;
    for (int i = 0; i < 14; i++) assert_int_equal(c4_comparison_add(&c, &old, &new), C4_OK);
    assert_int_equal(c.count, 3);
    assert_int_equal(c4_comparison_rows(&c), 1);
    assert_int_equal(c4_comparison_judge(&c), C4_OK);
    const struct c4_compared_row *both = &c.row[0];
    assert_string_equal(both->name, "both");
    assert_int_equal(c4_row_pairs(both), 14);
    assert_true(both->seconds[C4_NEW][13] == 1.5 && both->seconds[C4_OLD][13] == 1);
    assert_int_equal(both->verdict.change, C4_SLOWER);
    assert_true(c4_row_is_open(both));
    for (int i = 1; i < 3; i++) assert_false(c4_row_is_open(&c.row[i]));
    assert_int_equal(c4_comparison_with(&c, C4_SLOWER), 1);
    assert_int_equal(c4_comparison_with(&c, C4_UNKNOWN), 0); /* rows of one side do not count */
    /* A second look at some rows only; room for pairs is limited. */
    for (int i = 0; i < C4_PAIRS_MOST; i++)
        assert_int_equal(c4_comparison_add(&c, &part, &part), C4_OK);
    assert_int_equal(c4_row_pairs(&c.row[0]), C4_PAIRS_MOST);
    assert_int_equal(c4_row_pairs(&c.row[1]), 0);
    c4_comparison_free(&c);
}

static void durations(void **state) {
    static const struct {
        const char *text;
        double seconds;
    } good[] = {{"90", 90},    {"1.5h", 5400},     {"3m", 180}, {"20s", 20}, {"2d", 172800},
                {"3:50", 230}, {"3:50:00", 13800}, {".5", .5},  {"0:01", 1}, {"5min", 300}};
    static const char *const bad[] = {"",        "0",    "-1",  "1x",  "m",       "1:60",
                                      "1:2:3:4", ":",    "1:",  "inf", "1e9",     "400d",
                                      "1 m",     "0x10", "nan", "3mm", "1:2.5:3x"};
    double seconds;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(c4_duration_read("max-time", good[i].text, &seconds), C4_OK);
        if (seconds != good[i].seconds) fail_msg("%s is %g seconds", good[i].text, seconds);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (c4_duration_read("max-time", bad[i], &seconds) != C4_ERR_USAGE)
            fail_msg("'%s' is a duration of %g seconds", bad[i], seconds);
        assert_non_null(strstr(c4_error(), "--max-time"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_are_read), cmocka_unit_test(google_benchmark_is_read),
        cmocka_unit_test(sides_apart),      cmocka_unit_test(verdicts),
        cmocka_unit_test(families),         cmocka_unit_test(pairs_are_collected),
        cmocka_unit_test(durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
