#include "bench/history/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/file.h"
#include "core/file/json.h"
#include "core/host/clock.h"
#include "core/stats/median.h"

/* --- reading --- */

/* Where a fault is, for its sentence. */
struct place {
    const char *path;
    int line;
};

static enum c4_status refuse(const struct place *place, const char *member, const char *what) {
    return c4_fail(C4_ERR_DATA, "%s, line %d: \"%s\" %s", place->path, place->line, member, what);
}

static enum c4_status take_text(const struct place *place, const json_t *object, const char *member,
                                const char **text) {
    *text = json_string_value(json_object_get(object, member));
    if (*text && **text) return C4_OK;
    return refuse(place, member, "is missing or is no text");
}

static enum c4_status take_texts(const struct place *place, struct c4_history_line *line) {
    const json_t *environment = json_object_get(line->json, "environment");
    C4_TRY(take_text(place, line->json, "commit", &line->commit));
    C4_TRY(take_text(place, line->json, "committed_utc", &line->committed_utc));
    C4_TRY(take_text(place, line->json, "recorded_utc", &line->recorded_utc));
    C4_TRY(take_text(place, line->json, "benchmark", &line->benchmark));
    C4_TRY(take_text(place, line->json, "row", &line->row));
    C4_TRY(take_text(place, line->json, "unit", &line->unit));
    C4_TRY(take_text(place, environment, "key", &line->environment));
    C4_TRY(take_text(place, environment, "text", &line->machine));
    if (strlen(line->environment) > C4_HISTORY_KEY_DIGITS)
        return refuse(place, "key", "has more than 12 digits");
    line->counter = json_string_value(json_object_get(line->json, "counter"));
    line->canonical_hash = json_string_value(json_object_get(line->json, "canonical_hash"));
    if (line->canonical_hash && strlen(line->canonical_hash) > C4_HISTORY_HASH_DIGITS)
        return refuse(place, "canonical_hash", "has more than 64 digits");
    line->accepted = json_string_value(json_object_get(line->json, "accepted"));
    return C4_OK;
}

/* A whole number of at least 1, or null. */
static enum c4_status take_count(const struct place *place, const json_t *object,
                                 const char *member, int *count) {
    const json_t *value = json_object_get(object, member);
    json_int_t number = json_integer_value(value);
    *count = (int)number;
    if (json_is_null(value) || (json_is_integer(value) && number >= 1 && number <= 1 << 20))
        return C4_OK;
    return refuse(place, member, "is neither null nor a number of images or threads");
}

/* A number, or null for `otherwise`. */
static enum c4_status take_bound(const struct place *place, const json_t *object,
                                 const char *member, double otherwise, double *number) {
    const json_t *value = json_object_get(object, member);
    *number = json_is_number(value) ? json_number_value(value) : otherwise;
    if (json_is_number(value) || json_is_null(value)) return C4_OK;
    return refuse(place, member, "is neither null nor a number");
}

static enum c4_status take_samples(const struct place *place, struct c4_history_line *line) {
    const json_t *samples = json_object_get(line->json, "samples");
    size_t count = json_array_size(samples);
    if (count < 1 || count > 1000) return refuse(place, "samples", "has not 1 to 1000 numbers");
    line->sample = calloc(count, sizeof *line->sample);
    if (!line->sample) return c4_fail(C4_ERR_MEMORY, "out of memory for a history");
    line->samples = (int)count;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(samples, i);
        line->sample[i] = json_number_value(value);
        if (!json_is_number(value) || !(line->sample[i] >= 0))
            return refuse(place, "samples", "has something that is no number of at least 0");
    }
    return C4_OK;
}

static enum c4_status take_line(const struct place *place, struct c4_history_line *line) {
    const char *schema;
    C4_TRY(take_text(place, line->json, "schema", &schema));
    if (strcmp(schema, "conv4-history") != 0)
        return refuse(place, "schema",
                      "is not \"conv4-history\": give a file of conv4 bench record");
    if (json_integer_value(json_object_get(line->json, "version")) != 1)
        return refuse(place, "version", "is not 1: a newer conv4 wrote it");
    C4_TRY(take_texts(place, line));
    C4_TRY(take_count(place, line->json, "batch", &line->batch));
    C4_TRY(take_count(place, line->json, "threads", &line->threads));
    line->exact = json_is_true(json_object_get(line->json, "exact"));
    C4_TRY(take_samples(place, line));
    C4_TRY(take_bound(place, line->json, "median", (double)NAN, &line->median));
    if (isnan(line->median)) return refuse(place, "median", "is missing");
    C4_TRY(take_bound(place, line->json, "low", (double)-INFINITY, &line->low));
    return take_bound(place, line->json, "high", (double)INFINITY, &line->high);
}

static enum c4_status read_line(const struct place *place, const char *text, size_t size,
                                struct c4_history *history) {
    json_error_t error;
    json_t *json = json_loadb(text, size, 0, &error);
    if (!json_is_object(json)) {
        json_decref(json);
        bool conflict =
            size >= 7 && (memcmp(text, "<<<<<<<", 7) == 0 || memcmp(text, "=======", 7) == 0 ||
                          memcmp(text, ">>>>>>>", 7) == 0);
        if (conflict)
            return c4_fail(C4_ERR_DATA,
                           "%s, line %d: a conflict of git; keep the lines of both sides",
                           place->path, place->line);
        return c4_fail(C4_ERR_DATA,
                       "%s, line %d is no JSON object: give a file of conv4 bench record",
                       place->path, place->line);
    }
    struct c4_history_line *line = &history->line[history->count++];
    *line = (struct c4_history_line){.json = json};
    return take_line(place, line);
}

static enum c4_status read_lines(const char *path, const char *text, struct c4_history *history) {
    struct place place = {path, 0};
    size_t lines = 0;
    for (const char *p = text; (p = strchr(p, '\n')); p++) lines++;
    history->line = calloc(lines + 1, sizeof *history->line);
    if (!history->line) return c4_fail(C4_ERR_MEMORY, "out of memory for a history");
    for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
        place.line++;
        if (end > text) C4_TRY(read_line(&place, text, (size_t)(end - text), history));
    }
    return C4_OK;
}

enum c4_status c4_history_read(const char *path, struct c4_history *history) {
    unsigned char *bytes;
    size_t size;
    *history = (struct c4_history){0};
    C4_TRY(c4_file_read(path, &bytes, &size));
    enum c4_status status =
        strlen((const char *)bytes) == size
            ? read_lines(path, (const char *)bytes, history)
            : c4_fail(C4_ERR_DATA, "%s is no text: give a file of conv4 bench record", path);
    free(bytes);
    return status;
}

void c4_history_free(struct c4_history *history) {
    for (int i = 0; i < history->count; i++) {
        free(history->line[i].sample);
        json_decref(history->line[i].json);
    }
    free(history->line);
    *history = (struct c4_history){0};
}

/* --- writing --- */

static json_t *count_or_null(int count) {
    return count > 0 ? json_integer(count) : json_null();
}

/* Whole numbers stay whole. */
static json_t *number(const struct c4_history_line *line, double value) {
    return line->exact ? json_integer((json_int_t)llround(value)) : c4_json_real(value);
}

enum c4_status c4_history_line_json(const struct c4_history_line *line, json_t **json) {
    struct c4_interval interval = {0};
    char now[C4_CLOCK_UTC_BYTES];
    c4_clock_utc(now);
    C4_TRY(c4_median_interval(line->sample, line->samples, .05, &interval));
    if (line->exact) interval.low = interval.high = interval.estimate;
    json_t *samples = json_array();
    for (int i = 0; i < line->samples; i++)
        json_array_append_new(samples, number(line, line->sample[i]));
    *json = json_pack(
        "{s:s, s:i, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:{s:s, s:s}, "
        "s:s*, s:s*, s:s*}",
        "schema", "conv4-history", "version", 1, "commit", c4_json_text(line->commit),
        "committed_utc", line->committed_utc, "recorded_utc", now, "benchmark", line->benchmark,
        "row", line->row, "batch", count_or_null(line->batch), "threads",
        count_or_null(line->threads), "unit", line->unit, "exact", (int)line->exact, "median",
        number(line, interval.estimate), "low",
        isfinite(interval.low) ? number(line, interval.low) : json_null(), "high",
        isfinite(interval.high) ? number(line, interval.high) : json_null(), "samples", samples,
        "environment", "key", line->environment, "text", line->machine, "counter", line->counter,
        "canonical_hash", line->canonical_hash, "accepted", line->accepted);
    return *json ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory for a line of a history");
}

/* All lines as one text, each with its newline; NULL: no memory. */
static char *text_of(json_t *const *lines, int count, size_t *size) {
    char *text = NULL;
    FILE *stream = open_memstream(&text, size);
    bool whole = stream != NULL;
    for (int i = 0; i < count && whole; i++)
        whole = json_dumpf(lines[i], stream, JSON_COMPACT) == 0 && fputc('\n', stream) != EOF;
    if (stream && fclose(stream) != 0) whole = false;
    if (whole) return text;
    free(text);
    return NULL;
}

/* The size up to the last newline. */
static size_t whole_size(const unsigned char *bytes, size_t size) {
    while (size > 0 && bytes[size - 1] != '\n') size--;
    return size;
}

static enum c4_status make_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path) return C4_OK;
    char *folder = strndup(path, (size_t)(slash - path));
    if (!folder) return c4_fail(C4_ERR_MEMORY, "out of memory for a path");
    enum c4_status status = c4_dir_make(folder);
    free(folder);
    return status;
}

enum c4_status c4_history_probe(const char *path) {
    C4_TRY(make_folder(path));
    return c4_file_probe(path, 0);
}

enum c4_status c4_history_append(const char *path, json_t *const *lines, int count) {
    unsigned char *old = NULL;
    size_t old_size = 0, size;
    C4_TRY(make_folder(path));
    if (c4_path_exists(path)) C4_TRY(c4_file_read(path, &old, &old_size));
    char *text = text_of(lines, count, &size);
    const struct c4_file_part parts[] = {{old, old ? whole_size(old, old_size) : 0}, {text, size}};
    enum c4_status status = text ? c4_file_write_parts(path, parts, 2)
                                 : c4_fail(C4_ERR_MEMORY, "out of memory for a history's lines");
    free(text);
    free(old);
    return status;
}
