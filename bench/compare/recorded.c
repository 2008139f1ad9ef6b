#include "bench/compare/recorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/history/series.h"
#include "bench/results/machines.h"
#include "core/file/file.h"

_Static_assert(sizeof((struct c4_recorded *)0)->key == C4_MACHINE_KEY_SIZE &&
                   C4_MACHINE_KEY_SIZE == C4_HISTORY_KEY_DIGITS + 1,
               "a machine's key");
_Static_assert(sizeof((struct c4_exact *)0)->canonical_hash == C4_HISTORY_HASH_DIGITS + 1,
               "a canonical hash");

bool c4_is_recorded(const char *word) {
    char first = '\0';
    if (access(word, X_OK) == 0) return false;
    FILE *file = fopen(word, "r");
    if (file && fread(&first, 1, 1, file) != 1) first = '\0';
    if (file) fclose(file);
    return first == '{';
}

/* --- a history's lines --- */

static enum c4_status take_identity(const struct c4_history_line *line,
                                    struct c4_recorded *recorded) {
    if (!recorded->commit) {
        snprintf(recorded->key, sizeof recorded->key, "%s", line->environment);
        recorded->commit = strdup(line->commit);
        recorded->machine = strdup(line->machine);
        if (recorded->commit && recorded->machine) return C4_OK;
        return c4_fail(C4_ERR_MEMORY, "out of memory for a recorded result");
    }
    if (strcmp(recorded->commit, line->commit) != 0)
        return c4_fail(C4_ERR_DATA, "%s: holds several commits; a comparison takes a file of one",
                       recorded->path);
    if (strcmp(recorded->key, line->environment) != 0)
        return c4_fail(C4_ERR_DATA,
                       "%s: holds results of several machines or builds; a comparison takes a file "
                       "of one",
                       recorded->path);
    return C4_OK;
}

/* Names that a comparison has no room for are refused, not cut. */
static enum c4_status name_of(const struct c4_history_line *line, const char *path,
                              char name[C4_TIMING_NAME_SIZE]) {
    char title[2 * C4_TIMING_NAME_SIZE];
    c4_history_series_title(line, title, sizeof title);
    if (strlen(line->row) < C4_TIMING_NAME_SIZE && strlen(title) < C4_TIMING_NAME_SIZE) {
        snprintf(name, C4_TIMING_NAME_SIZE, "%.*s", C4_TIMING_NAME_SIZE - 1, title);
        return C4_OK;
    }
    return c4_fail(C4_ERR_DATA, "%s: the name of a row is longer than %d bytes: %s", path,
                   C4_TIMING_NAME_SIZE - 1, line->row);
}

static enum c4_status add_line(const struct c4_history_line *line, enum c4_side side,
                               struct c4_comparison *comparison, const char *path) {
    char name[C4_TIMING_NAME_SIZE];
    struct c4_compared_row *row;
    C4_TRY(name_of(line, path, name));
    C4_TRY(c4_comparison_row(comparison, name, &row));
    row->in[side] = true;
    if (row->count[side] + line->samples > C4_PAIRS_MOST)
        return c4_fail(C4_ERR_DATA, "%s: %s has more than %d times", path, name, C4_PAIRS_MOST);
    for (int i = 0; i < line->samples; i++)
        row->seconds[side][row->count[side]++] = line->sample[i];
    return C4_OK;
}

/* `exact` has room for it. */
static enum c4_status add_exact(const struct c4_history_line *line, struct c4_exact *exact) {
    char *row = strdup(line->row);
    if (!row) return c4_fail(C4_ERR_MEMORY, "out of memory for a recorded result");
    exact->value[exact->count++] = (struct c4_exact_value){.row = row,
                                                           .benchmark = line->benchmark,
                                                           .unit = line->unit,
                                                           .batch = line->batch,
                                                           .threads = line->threads,
                                                           .value = line->median};
    if (line->counter && !exact->counter) {
        exact->counter = strdup(line->counter);
        if (!exact->counter) return c4_fail(C4_ERR_MEMORY, "out of memory for a recorded result");
    }
    if (line->canonical_hash)
        snprintf(exact->canonical_hash, sizeof exact->canonical_hash, "%s", line->canonical_hash);
    return C4_OK;
}

static enum c4_status take_history(enum c4_side side, struct c4_comparison *comparison,
                                   struct c4_recorded *recorded) {
    struct c4_history *history = &recorded->history;
    C4_TRY(c4_history_read(recorded->path, history));
    recorded->exact.value = calloc((size_t)history->count + 1, sizeof *recorded->exact.value);
    if (!recorded->exact.value)
        return c4_fail(C4_ERR_MEMORY, "out of memory for a recorded result");
    for (int i = 0; i < history->count; i++) {
        const struct c4_history_line *line = &history->line[i];
        C4_TRY(take_identity(line, recorded));
        if (line->exact)
            C4_TRY(add_exact(line, &recorded->exact));
        else if (strcmp(line->unit, "s") == 0)
            C4_TRY(add_line(line, side, comparison, recorded->path));
    }
    return C4_OK;
}

/* --- one process's output --- */

static enum c4_status take_output(const char *text, size_t size_bytes, enum c4_side side,
                                  struct c4_comparison *comparison, struct c4_recorded *recorded) {
    struct c4_timings timings;
    enum c4_status status = c4_timings_read(text, size_bytes, recorded->path, &timings);
    for (int i = 0; i < timings.count && status == C4_OK; i++) {
        struct c4_compared_row *row;
        status = c4_comparison_row(comparison, timings.timing[i].name, &row);
        if (status != C4_OK) break;
        row->in[side] = true;
        row->seconds[side][row->count[side]++] = timings.timing[i].seconds;
    }
    if (status == C4_OK && json_object_get(timings.output, "environment"))
        status = c4_machine_key(timings.output, recorded->key, &recorded->machine);
    c4_timings_free(&timings);
    return status;
}

/* A history's lines say what they are; anything else is the output of a process. */
static bool is_history(const char *text, size_t size) {
    json_error_t error;
    json_t *first =
        json_loadb(text, strcspn(text, "\n") < size ? strcspn(text, "\n") : size, 0, &error);
    bool history = json_object_get(first, "schema") != NULL;
    json_decref(first);
    return history;
}

enum c4_status c4_recorded_read(const char *path, enum c4_side side,
                                struct c4_comparison *comparison, struct c4_recorded *recorded) {
    unsigned char *bytes;
    size_t size;
    *recorded = (struct c4_recorded){.path = path};
    C4_TRY(c4_file_read(path, &bytes, &size));
    const char *text = (const char *)bytes;
    enum c4_status status = is_history(text, size)
                                ? take_history(side, comparison, recorded)
                                : take_output(text, size, side, comparison, recorded);
    free(bytes);
    return status;
}

enum c4_status c4_compare_recorded(const char *const path[C4_SIDES],
                                   struct c4_comparison *comparison,
                                   struct c4_recorded recorded[C4_SIDES]) {
    comparison->apart = true;
    for (int side = 0; side < C4_SIDES; side++) recorded[side] = (struct c4_recorded){0};
    for (int side = 0; side < C4_SIDES; side++)
        C4_TRY(c4_recorded_read(path[side], (enum c4_side)side, comparison, &recorded[side]));
    comparison->mute =
        !recorded[C4_OLD].key[0] || strcmp(recorded[C4_OLD].key, recorded[C4_NEW].key) != 0;
    return c4_comparison_judge(comparison);
}

void c4_recorded_free(struct c4_recorded *recorded) {
    c4_exact_free(&recorded->exact);
    c4_history_free(&recorded->history);
    free(recorded->machine);
    free(recorded->commit);
    *recorded = (struct c4_recorded){0};
}
