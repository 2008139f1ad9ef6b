/* Series of a history: change points, titles, words, sparklines, and what git says. */
#include "tests/bench/history_sample.h"

#include "bench/history/files.h"
#include "bench/history/spark.h"
#include "bench/history/words.h"

static void draws(const double *values, int n, double share, bool utf8, const char *want) {
    char *text;
    FILE *out = history_stream(&text);
    c4_sparkline(out, values, n, share, utf8);
    fclose(out);
    assert_string_equal(text, want);
    free(text);
}

static void sparklines(void **state) {
    (void)state;
    const double rising[8] = {0, 1, 2, 3, 4, 5, 6, 7}, noise[3] = {100, 101, 100.5};
    draws(rising, 8, 0, true, "▁▂▃▄▅▆▇█");
    draws(rising, 8, 0, false, ".:-=+*#@");
    draws(noise, 3, 0, false, ".@+");
    draws(noise, 3, 0.08, false, "=++"); /* of 8.08 around 100.5 */
    draws(rising, 1, 0.02, false, "+");
    draws(rising, 0, 0.02, false, "");
    for (int i = 1; i < 2000; i++) { /* whatever the rounding, the lowest is the lowest */
        const double pair[2] = {2339509 + i * 0.1, 2339509 + i * 0.1 + 0.7 / i};
        draws(pair, 2, 0, false, ".@");
    }
}

static void says_value(const char *unit, double value, const char *want) {
    char *text;
    FILE *out = history_stream(&text);
    c4_write_value(out, unit, value);
    fclose(out);
    assert_string_equal(text, want);
    free(text);
}

static void says_percent(double share, bool sign, const char *want) {
    char *text;
    FILE *out = history_stream(&text);
    c4_write_percent(out, share, sign);
    fclose(out);
    assert_string_equal(text, want);
    free(text);
}

static void numbers_in_words(void **state) {
    (void)state;
    says_value("s", 0.0123456, "12.35 ms");
    says_value("s", 1.5e-7, "150 ns");
    says_value("s", 0, "0 ns");
    says_value("s", 90, "90 s");
    says_value("bytes", 1234567890123, "1234567890123 bytes");
    says_value("things\n", 0.5, "0.5 things ");
    says_percent(0.041, true, "+4.1 %");
    says_percent(-0.041, true, "-4.1 %");
    says_percent(-0.041, false, "4.1 %");
    says_percent(0.000123, true, "+0.012 %");
    says_percent(0, true, "0.0 %");
    says_percent((double)NAN, true, "–");
}

static void says_change(const struct c4_trend *trend, int index, const char *want) {
    char *text = c4_words_of(c4_write_change, trend, index);
    assert_non_null(text);
    assert_string_equal(text, want);
    free(text);
}

/* A level with a little of everything, and a step at point 20 of 40. */
static void add_times(struct history_sample *sample, const char *unit, double factor) {
    for (int i = 0; i < 40; i++)
        history_add(sample, &(struct history_sample_line){.commit = i,
                                                          .unit = unit,
                                                          .value = (2 + 0.01 * (i * 7 % 5)) *
                                                                   (i < 20 ? 1 : factor)});
}

static void steps_in_noise(void **state) {
    static const struct {
        const char *unit;
        double factor;
        const char *words, *judgement;
    } cases[] = {
        {"s", 1.1, "slower by 10.0 % near commit 000000000020 (2026-01-03), p < 1e-16", "worse"},
        {"s", 0.9, "faster by 10.0 % near commit 000000000020 (2026-01-03), p < 1e-16", "better"},
        {"fish", 2, "higher by 100.0 % near commit 000000000020 (2026-01-03), p < 1e-16", "other"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct history_sample sample;
        history_begin(&sample);
        add_times(&sample, cases[i].unit, cases[i].factor);
        history_read(&sample, 0);
        assert_int_equal(sample.trends.count, 1);
        assert_int_equal(sample.trends.commits, 40);
        const struct c4_trend *trend = sample.trends.trend;
        assert_int_equal(trend->changes, 1);
        assert_int_equal(trend->change[0].index, 20);
        says_change(trend, 0, cases[i].words);
        assert_string_equal(c4_change_judgement(trend, 0), cases[i].judgement);
        /* Of point 39 to the nineteen before it. */
        assert_true(fabs(trend->newest_change - (2.03 / (38.37 / 19) - 1)) < 1e-12);
        history_end(&sample);
    }
    struct history_sample sample;
    history_begin(&sample);
    add_times(&sample, "s", 1.1);
    history_read(&sample, 0.2); /* --min-change */
    assert_int_equal(sample.trends.trend[0].changes, 0);
    history_end(&sample);
}

static void exact_values_change_at_once(void **state) {
    static const double sizes[] = {1000, 1000, 1004, 500, 500};
    struct history_sample sample;
    (void)state;
    for (int least = 0; least < 2; least++) {
        history_begin(&sample);
        for (int i = 0; i < 5; i++)
            history_add(&sample, &(struct history_sample_line){
                                     .commit = i,
                                     .unit = "bytes",
                                     .exact = true,
                                     .value = sizes[i],
                                     .more = i == 2 ? ", \"accepted\": \"more | kernels\"" : NULL});
        history_read(&sample, least ? 0.01 : 0);
        const struct c4_trend *trend = sample.trends.trend;
        assert_true(trend->exact);
        assert_int_equal(trend->changes, least ? 1 : 2);
        if (!least)
            says_change(trend, 0,
                        "larger by 0.4 % near commit 000000000002 (2026-01-01), from 1000 to "
                        "1004 bytes; accepted: more | kernels");
        says_change(trend, trend->changes - 1,
                    "smaller by 50.2 % near commit 000000000003 (2026-01-01), from 1004 to 500 "
                    "bytes");
        assert_true(trend->newest_change == 0);
        history_end(&sample);
    }
}

/* From nothing there is no share; and a change at the newest point has nothing to compare with. */
static void from_nothing(void **state) {
    struct history_sample sample;
    (void)state;
    history_begin(&sample);
    for (int i = 0; i < 2; i++)
        history_add(&sample,
                    &(struct history_sample_line){
                        .commit = i, .unit = "instructions", .exact = true, .value = 7 * i});
    history_read(&sample, 0);
    assert_int_equal(sample.trends.trend[0].changes, 1);
    says_change(sample.trends.trend, 0,
                "more near commit 000000000001 (2026-01-01), from 0 to 7 instructions");
    assert_true(isnan(sample.trends.trend[0].newest_change));
    history_end(&sample);
}

static void titles_tell_series_apart(void **state) {
    struct history_sample sample;
    (void)state;
    const struct history_sample_line lines[] = {
        {.commit = 1, .row = "a", .value = 1},
        {.commit = 1, .row = "b", .value = 1, .machine = "two"},
        {.commit = 1, .row = "b", .value = 1, .batch = 8},
        {.commit = 1, .row = "b", .value = 1, .batch = 8, .benchmark = "ops"},
        {.commit = 2, .row = "b", .value = 1, .batch = 8, .unit = "bytes"}};
    static const char *const titles[] = {"a, 1 thread", "b, batch 8, 1 thread, bench step, in s",
                                         "b, batch 8, 1 thread, bench ops, in s",
                                         "b, batch 8, 1 thread, bench step, in bytes",
                                         "b, 1 thread"};
    history_begin(&sample);
    for (int i = 0; i < 5; i++) history_add(&sample, &lines[i]);
    history_read(&sample, 0);
    assert_int_equal(sample.trends.machines, 2);
    assert_int_equal(sample.trends.commits, 2);
    assert_string_equal(sample.trends.newest_commit, "0000000000020000000000000000000000000000");
    for (int i = 0; i < 5; i++) {
        assert_string_equal(sample.trends.trend[i].title, titles[i]);
        assert_int_equal(c4_trend_opens_machine(&sample.trends, i), i == 0 || i == 4);
    }
    assert_int_equal(c4_history_select(&sample.history, NULL, "("), C4_ERR_USAGE);
    assert_int_equal(c4_history_select(&sample.history, "step", "^b$"), C4_OK);
    assert_int_equal(sample.history.count, 3);
    assert_int_equal(c4_history_select(&sample.history, "cka", NULL), C4_ERR_USAGE);
    assert_int_equal(sample.history.count, 0);
    history_end(&sample);
}

static void words_that_are_no_commits(void **state) {
    struct c4_commits commits;
    (void)state;
    assert_false(c4_commit_is_hash("v1.0"));
    assert_false(c4_commit_is_hash("000000000000000000000000000000000000000A"));
    assert_true(c4_commit_is_hash("000000000000000000000000000000000000000a"));
    assert_int_equal(c4_commits_between("--all", "HEAD", 10, &commits), C4_OK);
    assert_int_equal(commits.count, 0);
    c4_commits_free(&commits);
    assert_int_equal(c4_commits_ancestors("--all", &commits), C4_ERR_DATA);
    c4_commits_free(&commits);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sparklines),
        cmocka_unit_test(numbers_in_words),
        cmocka_unit_test(steps_in_noise),
        cmocka_unit_test(exact_values_change_at_once),
        cmocka_unit_test(from_nothing),
        cmocka_unit_test(titles_tell_series_apart),
        cmocka_unit_test(words_that_are_no_commits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
