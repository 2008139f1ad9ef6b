/* Counts of instructions in what valgrind's tools write. */
#ifndef C4_BENCH_EXACT_TOTALS_H
#define C4_BENCH_EXACT_TOTALS_H

#include <stdbool.h>

/* *instructions = N of the last line "==PID== I refs: N" (with any spaces, and commas in N) of what
 * cachegrind logs, which may stand among a program's output. False if there is none. */
bool c4_totals_of_log(const char *text, double *instructions);

/* Calls take(context, k, total) for the k-th part, from 0, that --dump-after made in a callgrind
 * file of combined parts, with its total of the first event. Returns the number of such parts, or
 * -1 if one has no total, as in a file whose end is missing. */
int c4_totals_of_parts(const char *text, void (*take)(void *context, int k, double total),
                       void *context);

#endif
