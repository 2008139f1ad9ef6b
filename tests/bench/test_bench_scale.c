/* The pure parts of bench scale: rows, gains, paces, places read back, tables; and its triad. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/results/check.h"
#include "bench/results/pictures.h"
#include "bench/scale/bandwidth.h"
#include "bench/scale/pace.h"
#include "bench/scale/scale.h"
#include "core/file/file.h"
#include "tests/core/test_file_scratch.h"
#include "tests/harness/unit.h"

/* --- rows --- */

static void widths_double_and_end_with_the_most(void **state) {
    int width[C4_SCALE_WIDTHS];
    (void)state;
    assert_int_equal(c4_scale_widths(1, width), 1);
    assert_int_equal(width[0], 1);
    assert_int_equal(c4_scale_widths(2, width), 2);
    assert_int_equal(width[1], 2);
    assert_int_equal(c4_scale_widths(12, width), 5);
    assert_int_equal(width[3], 8);
    assert_int_equal(width[4], 12);
    assert_int_equal(c4_scale_widths(16, width), 5);
    assert_int_equal(width[4], 16);
    assert_int_equal(c4_scale_widths(2147483647, width), C4_SCALE_WIDTHS);
    assert_int_equal(width[C4_SCALE_WIDTHS - 2], 1 << 30);
    assert_int_equal(width[C4_SCALE_WIDTHS - 1], 2147483647);
}

/* The rows of a machine as "2x1 1x4", workers x threads. */
static void expect_rows(const char *machine, int cores, int threads, const char *want,
                        const char *left_out) {
    struct c4_topology topology;
    struct c4_scale_shapes shapes;
    struct c4_text text = {0};
    assert_int_equal(c4_topology_load(machine, &topology), C4_OK);
    assert_int_equal(c4_scale_shapes_make(&topology, cores, threads, &shapes), C4_OK);
    for (int i = 0; i < shapes.count; i++) {
        const struct c4_scale_shape *shape = &shapes.shape[i];
        c4_text_add(&text, "%s%dx%d", i ? " " : "", shape->workers, shape->threads);
        for (int k = 0; k < shape->workers * shape->threads; k++) {
            int pu = 0; /* SMT siblings are idle, and no PU is in two places */
            while (topology.pu[pu].os_index != shape->placement.storage[k]) pu++;
            assert_true(pu == 0 || topology.pu[pu].core != topology.pu[pu - 1].core);
            for (int j = 0; j < k; j++)
                assert_int_not_equal(shape->placement.storage[j], shape->placement.storage[k]);
        }
    }
    assert_string_equal(c4_text_string(&text), want);
    if (left_out[0])
        assert_non_null(strstr(c4_text_string(&shapes.left_out), left_out));
    else
        assert_int_equal(shapes.left_out.length, 0);
    c4_text_free(&text);
    c4_scale_shapes_free(&shapes);
    c4_topology_free(&topology);
}

static void rows_fit_the_machine(void **state) {
    (void)state;
    expect_rows("pack:1 l3:1 core:1 pu:2", 99, 8, "1x1", "");
    expect_rows("pack:1 l3:1 core:2 pu:1", 99, 8, "1x1 2x1 1x2", "");
    expect_rows("pack:1 l3:1 core:2 pu:2", 99, 1, "1x1 2x1", "");
    expect_rows("pack:2 [numa] l3:2 core:4 pu:2", 99, 4, "1x1 2x1 4x1 8x1 16x1 1x2 8x2 1x4 4x4",
                "");
    expect_rows("pack:2 [numa] l3:2 core:4 pu:2", 99, 8, "1x1 2x1 4x1 8x1 16x1 1x2 8x2 1x4 4x4",
                "Teams of 8 threads are left out: no L3 domain has more than 4 cores");
    expect_rows("pack:1 l3:2 core:3 pu:1", 99, 4, "1x1 2x1 4x1 6x1 1x2 2x2", "Teams of 4 threads");
    expect_rows("pack:1 l3:2 core:8 pu:1", 6, 8, "1x1 2x1 4x1 6x1 1x2 3x2 1x4", "");
    expect_rows("pack:1 l3:1 core:12 pu:1", 99, 3, "1x1 2x1 4x1 8x1 12x1 1x2 6x2 1x3 4x3", "");
}

static void workers_are_spread_and_teams_are_not(void **state) {
    struct c4_topology topology;
    struct c4_scale_shapes shapes;
    (void)state;
    assert_int_equal(c4_topology_load("pack:1 l3:2 core:4 pu:2", &topology), C4_OK);
    assert_int_equal(c4_scale_shapes_make(&topology, 8, 2, &shapes), C4_OK);
    const int *two = shapes.shape[1].placement.storage, *team = shapes.shape[4].placement.storage;
    assert_int_equal(shapes.shape[1].workers, 2);
    assert_int_equal(topology.pu[two[0]].l3, 0); /* os_index is the index here */
    assert_int_equal(topology.pu[two[1]].l3, 1);
    assert_int_equal(shapes.shape[4].threads, 2);
    assert_int_equal(topology.pu[team[0]].l3, topology.pu[team[1]].l3);
    assert_int_equal(topology.pu[team[0]].core + 1, topology.pu[team[1]].core);
    c4_scale_shapes_free(&shapes);
    c4_topology_free(&topology);
}

/* --- gains --- */

static void gains_are_of_pairs(void **state) {
    const double one[] = {100, 50, 200, 100, NAN, 100, 100};
    const double two[] = {198, 99, 396, 200, 700, 202, 196};
    const double peak[] = {10, 5, 20, 10, 10, 10, 10}, both[] = {20, 10, 40, 20, 20, 20, 20};
    struct c4_interval gain;
    (void)state;
    assert_int_equal(c4_scale_gain(two, one, 7, &gain), C4_OK);
    assert_float_equal(gain.estimate, 1.985, 0.006); /* of 1.98, 1.98, 1.98, 2, 2.02, 1.96 */
    assert_float_equal(gain.low, 1.96, 1e-9);        /* six pairs: the whole range */
    assert_float_equal(gain.high, 2.02, 1e-9);
    assert_int_equal(c4_scale_share(two, one, both, peak, 7, &gain), C4_OK);
    assert_float_equal(gain.high, 1.01, 1e-9);
    assert_float_equal(gain.low, 0.98, 1e-9);
    assert_int_equal(c4_scale_gain(two, one, 5, &gain), C4_OK); /* four pairs */
    assert_float_equal(gain.estimate, 1.98, 0.006);
    assert_true(isnan(gain.low) && isnan(gain.high));
    assert_int_equal(c4_scale_gain(two + 4, one + 4, 1, &gain), C4_OK);
    assert_true(isnan(gain.estimate));
    assert_int_equal(c4_scale_gain(two, one, C4_PAIRED_MOST + 1, &gain), C4_ERR_USAGE);
}

/* --- paces --- */

#define LINE(ns, pass, epoch, images)                                                              \
    "{\"clock_ns\":" #ns ",\"pass\":\"" pass "\",\"epoch\":" #epoch ",\"images\":" #images "}\n"

static const char lines[] = LINE(1000000000, "train", 1, 0) LINE(2000000000, "train", 1, 100)
    LINE(3000000000, "train", 1, 300) LINE(3000000000, "evaluate", 1, 0)
        LINE(4000000000, "evaluate", 1, 300) LINE(4000000000, "train", 2, 0)
            LINE(5000000000, "train", 2, 400) "{\"clock_ns\":60000";

static enum c4_status pace_of(void **state, const char *text, int64_t begin_ns, int64_t end_ns,
                              struct c4_pace *pace) {
    const char *path = scratch_path(state, "progress");
    assert_int_equal(c4_file_write_atomic(path, text, strlen(text)), C4_OK);
    return c4_pace_read(path, begin_ns, end_ns, pace);
}

static void a_pace_is_of_the_window(void **state) {
    struct c4_pace pace;
    assert_int_equal(pace_of(state, lines, 1500000000, 2500000000, &pace), C4_OK);
    assert_true(pace.trains);
    assert_int_equal(pace.last_ns, 5000000000);
    assert_float_equal(pace.images, 150, 1e-9);
    assert_float_equal(pace.train_seconds, 1, 1e-9);
    assert_float_equal(pace.outside_seconds, 0, 0);
    /* An evaluation is no training, and no part of its pace. */
    assert_int_equal(pace_of(state, lines, 2500000000, 4500000000, &pace), C4_OK);
    assert_float_equal(pace.images, 300, 1e-9);
    assert_float_equal(pace.train_seconds, 1, 1e-9);
    assert_float_equal(pace.outside_seconds, 1, 1e-9);
    assert_int_equal(pace_of(state, LINE(5, "train", 1, 0), 0, 10, &pace), C4_OK);
    assert_false(pace.trains);
    assert_int_equal(pace_of(state, "", 0, 10, &pace), C4_OK);
    assert_int_equal(pace.last_ns, 0);
    assert_int_equal(c4_pace_read("/nowhere/progress", 0, 10, &pace), C4_OK);
    assert_int_equal(pace.last_ns, 0);
}

static void what_is_no_progress_is_a_sentence(void **state) {
    struct c4_pace pace;
    assert_int_equal(pace_of(state, "{\"step\":1}\n", 0, 10, &pace), C4_ERR_DATA);
    assert_non_null(strstr(c4_error(), "train --progress"));
    assert_int_equal(pace_of(state, "text\n", 0, 10, &pace), C4_ERR_DATA);
    assert_int_equal(pace_of(state, LINE(5, "train", 1, 0) LINE(4, "train", 1, 9), 0, 10, &pace),
                     C4_ERR_DATA);
}

/* --- places --- */

/* A recorded thread of process 7. */
static void record(void **state, int thread, const char *allowed, int last) {
    char name[64], text[256];
    snprintf(name, sizeof name, "proc/7/task/%d", thread);
    assert_int_equal(c4_dir_make(scratch_path(state, name)), C4_OK);
    snprintf(name, sizeof name, "proc/7/task/%d/status", thread);
    snprintf(text, sizeof text, "Name:\tconv4\nCpus_allowed:\tf\nCpus_allowed_list:\t%s\n",
             allowed);
    assert_int_equal(c4_file_write_atomic(scratch_path(state, name), text, strlen(text)), C4_OK);
    snprintf(name, sizeof name, "proc/7/task/%d/stat", thread);
    snprintf(text, sizeof text,
             "%d (a (b) c) S 1 7 7 0 -1 4194560 1 0 0 0 5 6 0 0 20 0 3 0 99 1 2 3 4 5 6 7 8 0 0 0 "
             "0 0 0 0 17 %d 0 0 0\n",
             thread, last);
    assert_int_equal(c4_file_write_atomic(scratch_path(state, name), text, strlen(text)), C4_OK);
}

static void expect_seen(void **state, int pus, const char *allowed, const char *last,
                        bool differs) {
    static const int pu[] = {10, 2};
    struct c4_text root = {0};
    struct c4_seen seen = {.known = false};
    const struct scratch *scratch = *state;
    assert_int_equal(c4_text_set(&root, scratch->folder), C4_OK);
    assert_int_equal(c4_seen_read(root.bytes, 7, pu, pus, &seen), C4_OK);
    assert_true(seen.known);
    assert_string_equal(c4_text_string(&seen.asked), pus == 2 ? "2 10" : "10");
    assert_string_equal(c4_text_string(&seen.allowed), allowed);
    assert_string_equal(c4_text_string(&seen.last), last);
    assert_true(seen.differs == differs);
    assert_int_equal(c4_seen_read(root.bytes, 8, pu, 2, &seen), C4_OK); /* no such process */
    assert_false(seen.known || seen.differs);
    c4_seen_free(&seen);
    c4_text_free(&root);
}

static void places_are_read_back(void **state) {
    record(state, 7, "10", 10);
    expect_seen(state, 1, "10", "10", false);
    record(state, 9, "2", 2);
    expect_seen(state, 2, "2 10", "2 10", false);
    expect_seen(state, 1, "2 10", "2 10", true); /* a thread more than asked */
    record(state, 9, "2", 3);
    expect_seen(state, 2, "2 10", "3 10", true);
    record(state, 9, "0-3", 2);
    expect_seen(state, 2, "0-3 10", "2 10", true);
}

/* --- the triad, and tables --- */

static void the_triad_counts_its_bytes(void **state) {
    const struct c4_topology small = {.l3_domains = 1, .l3_bytes = 1 << 20};
    const struct c4_topology large = {.l3_domains = 8, .l3_bytes = 32000000};
    const struct c4_topology poor = {
        .l3_domains = 8, .l3_bytes = 32000000, .memory_bytes = 400000000};
    double rate = 0;
    (void)state;
    assert_float_equal(c4_triad_bytes(&small), 192e6, 0);
    assert_float_equal(c4_triad_bytes(&large), 1024e6, 0);
    assert_float_equal(c4_triad_bytes(&poor), 100e6, 0);
    for (int threads = 1; threads <= 3; threads++) {
        assert_int_equal(c4_triad_measure(threads, 3e6, 0.01, &rate), C4_OK);
        assert_true(rate > 0.001 && rate < 1e5);
    }
}

/* Two rows of seven rounds: the second is void if `failed`. */
static json_t *made_up(bool failed) {
    struct c4_topology topology;
    struct c4_scale_bench *bench = calloc(1, sizeof *bench);
    json_t *object = json_object();
    assert_non_null(bench);
    *bench = (struct c4_scale_bench){.backend = "fast", .batch = 32, .rounds = 7, .seconds = 1};
    assert_int_equal(c4_topology_load("pack:1 l3:1 core:2 pu:1", &topology), C4_OK);
    assert_int_equal(c4_scale_shapes_make(&topology, 2, 1, &bench->shapes), C4_OK);
    c4_topology_free(&topology);
    assert_int_equal(c4_scale_bench_start(bench), C4_OK);
    assert_int_equal(c4_scale_bench_count(bench), 2 * 2 * 7);
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 7; k++) {
            struct c4_scale_row *row = &bench->row[i];
            row->images_per_s[k] = (1000 + k) * (i ? 1.5 : 1);
            row->gflops[k] = (50 + k) * (i ? 2 : 1);
            row->gbytes_per_s[k] = (10 + k) * (i ? 1.25 : 1);
            row->planned_per_s[k] = (1000 + k) * (i ? 2 : 1);
        }
    bench->row[1].failed = failed;
    if (failed) assert_int_equal(c4_text_set(&bench->row[1].reason, "worker 2 of 2 fell"), C4_OK);
    assert_int_equal(c4_scale_bench_json(bench, object), C4_OK);
    c4_scale_bench_free(bench);
    free(bench);
    return object;
}

static double value(const json_t *row, const char *key, const char *part) {
    const json_t *of = json_object_get(json_object_get(row, key), part);
    return json_is_number(of) ? json_number_value(of) : (double)NAN;
}

static void json_has_gains_of_measured_rows(void **state) {
    (void)state;
    json_t *object = made_up(false);
    const json_t *row = json_array_get(json_object_get(object, "rows"), 1);
    assert_string_equal(json_string_value(json_object_get(row, "name")), "2 workers");
    assert_float_equal(value(row, "gain", "estimate"), 1.5, 1e-9);
    assert_float_equal(value(row, "gain", "low"), 1.5, 1e-9);
    assert_float_equal(value(row, "peak_gain", "estimate"), 2, 1e-9);
    assert_float_equal(value(row, "triad_gain", "high"), 1.25, 1e-9);
    assert_float_equal(value(row, "of_peak_gain", "estimate"), 0.75, 1e-9);
    assert_float_equal(value(row, "of_plan", "estimate"), 0.75, 1e-9);
    json_decref(object);
    object = made_up(true);
    row = json_array_get(json_object_get(object, "rows"), 1);
    assert_string_equal(json_string_value(json_object_get(row, "state")), "void");
    assert_string_equal(json_string_value(json_object_get(row, "reason")), "worker 2 of 2 fell");
    assert_true(json_is_null(json_object_get(row, "images_per_s")));
    assert_true(isnan(value(row, "gain", "estimate")));
    assert_true(isnan(value(row, "of_plan", "estimate")));
    assert_float_equal(value(row, "peak_gain", "estimate"), 2, 1e-9);
    json_decref(object);
}

/* --- pictures and files --- */

#define FACTOR(estimate) "{\"estimate\": " #estimate ", \"low\": 0.5, \"high\": 99}"
#define ROW(name, workers, threads, gain, peak)                                                    \
    "{\"name\": \"" name "\", \"workers\": " #workers ", \"threads\": " #threads                   \
    ", \"state\": \"measured\", \"gain\": " gain ", \"peak_gain\": " peak                          \
    ", \"triad_gain\": {\"estimate\": null, \"low\": null, \"high\": null}}"

static const char large[] =
    "{\"conv4\": \"1\", \"benchmark\": \"scale\", \"environment\": {}, \"backend\": \"fast\","
    " \"rounds\": 9, \"window_seconds\": 1, \"rows\": [" ROW(
        "1 worker", 1, 1, FACTOR(1),
        FACTOR(1)) "," ROW("16 workers", 16, 1, FACTOR(15),
                           FACTOR(15.5)) "," ROW("team of 4", 1, 4, FACTOR(3.5),
                                                 "null") "," ROW("4 teams of 4", 4, 4, "null",
                                                                 FACTOR(14)) "]}";

static void a_picture_has_what_was_measured(void **state) {
    struct c4_pictures *pictures = calloc(1, sizeof *pictures);
    const struct scratch *scratch = *state;
    json_t *file = json_loads(large, 0, NULL);
    unsigned char *text;
    size_t size;
    assert_non_null(pictures);
    assert_non_null(file);
    assert_int_equal(c4_result_check(file, "large.json"), C4_OK);
    pictures->folder = scratch->folder;
    assert_int_equal(setenv("PATH", "/nowhere", 1), 0); /* without gnuplot */
    assert_int_equal(c4_picture_scale(pictures, file), C4_OK);
    assert_int_equal(pictures->count, 1);
    assert_false(pictures->picture[0].drawn);
    assert_non_null(strstr(pictures->note, "gnuplot"));
    assert_text_file_is(scratch_path(state, "scale-1.csv"),
                        "series,threads,gain,low,high,row\n"
                        "FMA peak,1,1,0.5,99,1 worker\nFMA peak,16,15.5,0.5,99,16 workers\n"
                        "workers,1,1,0.5,99,1 worker\nworkers,16,15,0.5,99,16 workers\n"
                        "a team,4,3.5,0.5,99,team of 4\n");
    assert_int_equal(c4_file_read(scratch_path(state, "scale-1.gp"), &text, &size), C4_OK);
    assert_non_null(strstr((const char *)text, "set logscale xy 2"));
    assert_non_null(strstr((const char *)text, "ideal(x)"));
    assert_null(strstr((const char *)text, "triad"));
    free(text);
    /* Nothing to draw is no picture. */
    json_array_clear(json_object_get(file, "rows"));
    assert_int_equal(c4_picture_scale(pictures, file), C4_OK);
    assert_int_equal(pictures->count, 1);
    json_decref(file);
    free(pictures);
}

/* The file after a change of one member, which is named. */
static void expect_refused(const char *from, const char *to, const char *words) {
    const char *found = strstr(large, from);
    struct c4_text text = {0};
    assert_non_null(found);
    assert_int_equal(
        c4_text_add(&text, "%.*s%s%s", (int)(found - large), large, to, found + strlen(from)),
        C4_OK);
    json_t *file = json_loads(text.bytes, 0, NULL);
    assert_non_null(file);
    assert_failed(c4_result_check(file, "large.json"), C4_ERR_DATA, words);
    json_decref(file);
    c4_text_free(&text);
}

static void a_damaged_file_is_refused(void **state) {
    (void)state;
    expect_refused("\"workers\": 16", "\"workers\": 0", "rows[1].workers");
    expect_refused("\"threads\": 4", "\"threads\": 1e99", "rows[2].threads");
    expect_refused("\"estimate\": 15.5", "\"estimate\": -1", "rows[1].peak_gain.estimate");
    expect_refused("\"name\": \"team of 4\"", "\"name\": 4", "rows[2].name");
    expect_refused("\"rounds\": 9", "\"rounds\": 9, \"partial\": true", "interrupted");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths_double_and_end_with_the_most),
        cmocka_unit_test(rows_fit_the_machine),
        cmocka_unit_test(workers_are_spread_and_teams_are_not),
        cmocka_unit_test(gains_are_of_pairs),
        cmocka_unit_test_setup_teardown(a_pace_is_of_the_window, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_progress_is_a_sentence, scratch_set_up,
                                        scratch_tear_down),
        cmocka_unit_test_setup_teardown(places_are_read_back, scratch_set_up, scratch_tear_down),
        cmocka_unit_test(the_triad_counts_its_bytes),
        cmocka_unit_test(json_has_gains_of_measured_rows),
        cmocka_unit_test_setup_teardown(a_picture_has_what_was_measured, scratch_set_up,
                                        scratch_tear_down),
        cmocka_unit_test(a_damaged_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
