/* Benchmark results as one self-contained HTML page. */
#ifndef C4_BENCH_RESULTS_PAGE_H
#define C4_BENCH_RESULTS_PAGE_H

#include "bench/results/pictures.h"

/* Writes bench.html to pictures->folder: each machine's tables of steps and its pictures, inlined,
 * then every file's environment. */
enum c4_status c4_bench_page(const struct c4_results *results, const struct c4_machines *machines,
                             const struct c4_pictures *pictures);

#endif
