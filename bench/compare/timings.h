/* The times in a benchmark's JSON output: a name and a time for each row of "conv4 bench step, ops
 * or cka --json", as version 0.1.0 and later print it, or of Google Benchmark's JSON. */
#ifndef C4_BENCH_COMPARE_TIMINGS_H
#define C4_BENCH_COMPARE_TIMINGS_H

#include <jansson.h>
#include <stddef.h>

#include "core/base/status.h"

enum { C4_TIMING_NAME_SIZE = 128 };

struct c4_timing {
    char name[C4_TIMING_NAME_SIZE]; /* "step/avx2", "linear_fwd/linear/n32/avx2" */
    double seconds;                 /* the run's median: per image (step), per call (others) */
};

struct c4_timings {
    const char *benchmark; /* "step", "ops", "cka", "google-benchmark" */
    struct c4_timing *timing;
    int count;
    json_t *output; /* all of it */
};

/* Rows that were void, not measured, or aggregates of others are left out. `program` is for the
 * sentence of C4_ERR_DATA: the text is not the output of such a benchmark, has no rows, or one
 * whose name is too long. c4_timings_free() in every case. */
enum c4_status c4_timings_read(const char *text, size_t size_bytes, const char *program,
                               struct c4_timings *timings);
void c4_timings_free(struct c4_timings *timings);

#endif
