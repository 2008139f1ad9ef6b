#include "bench/scale/bandwidth.h"

#include <stdint.h>
#include <stdlib.h>

#include "core/host/clock.h"

enum {
    ARRAYS = 3,
    BLOCK = 32768,     /* elements between two looks at the clock */
    ELEMENT_BYTES = 24 /* loads of b and c, a store of a */
};
static const double least_bytes = 192e6, of_caches = 4;

double c4_triad_bytes(const struct c4_topology *topology) {
    double bytes = of_caches * (double)topology->l3_bytes * topology->l3_domains;
    double most = (double)topology->memory_bytes / 4;
    if (bytes < least_bytes) bytes = least_bytes;
    return most > 0 && bytes > most ? most : bytes;
}

static void triad(double *restrict a, const double *restrict b, const double *restrict c, double q,
                  size_t count) {
    for (size_t i = 0; i < count; i++) a[i] = b[i] + q * c[i];
}

/* One thread's part; returns bytes per nanosecond, 0 without memory, -1 for a wrong result. */
static double run(size_t count, double seconds) {
    double *a = aligned_alloc(64, ARRAYS * count * sizeof *a), *b = a + count, *c = b + count;
    if (a)
        for (size_t i = 0; i < count; i++) a[i] = 0, b[i] = 2, c[i] = 0.5;
    double rate = 0, done = 0;
#pragma omp barrier
    if (!a) return 0;
    int64_t start_ns = c4_clock_ns(), now_ns;
    size_t at = 0;
    do {
        triad(a + at, b + at, c + at, 3, BLOCK);
        done += BLOCK;
        at = at + BLOCK < count ? at + BLOCK : 0;
        now_ns = c4_clock_ns();
    } while ((double)(now_ns - start_ns) * 1e-9 < seconds);
    rate = done * ELEMENT_BYTES / (double)(now_ns - start_ns);
    size_t reached = done < (double)count ? (size_t)done : count;
    for (size_t i = 0; i < reached; i += BLOCK / 2)
        if (a[i] != 3.5) rate = -1;
    free(a);
    return rate;
}

enum c4_status c4_triad_measure(int threads, double bytes, double seconds, double *rate) {
    size_t count = (size_t)(bytes / threads / (ARRAYS * sizeof(double))) / BLOCK * BLOCK;
    double sum = 0;
    int lacking = 0, wrong = 0;
    if (count == 0) count = BLOCK;
#pragma omp parallel num_threads(threads) reduction(+ : sum, lacking, wrong)
    {
        double own = run(count, seconds);
        lacking += own == 0;
        wrong += own < 0;
        sum += own;
    }
    *rate = sum;
    if (lacking)
        return c4_fail(C4_ERR_MEMORY, "no memory for arrays of %.0f MB that measure bandwidth",
                       bytes * 1e-6);
    return wrong ? c4_fail(C4_ERR_RESULT, "a[i] = b[i] + q c[i] has a wrong value") : C4_OK;
}
