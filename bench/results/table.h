/* The table of training speed in results/README.md, from files of "conv4 bench step --json". */
#ifndef C4_BENCH_RESULTS_TABLE_H
#define C4_BENCH_RESULTS_TABLE_H

#include <stdio.h>

#include "bench/results/results.h"

/* Writes, for each machine, version, block order and instruction-set limit of libraries, a
 * paragraph that says what was measured and a Markdown table: a line for each backend and peer,
 * fastest first, and a column for each number of threads and batch size. The ratio is to the
 * fastest peer of the same file, measured in the same run. A peer without a time has a line that
 * says why. C4_ERR_DATA names a file that is not of bench step, or a row that two files have. */
enum c4_status c4_table_write(const struct c4_results *results, FILE *out);

#endif
