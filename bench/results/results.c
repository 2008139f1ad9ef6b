#include "bench/results/results.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/results/check.h"
#include "core/file/file.h"

static enum c4_status read_one(const char *path, json_t **object) {
    unsigned char *bytes;
    size_t size;
    json_error_t error;
    C4_TRY(c4_file_read(path, &bytes, &size));
    *object = json_loadb((const char *)bytes, size, 0, &error);
    free(bytes);
    if (!*object)
        return c4_fail(C4_ERR_DATA, "%s is not JSON (line %d: %s): give a file from --json", path,
                       error.line, error.text);
    return c4_result_check(*object, path);
}

enum c4_status c4_results_read(struct c4_results *results, char *const *paths, int count) {
    *results = (struct c4_results){0};
    if (count > C4_RESULTS_MAX)
        return c4_fail(C4_ERR_USAGE, "%d files are too many: give at most %d", count,
                       C4_RESULTS_MAX);
    for (int i = 0; i < count; i++) {
        results->path[i] = paths[i];
        results->count = i + 1;
        C4_TRY(read_one(paths[i], &results->file[i]));
    }
    return C4_OK;
}

void c4_results_free(struct c4_results *results) {
    for (int i = 0; i < results->count; i++) json_decref(results->file[i]);
    *results = (struct c4_results){0};
}

const json_t *c4_result_at(const json_t *object, const char *way) {
    char name[64];
    while (object && *way) {
        size_t length = strcspn(way, ".");
        snprintf(name, sizeof name, "%.*s", (int)length, way);
        object = json_object_get(object, name);
        way += length + (way[length] == '.');
    }
    return object;
}

const char *c4_result_text(const json_t *object, const char *way, const char *otherwise) {
    const char *text = json_string_value(c4_result_at(object, way));
    return text ? text : otherwise;
}

int c4_result_whole(const json_t *object, const char *way) {
    return (int)json_integer_value(c4_result_at(object, way));
}

double c4_result_number(const json_t *object, const char *way) {
    const json_t *value = c4_result_at(object, way);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

bool c4_result_evaluates(const json_t *file) {
    return strcmp(c4_result_text(file, "mode", "train"), "evaluate") == 0;
}

const char *c4_result_mode(const json_t *file) {
    if (!c4_result_evaluates(file)) return "Training steps";
    return strcmp(c4_result_text(file, "statistics", "batch"), "running") == 0
               ? "Evaluations by running statistics"
               : "Evaluations by batch statistics";
}
