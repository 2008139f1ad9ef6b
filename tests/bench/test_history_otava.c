/* Apache Otava reads what is written for it, and finds the same change points in it
 * (tests/reference/make_history.py). */
#include "tests/bench/history_sample.h"
#include "tests/core/stats_fixture.h"

#include "bench/history/report.h"
#include "core/file/file.h"

enum { SERIES = 6 };

/* "step.NAME.batch32.threads1.s" */
static void row_of(const char *column, char row[32]) {
    assert_int_equal(sscanf(column, "step.%31[a-z].batch32.threads1.s", row), 1);
}

static void write_line(FILE *out, const struct fixture *f, const char *row, const char *value) {
    fprintf(out,
            "{\"schema\": \"conv4-history\", \"version\": 1, \"commit\": \"%s\", "
            "\"committed_utc\": \"%s\", \"recorded_utc\": \"2026-05-01T00:00:00Z\", "
            "\"benchmark\": \"step\", \"row\": \"%s\", \"batch\": 32, \"threads\": 1, "
            "\"unit\": \"s\", \"exact\": false, \"median\": %s, \"low\": null, \"high\": null, "
            "\"samples\": [%s], \"environment\": {\"key\": \"k\", \"text\": \"t\"}}\n",
            f->field[1], f->field[0], row, value, value);
}

/* The history that history_otava.csv was written from. */
static void make(struct history_sample *sample, double max_p, int window, double min_change) {
    struct fixture f = {0};
    char rows[SERIES][32], path[4096];
    const struct c4_change_options options = {max_p, window, min_change};
    snprintf(path, sizeof path, "%s/history_otava.csv", C4_TEST_REFERENCE);
    f.file = fopen(path, "r");
    assert_non_null(f.file);
    assert_true(fixture_row(&f, 2 + SERIES));
    for (int i = 0; i < SERIES; i++) row_of(f.field[2 + i], rows[i]);
    history_begin(sample);
    while (fixture_row(&f, 2 + SERIES))
        for (int i = 0; i < SERIES; i++) write_line(sample->file, &f, rows[i], f.field[2 + i]);
    fclose(f.file);
    history_read_with(sample, &options);
    assert_int_equal(sample->trends.count, SERIES);
}

static void the_file_that_otava_read(void **state) {
    struct history_sample sample;
    char path[4096], *text;
    unsigned char *bytes;
    size_t size;
    (void)state;
    make(&sample, 0.001, 50, 0);
    FILE *out = history_stream(&text);
    assert_int_equal(c4_history_otava(&sample.trends, out), C4_OK);
    fclose(out);
    snprintf(path, sizeof path, "%s/history_otava.csv", C4_TEST_REFERENCE);
    assert_int_equal(c4_file_read(path, &bytes, &size), C4_OK);
    assert_string_equal(text, (const char *)bytes);
    free(bytes);
    free(text);
    history_end(&sample);
}

static const struct c4_trend *find(const struct history_sample *sample, const char *column) {
    char row[32];
    row_of(column, row);
    for (int i = 0; i < sample->trends.count; i++)
        if (strcmp(sample->trends.trend[i].newest->row, row) == 0) return &sample->trends.trend[i];
    fail_msg("no series %s", row);
    return NULL;
}

static void the_points_that_otava_found(void **state) {
    static struct fixture f;
    static double index[FIXTURE_LIST];
    int points = 0;
    (void)state;
    fixture_open(&f, "history_otava_points.csv", 5);
    while (fixture_row(&f, 5)) {
        struct history_sample sample;
        make(&sample, atof(f.field[1]), atoi(f.field[2]), atof(f.field[3]));
        const struct c4_trend *trend = find(&sample, f.field[0]);
        int want = fixture_list(f.field[4], index);
        if (trend->changes != want)
            fail_msg("row %d: %d points instead of %d", f.rows, trend->changes, want);
        for (int i = 0; i < want; i++) assert_int_equal(trend->change[i].index, (int)index[i]);
        points += want;
        history_end(&sample);
    }
    fclose(f.file);
    assert_int_equal(f.rows, 3 * SERIES);
    assert_true(points > 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_that_otava_read),
        cmocka_unit_test(the_points_that_otava_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
