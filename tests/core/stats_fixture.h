/* Reads the tables that reference/make_stats.py writes. */
#ifndef C4_TESTS_CORE_STATS_FIXTURE_H
#define C4_TESTS_CORE_STATS_FIXTURE_H

#include "tests/harness/unit.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIXTURE_FIELDS = 9, FIXTURE_LIST = 1024, FIXTURE_LINE = 16384 };

struct fixture {
    FILE *file;
    int rows;
    char line[FIXTURE_LINE], *field[FIXTURE_FIELDS];
};

/* The next row's fields, exactly `fields` of them; false behind the last one. */
static inline bool fixture_row(struct fixture *f, int fields) {
    if (!fgets(f->line, sizeof f->line, f->file)) return false;
    assert_non_null(strchr(f->line, '\n'));
    f->line[strcspn(f->line, "\n")] = 0;
    int count = 0;
    for (char *at = f->line; at; count++) {
        assert_true(count < FIXTURE_FIELDS);
        f->field[count] = at;
        at = strchr(at, ',');
        if (at) *at++ = 0;
    }
    assert_int_equal(count, fields);
    f->rows++;
    return true;
}

/* Opens reference/NAME behind its header. */
static inline void fixture_open(struct fixture *f, const char *name, int fields) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", C4_TEST_REFERENCE, name);
    f->file = fopen(path, "r");
    assert_non_null(f->file);
    assert_true(fixture_row(f, fields));
    f->rows = 0;
}

/* A field's numbers; returns how many. */
static inline int fixture_list(const char *text, double *values) {
    int count = 0;
    for (char *end; *text; text = end) {
        assert_true(count < FIXTURE_LIST);
        values[count++] = strtod(text, &end);
        assert_true(end > text);
        while (*end == ' ') end++;
    }
    return count;
}

/* Fails unless got = want, or within tolerance * (|want| + floor). */
static inline void fixture_near(double got, double want, double tolerance, double floor,
                                const char *what, int row) {
    if (got == want || fabs(got - want) <= tolerance * (fabs(want) + floor)) return;
    fail_msg("row %d, %s: %.17g instead of %.17g", row, what, got, want);
}

#endif
