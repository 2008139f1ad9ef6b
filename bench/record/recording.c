#include "bench/record/recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/results/results.h"
#include "core/file/file.h"

/* --- whose times these are --- */

/* What Google Benchmark's context tells, under the names of our own results. */
static json_t *environment_of_context(const json_t *context) {
    json_t *caches = json_object_get(context, "caches"), *cache;
    json_t *environment = json_pack("{s:{}, s:{s:O?}, s:{}}", "cpu", "topology", "logical_cpus",
                                    json_object_get(context, "num_cpus"), "build");
    size_t i;
    json_array_foreach(caches, i, cache) {
        json_int_t level = json_integer_value(json_object_get(cache, "level"));
        const char *name = level == 2 ? "l2_bytes" : level == 3 ? "l3_bytes" : NULL;
        if (name)
            json_object_set(json_object_get(environment, "topology"), name,
                            json_object_get(cache, "size"));
    }
    json_object_set(json_object_get(environment, "build"), "flags",
                    json_object_get(context, "library_build_type"));
    return json_pack("{s:o}", "environment", environment);
}

static enum c4_status key_of(const json_t *output, char key[C4_MACHINE_KEY_SIZE], char **text) {
    if (json_object_get(output, "environment")) return c4_machine_key(output, key, text);
    json_t *file = environment_of_context(json_object_get(output, "context"));
    enum c4_status status = file ? c4_machine_key(file, key, text)
                                 : c4_fail(C4_ERR_MEMORY, "out of memory for a machine's name");
    json_decref(file);
    return status;
}

static enum c4_status take_identity(const struct c4_timings *timings, struct c4_recording *record) {
    const json_t *output = timings->output;
    record->benchmark = timings->benchmark;
    record->batch = c4_result_whole(output, "batch");
    record->threads = c4_result_whole(output, "threads");
    record->model = c4_machine_file_name(output);
    if (!record->model) return c4_fail(C4_ERR_MEMORY, "out of memory for a machine's name");
    return key_of(output, record->key, &record->machine);
}

static enum c4_status check_identity(const struct c4_timings *timings, const char *path,
                                     const struct c4_recording *record) {
    char key[C4_MACHINE_KEY_SIZE], *text = NULL;
    enum c4_status status = key_of(timings->output, key, &text);
    free(text);
    C4_TRY(status);
    if (strcmp(key, record->key) == 0 && strcmp(timings->benchmark, record->benchmark) == 0 &&
        c4_result_whole(timings->output, "batch") == record->batch &&
        c4_result_whole(timings->output, "threads") == record->threads)
        return C4_OK;
    return c4_fail(C4_ERR_DATA,
                   "%s: of another benchmark, machine or build than the first; record them apart",
                   path);
}

static enum c4_status add_process(const struct c4_timings *timings, const char *path,
                                  struct c4_recording *record) {
    C4_TRY(record->machine ? check_identity(timings, path, record)
                           : take_identity(timings, record));
    for (int i = 0; i < timings->count; i++) {
        struct c4_compared_row *row;
        C4_TRY(c4_comparison_row(&record->rows, timings->timing[i].name, &row));
        if (row->count[C4_NEW] == C4_PAIRS_MOST)
            return c4_fail(C4_ERR_USAGE, "%s: more than %d processes", row->name, C4_PAIRS_MOST);
        row->seconds[C4_NEW][row->count[C4_NEW]++] = timings->timing[i].seconds;
    }
    return C4_OK;
}

/* --- where they come from --- */

static enum c4_status run_one(const struct c4_recording_run *run, struct c4_recording *record) {
    struct c4_child child = {.out = -1};
    struct c4_timings timings = {0};
    enum c4_status status = c4_program_start(&run->setting, run->program, -1, &child);
    if (status == C4_OK) status = c4_children_wait(&child, 1, C4_PROGRAM_PATIENCE_SECONDS);
    if (status == C4_OK) status = c4_program_timings(&run->setting, run->program, &child, &timings);
    if (status == C4_OK) status = add_process(&timings, run->program, record);
    c4_timings_free(&timings);
    c4_child_free(&child);
    return status;
}

enum c4_status c4_recording_run(const struct c4_recording_run *run, struct c4_recording *record) {
    *record = (struct c4_recording){0};
    if (run->tick) run->tick(run->context, 0, run->processes);
    for (int i = 0; i < run->processes; i++) {
        C4_TRY(run_one(run, record));
        if (run->tick) run->tick(run->context, i + 1, run->processes);
    }
    return C4_OK;
}

static enum c4_status read_one(const char *path, struct c4_recording *record) {
    unsigned char *bytes;
    size_t size;
    struct c4_timings timings;
    C4_TRY(c4_file_read(path, &bytes, &size));
    enum c4_status status = c4_timings_read((const char *)bytes, size, path, &timings);
    free(bytes);
    if (status == C4_OK && json_is_true(json_object_get(timings.output, "partial")))
        status = c4_fail(C4_ERR_DATA, "%s is of a benchmark that was interrupted", path);
    if (status == C4_OK) status = add_process(&timings, path, record);
    c4_timings_free(&timings);
    return status;
}

enum c4_status c4_recording_read(char *const *paths, int count, struct c4_recording *record) {
    *record = (struct c4_recording){0};
    for (int i = 0; i < count; i++) C4_TRY(read_one(paths[i], record));
    return C4_OK;
}

void c4_recording_free(struct c4_recording *record) {
    c4_comparison_free(&record->rows);
    c4_exact_free(&record->exact);
    free(record->machine);
    free(record->model);
    *record = (struct c4_recording){0};
}
