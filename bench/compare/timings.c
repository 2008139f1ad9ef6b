#include "bench/compare/timings.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where each benchmark keeps its rows, and what of a row is its name and its time. */
static const struct layout {
    const char *benchmark, *rows, *name, *prefix, *seconds, *rate;
} layouts[] = {
    {"step", "steps", "backend", "step/", NULL, "images_per_s"},
    {"ops", "rows", "name", "", "seconds_per_call", NULL},
    {"cka", "rows", "name", "", "seconds", NULL},
};

static double time_of(const json_t *row, const struct layout *layout) {
    if (layout->seconds) return json_number_value(json_object_get(row, layout->seconds));
    double rate = json_number_value(json_object_get(row, layout->rate));
    return rate > 0 ? 1 / rate : 0;
}

static enum c4_status take_rows(const json_t *rows, const struct layout *layout,
                                const char *program, struct c4_timings *timings) {
    size_t count = json_array_size(rows);
    timings->timing = calloc(count + 1, sizeof *timings->timing);
    if (!timings->timing) return c4_fail(C4_ERR_MEMORY, "out of memory for a benchmark's times");
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(rows, i);
        const char *name = json_string_value(json_object_get(row, layout->name));
        double seconds = time_of(row, layout);
        struct c4_timing *timing = &timings->timing[timings->count];
        if (!name || !(seconds > 0)) continue;
        int length = snprintf(timing->name, sizeof timing->name, "%s%s", layout->prefix, name);
        if (length >= (int)sizeof timing->name)
            return c4_fail(C4_ERR_DATA, "%s: the name of a row is longer than %d bytes: %s",
                           program, C4_TIMING_NAME_SIZE - 1, name);
        timing->seconds = seconds;
        timings->count++;
    }
    return C4_OK;
}

enum c4_status c4_timings_read(const char *text, size_t size_bytes, const char *program,
                               struct c4_timings *timings) {
    *timings = (struct c4_timings){0};
    json_error_t error;
    json_t *object = json_loadb(text, size_bytes, 0, &error);
    const char *benchmark = json_string_value(json_object_get(object, "benchmark"));
    const struct layout *layout = NULL;
    for (size_t i = 0; benchmark && i < sizeof layouts / sizeof *layouts; i++)
        if (strcmp(layouts[i].benchmark, benchmark) == 0) layout = &layouts[i];
    enum c4_status status =
        layout ? take_rows(json_object_get(object, layout->rows), layout, program, timings) : C4_OK;
    json_decref(object);
    C4_TRY(status);
    if (timings->count > 0) return C4_OK;
    return c4_fail(C4_ERR_DATA,
                   "%s: did not print the results of a benchmark with --json; is it conv4 0.1.0 or "
                   "later?",
                   program);
}

void c4_timings_free(struct c4_timings *timings) {
    free(timings->timing);
    *timings = (struct c4_timings){0};
}
