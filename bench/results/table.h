/* The README's table of training speed, from files of "conv4 bench step --json". */
#ifndef C4_BENCH_RESULTS_TABLE_H
#define C4_BENCH_RESULTS_TABLE_H

#include <stdio.h>

#include "bench/results/results.h"

/* Writes, for each machine, block order, version and limit on libraries, a paragraph that says what
 * was measured and a Markdown table: a line for each backend and peer, fastest first, a column for
 * each number of threads and batch; the ratio is to the fastest peer of the same file, which was
 * measured in the same sitting. A peer without a time has a line that says why. C4_ERR_DATA names a
 * file that is not of bench step or lacks what a row needs, or what two files have. */
enum c4_status c4_table_write(const struct c4_results *results, FILE *out);

#endif
