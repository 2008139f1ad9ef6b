/* Results of benchmarks as one HTML page that needs nothing else. */
#ifndef C4_BENCH_RESULTS_PAGE_H
#define C4_BENCH_RESULTS_PAGE_H

#include "bench/results/pictures.h"

/* Writes FOLDER/bench.html: for each machine its tables of steps and the pictures that were drawn,
 * inlined; then every file's environment. */
enum c4_status c4_bench_page(const struct c4_results *results, const struct c4_machines *machines,
                             const struct c4_pictures *pictures);

#endif
