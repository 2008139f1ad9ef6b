/* The recorded history: writing, reading, series, and files that are not whole. */
#include "bench/history/series.h"
#include "core/file/file.h"
#include "tests/harness/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/conv4-history-XXXXXX";
static char path[64];

static int start(void **state) {
    (void)state;
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/inner/h.ndjson", folder);
    return 0;
}

static int end(void **state) {
    char inner[64];
    (void)state;
    unlink(path);
    snprintf(inner, sizeof inner, "%s/inner", folder);
    rmdir(inner);
    return rmdir(folder);
}

static double samples[14] = {3, 1, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 14};

static struct c4_history_line line_of(const char *commit, const char *committed, const char *row) {
    return (struct c4_history_line){.commit = commit,
                                    .committed_utc = committed,
                                    .benchmark = "step",
                                    .row = row,
                                    .unit = "s",
                                    .environment = "0123456789ab",
                                    .machine = "a machine",
                                    .batch = 32,
                                    .sample = samples,
                                    .samples = 14};
}

static void append(const struct c4_history_line *line) {
    json_t *json;
    assert_int_equal(c4_history_line_json(line, &json), C4_OK);
    assert_int_equal(c4_history_append(path, &json, 1), C4_OK);
    json_decref(json);
}

static void write_text(const char *text) {
    assert_int_equal(c4_file_write_atomic(path, text, strlen(text)), C4_OK);
}

static void lines_come_back(void **state) {
    struct c4_history history;
    double size = 1234567890123;
    (void)state;
    struct c4_history_line line = line_of("c1", "2026-01-01T00:00:00Z", "step/avx2");
    line.accepted = "twice the classes";
    append(&line);
    line = line_of("c1", "2026-01-01T00:00:00Z", "size");
    line.exact = true;
    line.unit = "bytes";
    line.batch = 0;
    line.sample = &size;
    line.samples = 1;
    line.canonical_hash = "d19e";
    append(&line);
    assert_int_equal(c4_history_read(path, &history), C4_OK);
    assert_int_equal(history.count, 2);
    const struct c4_history_line *a = &history.line[0], *b = &history.line[1];
    assert_string_equal(a->commit, "c1");
    assert_string_equal(a->row, "step/avx2");
    assert_string_equal(a->accepted, "twice the classes");
    assert_null(a->canonical_hash);
    assert_int_equal(a->batch, 32);
    assert_int_equal(a->threads, 0);
    assert_true(a->median == 7.5 && a->low == 3 && a->high == 12 && !a->exact);
    assert_int_equal(a->samples, 14);
    assert_true(a->sample[3] == 5);
    assert_int_equal((int)strlen(a->recorded_utc), 20);
    assert_true(b->exact && b->median == size && b->low == size && b->sample[0] == size);
    assert_string_equal(b->canonical_hash, "d19e");
    c4_history_free(&history);
    unlink(path);
}

static void series_are_sorted(void **state) {
    struct c4_history history;
    struct c4_history_all all;
    (void)state;
    const char *const rows[] = {"r", "q", "r", "r"};
    const char *const commits[] = {"c3", "c1", "c1", "c2"};
    const char *const dates[] = {"2026-03-01T00:00:00Z", "2026-01-01T00:00:00Z",
                                 "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"};
    for (int i = 0; i < 4; i++) {
        struct c4_history_line line = line_of(commits[i], dates[i], rows[i]);
        append(&line);
    }
    samples[0] = 100; /* recorded again */
    struct c4_history_line line = line_of("c2", dates[3], "r");
    append(&line);
    line.environment = "another";
    append(&line);
    line.counter = "valgrind-3.19.0";
    append(&line);
    samples[0] = 3;
    assert_int_equal(c4_history_read(path, &history), C4_OK);
    assert_int_equal(c4_history_series_of(&history, &all), C4_OK);
    assert_int_equal(all.count, 4);
    assert_string_equal(all.series[3].line[0]->counter, "valgrind-3.19.0");
    assert_int_equal(all.series[0].points, 3);
    for (int i = 0; i < 3; i++) {
        const char expected[] = {'c', (char)('1' + i), '\0'};
        assert_string_equal(all.series[0].line[i]->commit, expected);
    }
    assert_true(all.series[0].line[1]->sample[0] == 100);
    assert_int_equal(all.series[1].points, 1);
    assert_string_equal(all.series[1].line[0]->row, "q");
    char title[192];
    c4_history_series_title(all.series[0].line[0], title, sizeof title);
    assert_string_equal(title, "r, batch 32");
    c4_history_all_free(&all);
    c4_history_free(&history);
    unlink(path);
}

static void expect_refused(const char *text, const char *says) {
    struct c4_history history;
    write_text(text);
    if (c4_history_read(path, &history) != C4_ERR_DATA) fail_msg("read: %s", text);
    if (!strstr(c4_error(), says)) fail_msg("\"%s\" does not say \"%s\"", c4_error(), says);
    c4_history_free(&history);
}

/* A whole line with one member replaced or removed. */
static void with_member(const char *member, const char *value, const char *says) {
    json_t *json;
    struct c4_history_line line = line_of("c1", "2026-01-01T00:00:00Z", "r");
    assert_int_equal(c4_history_line_json(&line, &json), C4_OK);
    json_object_del(json, member);
    if (value) json_object_set_new(json, member, json_loads(value, JSON_DECODE_ANY, NULL));
    char *text = json_dumps(json, JSON_COMPACT), whole[2048];
    snprintf(whole, sizeof whole, "%s\n", text);
    expect_refused(whole, says);
    free(text);
    json_decref(json);
}

static void damage_is_named(void **state) {
    struct c4_history history;
    (void)state;
    expect_refused("nonsense\n", "line 1 is no JSON object");
    expect_refused("[]\n", "line 1 is no JSON object");
    expect_refused("<<<<<<< HEAD\n", "line 1: a conflict of git");
    with_member("schema", "\"other\"", "line 1: \"schema\" is not");
    with_member("version", "2", "a newer conv4");
    static const char *const needed[] = {"commit", "committed_utc", "recorded_utc", "benchmark",
                                         "row",    "unit",          "batch",        "threads",
                                         "median", "low",           "high",         "samples"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        with_member(needed[i], NULL, needed[i]);
    with_member("environment", NULL, "key");
    with_member("environment", "{\"key\": \"0123456789abc\", \"text\": \"m\"}", "more than 12");
    with_member("canonical_hash",
                "\"0123456789012345678901234567890123456789012345678901234567890123x\"",
                "more than 64");
    with_member("batch", "0", "\"batch\" is neither");
    with_member("samples", "[]", "has not 1 to 1000");
    with_member("samples", "[1, -1]", "no number of at least 0");
    with_member("samples", "[\"a\"]", "no number");
    /* What a killed program left is no line. */
    write_text("{\"schema\": \"conv4-hist");
    assert_int_equal(c4_history_read(path, &history), C4_OK);
    assert_int_equal(history.count, 0);
    c4_history_free(&history);
    struct c4_history_line line = line_of("c1", "2026-01-01T00:00:00Z", "r");
    append(&line);
    assert_int_equal(c4_history_read(path, &history), C4_OK);
    assert_int_equal(history.count, 1);
    c4_history_free(&history);
    unlink(path);
    assert_int_equal(c4_history_read(path, &history), C4_ERR_DATA);
    c4_history_free(&history);
    double nan = (double)NAN;
    json_t *json = NULL;
    line.sample = &nan;
    line.samples = 1;
    assert_int_equal(c4_history_line_json(&line, &json), C4_ERR_DATA);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines_come_back),
                                       cmocka_unit_test(series_are_sorted),
                                       cmocka_unit_test(damage_is_named)};
    return cmocka_run_group_tests(tests, start, end);
}
