/* From files of processes' output to lines of a history. */
#include "bench/history/history.h"
#include "bench/record/recording.h"
#include "core/file/file.h"
#include "tests/harness/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/conv4-recording-XXXXXX";
static char path[3][64];

static int start(void **state) {
    (void)state;
    if (!mkdtemp(folder)) return 1;
    for (int i = 0; i < 3; i++) snprintf(path[i], sizeof path[i], "%s/%d", folder, i);
    return 0;
}

static int end(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) unlink(path[i]);
    return rmdir(folder);
}

static void put(int i, const char *text) {
    assert_int_equal(c4_file_write_atomic(path[i], text, strlen(text)), C4_OK);
}

static enum c4_status take(int count, struct c4_recording *recording) {
    char *paths[] = {path[0], path[1]};
    return c4_recording_read(paths, count, recording);
}

/* What a process of bench step prints, on a machine with such a CPU. */
static void put_step(int i, const char *cpu, int batch, int rate) {
    char text[512];
    snprintf(text, sizeof text,
             "{\"benchmark\": \"step\", \"batch\": %d, \"threads\": 1, \"environment\": {\"cpu\": "
             "{\"model_name\": \"%s\"}, \"topology\": {\"logical_cpus\": 2}, \"build\": "
             "{\"compiler\": \"gcc 12\", \"flags\": \"-O3\"}}, \"steps\": "
             "[{\"backend\": \"avx2\", \"images_per_s\": %d}]}",
             batch, cpu, rate);
    put(i, text);
}

static void processes_become_lines(void **state) {
    struct c4_recording recording;
    struct c4_history history;
    int lines;
    (void)state;
    put_step(0, "AMD EPYC(tm) 7-B", 32, 500);
    put_step(1, "AMD EPYC(tm) 7-B", 32, 400);
    assert_int_equal(take(2, &recording), C4_OK);
    assert_string_equal(recording.model, "amd-epyc-tm-7-b");
    assert_string_equal(recording.machine, "AMD EPYC(tm) 7-B (?), 2 CPUs, gcc 12 -O3");
    /* An exact value goes beside them. */
    recording.exact.value = calloc(1, sizeof *recording.exact.value);
    recording.exact.value[0] = (struct c4_exact_value){
        .row = strdup("size"), .benchmark = "program", .unit = "bytes", .value = 77};
    recording.exact.count = 1;
    const struct c4_recording_identity identity = {"c1", "2026-01-01T00:00:00Z", "why not"};
    assert_int_equal(c4_recording_append(&recording, &identity, path[2], &lines), C4_OK);
    assert_int_equal(lines, 2);
    assert_int_equal(c4_history_read(path[2], &history), C4_OK);
    assert_int_equal(history.count, 2);
    const struct c4_history_line *a = &history.line[0], *b = &history.line[1];
    assert_string_equal(a->row, "step/avx2");
    assert_string_equal(a->environment, recording.key);
    assert_true(a->samples == 2 && a->sample[0] == .002 && a->sample[1] == .0025);
    assert_true(fabs(a->median - .00225) < 1e-12 && isinf(a->high) && !a->exact && a->batch == 32);
    assert_string_equal(a->accepted, "why not");
    assert_true(b->exact && b->median == 77 && b->batch == 0);
    c4_history_free(&history);
    c4_recording_free(&recording);
}

static void strangers_are_refused(void **state) {
    struct c4_recording recording;
    (void)state;
    put_step(1, "another", 32, 400);
    assert_int_equal(take(2, &recording), C4_ERR_DATA);
    assert_non_null(strstr(c4_error(), "of another benchmark, machine or build"));
    c4_recording_free(&recording);
    put_step(1, "AMD EPYC(tm) 7-B", 128, 400);
    assert_int_equal(take(2, &recording), C4_ERR_DATA);
    c4_recording_free(&recording);
    put(1, "{\"benchmark\": \"step\", \"partial\": true, \"steps\": [{\"backend\": \"a\", "
           "\"images_per_s\": 1}]}");
    assert_int_equal(take(2, &recording), C4_ERR_DATA);
    assert_non_null(strstr(c4_error(), "was interrupted"));
    c4_recording_free(&recording);
    put(1, "nonsense");
    assert_int_equal(take(2, &recording), C4_ERR_DATA);
    c4_recording_free(&recording);
}

static void google_benchmarks_are_recorded(void **state) {
    struct c4_recording recording;
    (void)state;
    for (int i = 0; i < 2; i++)
        put(i, "{\"context\": {\"num_cpus\": 8, \"library_build_type\": \"release\", \"caches\": "
               "[{\"level\": 2, \"size\": 4096}, {\"level\": 1, \"size\": 1}]}, \"benchmarks\": "
               "[{\"name\": \"f/8\", \"real_time\": 3, \"time_unit\": \"us\"}]}");
    assert_int_equal(take(2, &recording), C4_OK);
    assert_string_equal(recording.benchmark, "google-benchmark");
    assert_int_equal(recording.batch, 0);
    assert_int_equal(recording.rows.row[0].count[C4_NEW], 2);
    assert_non_null(strstr(recording.machine, "8 CPUs"));
    c4_recording_free(&recording);
    put(1, "{\"context\": {\"num_cpus\": 4}, \"benchmarks\": "
           "[{\"name\": \"f/8\", \"real_time\": 3, \"time_unit\": \"us\"}]}");
    assert_int_equal(take(2, &recording), C4_ERR_DATA);
    c4_recording_free(&recording);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(processes_become_lines),
                                       cmocka_unit_test(strangers_are_refused),
                                       cmocka_unit_test(google_benchmarks_are_recorded)};
    return cmocka_run_group_tests(tests, start, end);
}
