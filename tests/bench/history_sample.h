/* Histories for tests, written by hand. */
#ifndef C4_TESTS_BENCH_HISTORY_SAMPLE_H
#define C4_TESTS_BENCH_HISTORY_SAMPLE_H

#include "bench/history/trend.h"
#include "tests/harness/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct history_sample {
    char path[32];
    FILE *file;
    struct c4_history history;
    struct c4_history_all all;
    struct c4_trends trends;
};

/* One line, of the commit with this number: its hash is the number in 12 digits and
 * 28 zeros. */
struct history_sample_line {
    int commit;
    const char *benchmark, *row, *unit, *machine; /* NULL: step, r, s, one */
    int batch;                                    /* 0: null */
    bool exact;
    double value;     /* the median of three samples, or the exact value */
    const char *more; /* further members, with a comma in front; NULL: none */
};

static inline void history_begin(struct history_sample *sample) {
    *sample = (struct history_sample){.path = "/tmp/conv4-history-XXXXXX"};
    int file = mkstemp(sample->path);
    assert_true(file >= 0);
    sample->file = fdopen(file, "w");
    assert_non_null(sample->file);
}

static inline void history_add(struct history_sample *sample,
                               const struct history_sample_line *line) {
    FILE *out = sample->file;
    double v = line->value;
    fprintf(out, "{\"schema\": \"conv4-history\", \"version\": 1, \"commit\": \"%012d%028d\", ",
            line->commit, 0);
    fprintf(out, "\"committed_utc\": \"2026-01-%02dT0%d:00:00Z\", ", line->commit / 10 + 1,
            line->commit % 10);
    fprintf(out, "\"recorded_utc\": \"2026-05-01T00:00:00Z\", \"benchmark\": \"%s\", ",
            line->benchmark ? line->benchmark : "step");
    fprintf(out, "\"row\": \"%s\", \"unit\": \"%s\", \"threads\": 1, ", line->row ? line->row : "r",
            line->unit ? line->unit : "s");
    if (line->batch > 0)
        fprintf(out, "\"batch\": %d, ", line->batch);
    else
        fprintf(out, "\"batch\": null, ");
    if (line->exact)
        fprintf(out,
                "\"exact\": true, \"median\": %.0f, \"low\": %.0f, \"high\": %.0f, "
                "\"samples\": [%.0f], ",
                v, v, v, v);
    else
        fprintf(out,
                "\"exact\": false, \"median\": %.17g, \"low\": %.17g, \"high\": null, "
                "\"samples\": [%.17g, %.17g, %.17g], ",
                v, v - 0.125, v - 0.125, v, v + 0.25);
    const char *machine = line->machine ? line->machine : "one";
    fprintf(out, "\"environment\": {\"key\": \"%s\", \"text\": \"machine %s\"}%s}\n", machine,
            machine, line->more ? line->more : "");
}

static inline void history_read_with(struct history_sample *sample,
                                     const struct c4_change_options *options) {
    assert_int_equal(fclose(sample->file), 0);
    assert_int_equal(c4_history_read(sample->path, &sample->history), C4_OK);
    assert_int_equal(c4_history_series_of(&sample->history, &sample->all), C4_OK);
    assert_int_equal(c4_trends_of(&sample->history, &sample->all, options, &sample->trends), C4_OK);
}

static inline void history_read(struct history_sample *sample, double min_change) {
    history_read_with(sample, &(struct c4_change_options){0.001, 50, min_change});
}

static inline void history_end(struct history_sample *sample) {
    c4_trends_free(&sample->trends);
    c4_history_all_free(&sample->all);
    c4_history_free(&sample->history);
    unlink(sample->path);
}

/* What a stream took, until the next call. */
static inline FILE *history_stream(char **text) {
    static size_t size;
    FILE *out = open_memstream(text, &size);
    assert_non_null(out);
    return out;
}

#endif
