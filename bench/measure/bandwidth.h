/* Sequential read bandwidth of each memory level: the slopes of a roofline. */
#ifndef C4_BENCH_MEASURE_BANDWIDTH_H
#define C4_BENCH_MEASURE_BANDWIDTH_H

#include <jansson.h>

#include "bench/measure/spread.h"
#include "simd/dispatch.h"

enum { C4_BANDWIDTH_LEVELS = 3 };

struct c4_bandwidth {
    const char *level; /* "L2", "L3" or "memory" */
    size_t count;      /* floats of each thread's array */
    int threads;
    float **values;                 /* [threads], one array per thread */
    double samples[C4_SAMPLES_MAX]; /* GB/s of all threads together */
    int taken;
};

/* Allocates the arrays of each level that these cache sizes can tell apart (0: unknown, the level
 * is left out): L2 with half a core's L2 per thread; L3 with half of it, shared by all threads;
 * memory with four times the L3, at least 256 MB. *levels = how many. Each is released with
 * c4_bandwidth_free(), also after an error. C4_ERR_MEMORY. */
enum c4_status c4_bandwidth_start(struct c4_bandwidth bandwidth[C4_BANDWIDTH_LEVELS], int *levels,
                                  double l2_bytes, double l3_bytes, int threads);
void c4_bandwidth_free(struct c4_bandwidth *bandwidth);

/* Reads the arrays for about `seconds`, at least once, and adds the sample; does nothing beyond
 * C4_SAMPLES_MAX. */
void c4_bandwidth_sample(struct c4_bandwidth *bandwidth, const struct c4_peak_loop *loop,
                         double seconds);

/* {"level", "bytes" (of all threads), "gbytes_per_s", "gbytes_per_s_low", "gbytes_per_s_high",
 * "samples_gbytes_per_s"}, after at least one sample. */
json_t *c4_bandwidth_json(const struct c4_bandwidth *bandwidth);

#endif
