#include "bench/measure/bandwidth.h"

#include <omp.h>
#include <stdlib.h>

#include "core/file/json.h"
#include "core/host/clock.h"

enum { BLOCK = 64 }; /* floats, see struct c4_peak_loop */

/* Each thread allocates and first touches its own array, which places it on its NUMA node. */
static enum c4_status make(struct c4_bandwidth *bandwidth, const char *level, double bytes,
                           int threads) {
    *bandwidth = (struct c4_bandwidth){.level = level, .threads = threads};
    bandwidth->count = (size_t)(bytes / threads / sizeof(float)) / BLOCK * BLOCK;
    bandwidth->values = calloc((size_t)threads, sizeof *bandwidth->values);
    int failed = !bandwidth->values;
    if (failed) return c4_fail(C4_ERR_MEMORY, "no memory for the arrays that measure bandwidth");
#pragma omp parallel num_threads(threads) reduction(+ : failed)
    {
        float *values = aligned_alloc(64, bandwidth->count * sizeof *values);
        for (size_t i = 0; values && i < bandwidth->count; i++) values[i] = 1;
        bandwidth->values[omp_get_thread_num()] = values;
        failed += !values;
    }
    return failed ? c4_fail(C4_ERR_MEMORY, "no memory for the arrays that measure bandwidth")
                  : C4_OK;
}

enum c4_status c4_bandwidth_start(struct c4_bandwidth bandwidth[C4_BANDWIDTH_LEVELS], int *levels,
                                  double l2_bytes, double l3_bytes, int threads) {
    *levels = 0;
    double beyond = l3_bytes * 4 > 256e6 ? l3_bytes * 4 : 256e6;
    if (l2_bytes > 0) C4_TRY(make(&bandwidth[(*levels)++], "L2", l2_bytes / 2 * threads, threads));
    if (l3_bytes / 2 > 2 * l2_bytes * threads) /* otherwise L2 would serve most of it */
        C4_TRY(make(&bandwidth[(*levels)++], "L3", l3_bytes / 2, threads));
    return make(&bandwidth[(*levels)++], "memory", beyond, threads);
}

void c4_bandwidth_free(struct c4_bandwidth *bandwidth) {
    for (int i = 0; bandwidth->values && i < bandwidth->threads; i++) free(bandwidth->values[i]);
    free(bandwidth->values);
    bandwidth->values = NULL;
}

void c4_bandwidth_sample(struct c4_bandwidth *bandwidth, const struct c4_peak_loop *loop,
                         double seconds) {
    if (bandwidth->taken == C4_SAMPLES_MAX) return;
    double bytes = 0;
    float sum = 0;
    int64_t start_ns = c4_clock_ns();
#pragma omp parallel num_threads(bandwidth->threads) reduction(+ : bytes, sum)
    {
        const float *values = bandwidth->values[omp_get_thread_num()];
        do {
            sum += loop->read(values, bandwidth->count);
            bytes += (double)bandwidth->count * sizeof *values;
        } while ((double)(c4_clock_ns() - start_ns) * 1e-9 < seconds);
    }
    volatile float sink = sum;
    (void)sink;
    bandwidth->samples[bandwidth->taken++] = bytes / (double)(c4_clock_ns() - start_ns);
}

json_t *c4_bandwidth_json(const struct c4_bandwidth *bandwidth) {
    struct c4_spread s = c4_spread_of(bandwidth->samples, bandwidth->taken);
    double bytes = (double)bandwidth->count * sizeof(float) * bandwidth->threads;
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "level", bandwidth->level, "bytes",
                     c4_json_real(bytes), "gbytes_per_s", c4_json_real(s.median),
                     "gbytes_per_s_low", c4_json_real(s.low), "gbytes_per_s_high",
                     c4_json_real(s.high), "samples_gbytes_per_s",
                     c4_spread_json(bandwidth->samples, bandwidth->taken, 1));
}
