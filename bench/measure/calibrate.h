/* The FMA peak of the cores, measured in the same process as what is compared with it. */
#ifndef C4_BENCH_MEASURE_CALIBRATE_H
#define C4_BENCH_MEASURE_CALIBRATE_H

#include <jansson.h>

#include "bench/measure/spread.h"
#include "simd/dispatch.h"

enum { C4_CALIBRATE_MAX = 4 };

/* A loop of multiply-adds on `threads` OpenMP threads, and its samples. */
struct c4_peak {
    const struct c4_peak_loop *loop;
    int64_t rounds;                      /* of one sample */
    double samples[C4_SAMPLES_MAX];      /* GFLOP/s of all threads together, single precision */
    double busy_samples[C4_SAMPLES_MAX]; /* GFLOP/s of one thread, by its CPU time */
    int threads, count;
};

/* Warms up the cores and sets `rounds` for samples of about `sample_seconds`; takes no sample. */
void c4_peak_start(struct c4_peak *peak, const struct c4_peak_loop *loop, int threads,
                   double sample_seconds);

/* Starts the loop that is fastest here: the widest, unless it lowers the clock too much. */
void c4_peak_start_best(struct c4_peak *peak, int threads, double sample_seconds);

/* Adds a sample; does nothing beyond C4_SAMPLES_MAX. */
void c4_peak_sample(struct c4_peak *peak);

struct c4_spread c4_peak_spread(const struct c4_peak *peak);

/* FLOPs per cycle of one thread at this clock, from the median of busy_samples. */
double c4_peak_flops_per_cycle(const struct c4_peak *peak, double clock_ghz);

/* {"loop", "threads", "gflops", "gflops_low", "gflops_high", "samples_gflops"} */
json_t *c4_peak_json(const struct c4_peak *peak);

/* The core's clock in GHz, from the thread's CPU time for a chain of register additions, of which
 * every CPU does one per cycle. No hardware counter is read: cycles stolen by a hypervisor are
 * missing. */
double c4_clock_ghz(double seconds);

#endif
