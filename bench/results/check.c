#include "bench/results/check.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bench/results/results.h"

enum kind {
    NAME,  /* text of letters, digits, _ and -, which can be part of a file name */
    PATH,  /* names separated by slashes */
    TEXT,  /* any text */
    TEXTS, /* a list of texts */
    WHOLE,
    REAL,
    PRESENT /* anything but null */
};

struct member {
    const char *way;
    enum kind kind;
    bool optional;    /* may be missing, or null */
    double low, high; /* bounds of a number; `high` also the most bytes of a text */
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct member any_result[] = {
    {"environment", PRESENT, false, 0, 0},
    {"environment.cpu.model_name", TEXT, true, 0, 120},
    {"environment.cpu.features", TEXT, true, 0, 80},
    {"environment.date_utc", TEXT, true, 0, 40},
    {"environment.backends", TEXTS, true, 0, 0},
    {"environment.warnings", TEXTS, true, 0, 0},
    {"conv4", TEXT, true, 0, 40},
};

static const struct member step_result[] = {
    {"threads", WHOLE, false, 1, 65536},
    {"batch", WHOLE, false, 1, 1000000},
    {"order", TEXT, true, 0, 40},
    {"mode", TEXT, true, 0, 40},
    {"statistics", TEXT, true, 0, 40},
    {"peak.gflops", REAL, false, 1e-9, 1e12},
    {"peak.gflops_low", REAL, false, 0, 1e12},
    {"peak.gflops_high", REAL, false, 0, 1e12},
};
static const struct member step_row[] = {
    {"backend", NAME, false, 0, 40},   {"variant", TEXT, true, 0, 1e4},
    {"algorithm", TEXT, true, 0, 1e4}, {"state", TEXT, true, 0, 40},
    {"reason", TEXT, true, 0, 1e7},
};
static const struct member measured_step[] = {
    {"images_per_s", REAL, false, 1e-9, 1e12},
    {"images_per_s_low", REAL, false, 0, 1e12},
    {"images_per_s_high", REAL, false, 0, 1e12},
    {"percent_of_peak", REAL, false, 0, 1e9},
};
static const struct member absent_step[] = {{"reason", TEXT, false, 0, 1e7}};
static const struct member phase_row[] = {
    {"phase", TEXT, false, 0, 40},
    {"seconds_per_image", REAL, false, 0, 1e9},
    {"flops_performed_per_image", REAL, false, 0, 1e18},
    {"bytes_per_image", REAL, false, 0, 1e18},
    {"gflops_performed", REAL, true, 0, 1e12},
};

static const struct member ops_result[] = {
    {"threads", WHOLE, false, 1, 65536},
    {"batch", WHOLE, false, 1, 1000000},
    {"peak.gflops", REAL, true, 1e-9, 1e12},
};
static const struct member ops_row[] = {{"name", PATH, false, 0, 95},
                                        {"backend", NAME, false, 0, 40}};
static const struct member measured_op[] = {
    {"images", WHOLE, true, 1, 1e12},           {"seconds_per_call", REAL, false, 1e-15, 1e9},
    {"flops_performed", REAL, false, 0, 1e18},  {"bytes", REAL, false, 0, 1e18},
    {"gflops_performed", REAL, false, 0, 1e12},
};
static const struct member void_op[] = {{"fault", TEXT, false, 0, 1e7}};

static const struct member calibrate_result[] = {
    {"threads", WHOLE, false, 1, 65536},
    {"peak_gflops", REAL, false, 1e-9, 1e12},
};
static const struct member scale_result[] = {
    {"backend", NAME, false, 0, 40},
    {"rounds", WHOLE, false, 1, 1000},
    {"window_seconds", REAL, false, 1e-9, 1e6},
};
static const struct member scale_row[] = {
    {"name", TEXT, false, 0, 60},
    {"workers", WHOLE, false, 1, 65536},
    {"threads", WHOLE, false, 1, 65536},
    {"state", NAME, false, 0, 40},
    {"reason", TEXT, true, 0, 1e7},
    {"images_per_s", REAL, true, 1e-9, 1e12},
    {"images_per_s_low", REAL, true, 0, 1e12},
    {"images_per_s_high", REAL, true, 0, 1e12},
    {"peak_gflops", REAL, true, 1e-9, 1e12},
    {"triad_gbytes_per_s", REAL, true, 1e-9, 1e9},
    {"planned_images_per_s", REAL, true, 1e-9, 1e12},
};
/* Of each factor of a row. */
static const struct member scale_factor[] = {
    {"gain.estimate", REAL, true, 1e-9, 1e9},
    {"gain.low", REAL, true, 0, 1e9},
    {"gain.high", REAL, true, 0, 1e9},
    {"peak_gain.estimate", REAL, true, 1e-9, 1e9},
    {"peak_gain.low", REAL, true, 0, 1e9},
    {"peak_gain.high", REAL, true, 0, 1e9},
    {"triad_gain.estimate", REAL, true, 1e-9, 1e9},
    {"triad_gain.low", REAL, true, 0, 1e9},
    {"triad_gain.high", REAL, true, 0, 1e9},
    {"of_peak_gain.estimate", REAL, true, 0, 1e9},
    {"of_peak_gain.low", REAL, true, 0, 1e9},
    {"of_peak_gain.high", REAL, true, 0, 1e9},
    {"of_plan.estimate", REAL, true, 0, 1e9},
    {"of_plan.low", REAL, true, 0, 1e9},
    {"of_plan.high", REAL, true, 0, 1e9},
};
static const struct member level_row[] = {{"level", TEXT, false, 0, 20},
                                          {"gbytes_per_s", REAL, false, 1e-9, 1e9}};

/* Where a member is, for error messages; `before` goes before its path: "steps[3].phases[0].". */
struct place {
    const char *path, *benchmark;
    char before[80];
};

static enum c4_status refuse(const struct place *place, const char *way, const char *what) {
    return c4_fail(C4_ERR_DATA,
                   "%s: \"%s%s\" %s: give a complete file from \"conv4 bench %s --json\"",
                   place->path, place->before, way, what, place->benchmark);
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static bool is_name(const char *text, bool path) {
    const char *allowed = path ? LETTERS "_-/" : LETTERS "_-";
    return strspn(text, LETTERS) > 0 && text[strspn(text, allowed)] == '\0';
}

static bool are_texts(const json_t *list) {
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_is_string(json_array_get(list, i))) return false;
    return json_is_array(list);
}

static enum c4_status check_text(const struct place *place, const struct member *member,
                                 const json_t *value) {
    char what[64];
    if (!json_is_string(value)) return refuse(place, member->way, "is not a string");
    snprintf(what, sizeof what, "is longer than %.0f bytes", member->high);
    if (json_string_length(value) > (size_t)member->high) return refuse(place, member->way, what);
    if (member->kind == TEXT || is_name(json_string_value(value), member->kind == PATH))
        return C4_OK;
    return refuse(place, member->way, "is not a name of letters, digits, _ and -");
}

static enum c4_status check_number(const struct place *place, const struct member *member,
                                   const json_t *value) {
    char what[96];
    bool whole = member->kind == WHOLE;
    double number = json_number_value(value); /* 0 if it is not a number; JSON has no NaN */
    snprintf(what, sizeof what, "is not a %snumber from %g to %g", whole ? "whole " : "",
             member->low, member->high);
    if (!(whole ? json_is_integer(value) : json_is_number(value)) ||
        !(number >= member->low && number <= member->high))
        return refuse(place, member->way, what);
    return C4_OK;
}

static enum c4_status check_member(const struct place *place, const struct member *member,
                                   const json_t *object) {
    const json_t *value = c4_result_at(object, member->way);
    bool missing = !value || json_is_null(value);
    if (missing && member->optional) return C4_OK;
    if (missing) return refuse(place, member->way, "is missing");
    switch (member->kind) {
    case NAME:
    case PATH:
    case TEXT:
        return check_text(place, member, value);
    case TEXTS:
        return are_texts(value) ? C4_OK : refuse(place, member->way, "is not a list of strings");
    case WHOLE:
    case REAL:
        return check_number(place, member, value);
    case PRESENT:
        break;
    }
    return C4_OK;
}

static enum c4_status check_members(const struct place *place, const json_t *object,
                                    const struct member *members, size_t count) {
    for (size_t i = 0; i < count; i++) C4_TRY(check_member(place, &members[i], object));
    return C4_OK;
}

typedef enum c4_status row_fn(const struct place *place, const json_t *row);

/* Checks a list of `least` to `most` objects, each by `check`. */
static enum c4_status check_rows(const struct place *place, const json_t *object, const char *key,
                                 size_t least, size_t most, row_fn *check) {
    const json_t *rows = json_object_get(object, key);
    size_t count = json_array_size(rows);
    char what[64], here[30];
    if (!rows) return refuse(place, key, "is missing");
    if (!json_is_array(rows)) return refuse(place, key, "is not a list");
    snprintf(what, sizeof what, "has %zu rows, not %zu to %zu", count, least, most);
    if (count < least || count > most) return refuse(place, key, what);
    for (size_t i = 0; i < count; i++) {
        struct place inside = *place;
        const json_t *row = json_array_get(rows, i);
        snprintf(here, sizeof here, "%s[%zu]", key, i);
        if (!json_is_object(row)) return refuse(place, here, "is not an object");
        snprintf(inside.before, sizeof inside.before, "%.48s%s.", place->before, here);
        C4_TRY(check(&inside, row));
    }
    return C4_OK;
}

static enum c4_status check_phase(const struct place *place, const json_t *row) {
    return check_members(place, row, phase_row, COUNT(phase_row));
}

static bool has(const json_t *row, const char *key) {
    const json_t *value = json_object_get(row, key);
    return value && !json_is_null(value);
}

static enum c4_status check_step(const struct place *place, const json_t *row) {
    C4_TRY(check_members(place, row, step_row, COUNT(step_row)));
    if (!has(row, "images_per_s") && has(row, "reason"))
        return check_members(place, row, absent_step, COUNT(absent_step));
    C4_TRY(check_members(place, row, measured_step, COUNT(measured_step)));
    return has(row, "phases") ? check_rows(place, row, "phases", 0, 64, check_phase) : C4_OK;
}

static enum c4_status check_op(const struct place *place, const json_t *row) {
    C4_TRY(check_members(place, row, ops_row, COUNT(ops_row)));
    if (has(row, "fault")) return check_members(place, row, void_op, COUNT(void_op));
    return check_members(place, row, measured_op, COUNT(measured_op));
}

static enum c4_status check_scale(const struct place *place, const json_t *row) {
    C4_TRY(check_members(place, row, scale_row, COUNT(scale_row)));
    return check_members(place, row, scale_factor, COUNT(scale_factor));
}

static enum c4_status check_level(const struct place *place, const json_t *row) {
    return check_members(place, row, level_row, COUNT(level_row));
}

enum c4_status c4_result_check(const json_t *object, const char *path) {
    static const char *const known[] = {"ops", "step", "cka", "calibrate", "scale"};
    const char *benchmark = c4_result_text(object, "benchmark", NULL);
    struct place place = {path, NULL, ""};
    for (size_t i = 0; benchmark && i < COUNT(known); i++)
        if (strcmp(benchmark, known[i]) == 0) place.benchmark = known[i];
    if (!place.benchmark || !json_is_object(json_object_get(object, "environment")))
        return c4_fail(C4_ERR_DATA,
                       "%s is not a benchmark result, as \"%s\" is missing or unknown: give a file "
                       "from \"conv4 bench ... --json\"",
                       path, place.benchmark ? "environment" : "benchmark");
    if (json_is_true(json_object_get(object, "partial")))
        return c4_fail(C4_ERR_DATA,
                       "%s is of a benchmark that was interrupted: give one that ran to its end",
                       path);
    C4_TRY(check_members(&place, object, any_result, COUNT(any_result)));
    if (strcmp(benchmark, "step") == 0) {
        C4_TRY(check_members(&place, object, step_result, COUNT(step_result)));
        return check_rows(&place, object, "steps", 1, 1000, check_step);
    }
    if (strcmp(benchmark, "ops") == 0) {
        C4_TRY(check_members(&place, object, ops_result, COUNT(ops_result)));
        return check_rows(&place, object, "rows", 1, 10000, check_op);
    }
    if (strcmp(benchmark, "scale") == 0) {
        C4_TRY(check_members(&place, object, scale_result, COUNT(scale_result)));
        return check_rows(&place, object, "rows", 1, 1000, check_scale);
    }
    if (strcmp(benchmark, "calibrate") == 0) {
        C4_TRY(check_members(&place, object, calibrate_result, COUNT(calibrate_result)));
        return check_rows(&place, object, "bandwidth", 0, 3, check_level);
    }
    return C4_OK;
}
