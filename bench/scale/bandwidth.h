/* Memory bandwidth by STREAM's triad (J. McCalpin, 1995), by any number of threads at once. */
#ifndef C4_BENCH_SCALE_BANDWIDTH_H
#define C4_BENCH_SCALE_BANDWIDTH_H

#include <stddef.h>

#include "core/base/status.h"
#include "core/host/topology.h"

/* Bytes of all arrays together: four times the L3 caches of these domains, at least 192 MB, at most
 * a quarter of the memory. */
double c4_triad_bytes(const struct c4_topology *topology);

/* GB/s of a[i] = b[i] + q c[i] in double precision, by `threads` OpenMP threads, each in its own
 * part of the three arrays, which it touches first, so that it lies on its node. Each repeats its
 * part for about `seconds`, without waiting for another. Counted are the 24 bytes that STREAM
 * counts for an element: two loads and a store. Stores are ordinary ones, not non-temporal, so a
 * cache that reads a line before it is written moves 32. *rate is the sum over threads of bytes
 * divided by that thread's time. C4_ERR_MEMORY; C4_ERR_RESULT: a wrong sum. */
enum c4_status c4_triad_measure(int threads, double bytes, double seconds, double *rate);

#endif
