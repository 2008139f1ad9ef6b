/* How a benchmark gets its team of threads. */
#ifndef C4_BENCH_COMMANDS_TEAM_H
#define C4_BENCH_COMMANDS_TEAM_H

#include "core/cli/option.h"
#include "core/host/team.h"

/* The number of threads: --threads (C4_BENCH_THREADS) if given, or else OMP_NUM_THREADS, or else
 * the option's default. Says on stderr what was ignored, and what is more than this process is
 * granted (core/host/allowance.h). C4_ERR_USAGE beyond the option's limits, and errors of
 * c4_allowance_read(). */
enum c4_status c4_bench_threads(const struct c4_args *args, int *threads);

/* OMP_NUM_THREADS if --threads is not given, or else 0. Likewise. */
enum c4_status c4_bench_openmp_threads(const struct c4_args *args, int *threads);

/* Always, unless --no-pin (C4_BENCH_NO_PIN) is given. */
enum c4_pinning c4_bench_pinning(const struct c4_args *args);

#endif
