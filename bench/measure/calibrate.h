/* What the cores can do at most, measured in this process beside what is compared with it. */
#ifndef C4_BENCH_MEASURE_CALIBRATE_H
#define C4_BENCH_MEASURE_CALIBRATE_H

#include <jansson.h>

#include "bench/measure/spread.h"
#include "simd/dispatch.h"

enum { C4_CALIBRATE_MAX = 4 };

/* One loop of multiply-adds, made to last about `sample_seconds`, on `threads` OpenMP threads. */
struct c4_peak {
    const struct c4_peak_loop *loop;
    int threads;
    int64_t rounds;
    double samples[C4_SAMPLES_MAX];      /* GFLOP/s of all threads together, single precision */
    double busy_samples[C4_SAMPLES_MAX]; /* GFLOP/s of one thread, by its CPU time */
    int count;
};

/* Warms the core up and sets the rounds; no samples yet. */
void c4_peak_start(struct c4_peak *peak, const struct c4_peak_loop *loop, int threads,
                   double sample_seconds);

/* Starts the loop that is fastest here: the widest, unless its clock is too low. */
void c4_peak_start_best(struct c4_peak *peak, int threads, double sample_seconds);

/* Takes one more sample; none beyond C4_SAMPLES_MAX. */
void c4_peak_sample(struct c4_peak *peak);

struct c4_spread c4_peak_spread(const struct c4_peak *peak);

/* FLOPs that one thread does in a cycle, at this clock: the median by CPU time. */
double c4_peak_flops_per_cycle(const struct c4_peak *peak, double clock_ghz);

/* {"loop", "threads", "gflops", "gflops_low", "gflops_high", "samples_gflops"} */
json_t *c4_peak_json(const struct c4_peak *peak);

/* The core's clock in GHz, from a chain of register additions, of which every CPU does one a cycle,
 * and the thread's CPU time. No counter is read: cycles that a hypervisor takes away are missing.
 */
double c4_clock_ghz(double seconds);

#endif
