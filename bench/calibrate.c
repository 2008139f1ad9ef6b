#include "bench/calibrate.h"

#include <stdint.h>

#include "core/file/json.h"
#include "core/host/clock.h"

/* GFLOP/s of one run; the value keeps the compiler from leaving it out. */
static double run(const struct c4_peak *peak, double *seconds) {
    float sum = 0;
    int64_t start_ns = c4_clock_ns();
#pragma omp parallel num_threads(peak->threads) reduction(+ : sum) if (peak->threads > 1)
    sum += peak->loop->run(peak->rounds);
    *seconds = (double)(c4_clock_ns() - start_ns) * 1e-9;
    volatile float sink = sum;
    (void)sink;
    return (double)peak->rounds * peak->loop->round_flops * peak->threads / *seconds * 1e-9;
}

void c4_peak_start(struct c4_peak *peak, const struct c4_peak_loop *loop, int threads,
                   double sample_seconds) {
    peak->loop = loop;
    peak->threads = threads;
    peak->count = 0;
    double seconds = 0;
    /* Wide vectors take some milliseconds to reach their clock. */
    for (peak->rounds = 1000; seconds < sample_seconds / 4; peak->rounds *= 2) run(peak, &seconds);
    run(peak, &seconds);
    double rounds = (double)peak->rounds * sample_seconds / seconds;
    peak->rounds = rounds > 1 ? (int64_t)rounds : 1;
}

void c4_peak_start_best(struct c4_peak *peak, int threads, double sample_seconds) {
    const struct c4_peak_loop *best = c4_dispatch_peak(0), *loop;
    double most = 0, seconds;
    for (int i = 0; (loop = c4_dispatch_peak(i)); i++) {
        c4_peak_start(peak, loop, threads, sample_seconds / 4);
        double gflops = run(peak, &seconds);
        if (gflops > most) {
            most = gflops;
            best = loop;
        }
    }
    c4_peak_start(peak, best, threads, sample_seconds);
}

void c4_peak_sample(struct c4_peak *peak) {
    double seconds;
    if (peak->count < C4_SAMPLES_MAX) peak->samples[peak->count++] = run(peak, &seconds);
}

struct c4_spread c4_peak_spread(const struct c4_peak *peak) {
    return c4_spread_of(peak->samples, peak->count);
}

json_t *c4_peak_json(const struct c4_peak *peak) {
    struct c4_spread spread = c4_peak_spread(peak);
    return json_pack("{s:s, s:i, s:o, s:o, s:o, s:o}", "loop", peak->loop->name, "threads",
                     peak->threads, "gflops", c4_json_real(spread.median), "gflops_low",
                     c4_json_real(spread.low), "gflops_high", c4_json_real(spread.high),
                     "samples_gflops", c4_spread_json(peak->samples, peak->count, 1));
}

double c4_clock_ghz(double seconds) {
    uint64_t value = 0, step = 1, additions = 0;
    __asm__ volatile("" : "+r"(step));
    int64_t start_ns = c4_clock_ns(), now_ns = start_ns;
    while ((double)(now_ns - start_ns) * 1e-9 < seconds) {
        for (int i = 0; i < 10000; i++) {
#pragma GCC unroll 16
            for (int k = 0; k < 16; k++) {
                value += step;
                __asm__ volatile("" : "+r"(value)); /* one by one */
            }
        }
        additions += (uint64_t)10000 * 16;
        now_ns = c4_clock_ns();
    }
    return (double)additions / (double)(now_ns - start_ns);
}
