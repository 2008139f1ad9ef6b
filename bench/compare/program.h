/* One run of a benchmark of a program, as a process. */
#ifndef C4_BENCH_COMPARE_PROGRAM_H
#define C4_BENCH_COMPARE_PROGRAM_H

#include <stdbool.h>

#include "bench/compare/timings.h"
#include "bench/measure/child.h"

/* "step", "ops", "cka" of conv4 programs; "google-benchmark": any program of that library. */
extern const char *const c4_program_benchmarks[];

struct c4_program_setting {
    const char *benchmark; /* of c4_program_benchmarks */
    const char *backend;   /* as --backend has it; unused by google-benchmark, like the next two */
    int batch, threads;
    const char *order;  /* of blocks, in "step"; NULL: bn-relu */
    const char *filter; /* regular expression for names of ops and google-benchmark; NULL: all */
};

/* Whether the setting's benchmark takes a filter. */
bool c4_program_filters(const struct c4_program_setting *setting);

/* Starts the program's benchmark on one PU (-1: on all), only by options that version 0.1.0 has.
 * Statuses of c4_child_start(). */
enum c4_status c4_program_start(const struct c4_program_setting *setting, const char *program,
                                int pu, struct c4_child *child);

/* The times of a run that has ended. C4_ERR_DATA: it could not be started, failed (with the status
 * or signal that it ended with), or printed no results. c4_timings_free() in every case. */
enum c4_status c4_program_timings(const struct c4_program_setting *setting, const char *program,
                                  const struct c4_child *child, struct c4_timings *timings);

/* bench ops by ref alone takes minutes. */
enum { C4_PROGRAM_PATIENCE_SECONDS = 3600 };

#endif
