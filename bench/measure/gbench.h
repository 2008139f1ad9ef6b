/* Google Benchmark from C. gbench.cc, the project's only C++ file, is compiled where the library is
 * found (C4_HAVE_GBENCH); without it nothing here is defined. */
#ifndef C4_BENCH_MEASURE_GBENCH_H
#define C4_BENCH_MEASURE_GBENCH_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A number reported beside the times: `amount` per call. */
struct c4_gbench_counter {
    const char *name;
    double amount;
    bool per_second; /* reported as amount * calls / wall time, else as it is */
};

/* One case. Its functions are passed `context`. */
struct c4_gbench_case {
    const char *name; /* words separated by "/" */
    const char *label;
    void *context;
    /* Called immediately before the timed calls of every sample. False voids the case: it is not
     * called again and is left out of all results. May be NULL. */
    bool (*before)(void *context);
    void (*call)(void *context); /* what is timed */
    const struct c4_gbench_counter *counters;
    int counter_count;
    /* Results; the caller provides the array. */
    double *seconds; /* [samples] of one call, by the wall clock */
    int measured;    /* samples taken */
    bool voided;
};

struct c4_gbench; /* the results so far */

/* `program` and `version` go into the file's context. The library's own environment variables
 * (BENCHMARK_*) have no effect. NULL: no memory. */
struct c4_gbench *c4_gbench_open(const char *program, const char *version);

/* Takes `samples` samples of each case, in random order over all cases. A sample has as many calls
 * as fill `sample_seconds`, at least one. Single-threaded; rates are by the wall clock, with the
 * process's CPU time beside it. False on failure: *error is a sentence, valid until the next call;
 * otherwise *error is "". */
bool c4_gbench_run(struct c4_gbench *gbench, struct c4_gbench_case *cases, int count, int samples,
                   double sample_seconds, const char **error);

/* All results in Google Benchmark's JSON format; release with free(). NULL: no memory. */
char *c4_gbench_json(const struct c4_gbench *gbench);

void c4_gbench_close(struct c4_gbench *gbench); /* NULL allowed */

#ifdef __cplusplus
}
#endif

#endif
