#include "bench/compare/timings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure/spread.h"

/* Where each benchmark keeps its rows, and what of a row is its name and its time. */
struct layout {
    const char *benchmark, *rows, *name, *prefix;
    double (*seconds)(const json_t *row); /* 0: none */
};

static double number(const json_t *row, const char *member) {
    return json_number_value(json_object_get(row, member));
}

static double seconds_of_step(const json_t *row) {
    double rate = number(row, "images_per_s");
    return rate > 0 ? 1 / rate : 0;
}

static double seconds_of_op(const json_t *row) {
    return number(row, "seconds_per_call");
}

static double seconds_of_cka(const json_t *row) {
    return number(row, "seconds");
}

/* Aggregates, failed and skipped rows have none. Version 1.7 writes no "skipped". */
static double seconds_of_google(const json_t *row) {
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}};
    const char *type = json_string_value(json_object_get(row, "run_type"));
    const char *unit = json_string_value(json_object_get(row, "time_unit"));
    if (type && strcmp(type, "iteration") != 0) return 0;
    if (json_is_true(json_object_get(row, "error_occurred"))) return 0;
    if (json_object_get(row, "skipped")) return 0;
    for (size_t i = 0; unit && i < sizeof units / sizeof *units; i++)
        if (strcmp(unit, units[i].name) == 0) return number(row, "real_time") * units[i].seconds;
    return 0;
}

static const struct layout layouts[] = {
    {"step", "steps", "backend", "step/", seconds_of_step},
    {"ops", "rows", "name", "", seconds_of_op},
    {"cka", "rows", "name", "", seconds_of_cka},
    {"google-benchmark", "benchmarks", "name", "", seconds_of_google},
};

/* Rows of one name are samples of one process: their median stands for them. */
static void join_rows(struct c4_timings *timings) {
    int kept = 0;
    for (int i = 0; i < timings->count; i++) {
        struct c4_timing *one = &timings->timing[i];
        double seconds[C4_SAMPLES_MAX];
        int samples = 0, before = 0;
        while (before < kept && strcmp(timings->timing[before].name, one->name) != 0) before++;
        if (before < kept) continue;
        for (int j = i; j < timings->count && samples < C4_SAMPLES_MAX; j++)
            if (strcmp(timings->timing[j].name, one->name) == 0)
                seconds[samples++] = timings->timing[j].seconds;
        one->seconds = c4_spread_of(seconds, samples).median;
        timings->timing[kept++] = *one;
    }
    timings->count = kept;
}

static enum c4_status take_rows(const struct layout *layout, const char *program,
                                struct c4_timings *timings) {
    const json_t *rows = json_object_get(timings->output, layout->rows);
    size_t count = json_array_size(rows);
    timings->benchmark = layout->benchmark;
    timings->timing = calloc(count + 1, sizeof *timings->timing);
    if (!timings->timing) return c4_fail(C4_ERR_MEMORY, "out of memory for a benchmark's times");
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(rows, i);
        const char *name = json_string_value(json_object_get(row, layout->name));
        double seconds = layout->seconds(row);
        struct c4_timing *timing = &timings->timing[timings->count];
        if (!name || !(seconds > 0)) continue;
        int length = snprintf(timing->name, sizeof timing->name, "%s%s", layout->prefix, name);
        if (length >= (int)sizeof timing->name)
            return c4_fail(C4_ERR_DATA, "%s: the name of a row is longer than %d bytes: %s",
                           program, C4_TIMING_NAME_SIZE - 1, name);
        timing->seconds = seconds;
        timings->count++;
    }
    join_rows(timings);
    return C4_OK;
}

/* NULL: none. Google Benchmark's output names no benchmark. */
static const struct layout *layout_of(const json_t *output) {
    const char *benchmark = json_string_value(json_object_get(output, "benchmark"));
    if (!benchmark && json_is_array(json_object_get(output, "benchmarks")))
        benchmark = "google-benchmark";
    for (size_t i = 0; benchmark && i < sizeof layouts / sizeof *layouts; i++)
        if (strcmp(layouts[i].benchmark, benchmark) == 0) return &layouts[i];
    return NULL;
}

enum c4_status c4_timings_read(const char *text, size_t size_bytes, const char *program,
                               struct c4_timings *timings) {
    *timings = (struct c4_timings){0};
    json_error_t error;
    timings->output = json_loadb(text, size_bytes, 0, &error);
    const struct layout *layout = layout_of(timings->output);
    if (layout) C4_TRY(take_rows(layout, program, timings));
    if (timings->count > 0) return C4_OK;
    return c4_fail(
        C4_ERR_DATA,
        "%s: no results of a benchmark with --json; is it of conv4 0.1.0 or later, or of "
        "Google Benchmark?",
        program);
}

void c4_timings_free(struct c4_timings *timings) {
    free(timings->timing);
    json_decref(timings->output);
    *timings = (struct c4_timings){0};
}
