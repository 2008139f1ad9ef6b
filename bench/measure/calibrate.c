#include "bench/measure/calibrate.h"

#include <math.h>
#include <stdint.h>

#include "core/file/json.h"
#include "core/host/clock.h"

enum { TRIALS = 5 }; /* of each loop, before one is chosen */

struct work {
    double gflops, busy_gflops;
    double busy_seconds; /* mean CPU time of a thread */
};

/* The sink keeps the compiler from removing the loop. */
static struct work run(const struct c4_peak *peak) {
    float sum = 0;
    int64_t start_ns = c4_clock_ns(), busy_ns = 0;
#pragma omp parallel num_threads(peak->threads) reduction(+ : sum, busy_ns) if (peak->threads > 1)
    {
        int64_t thread_ns = c4_clock_thread_ns();
        sum += peak->loop->run(peak->rounds);
        busy_ns += c4_clock_thread_ns() - thread_ns;
    }
    double ns = (double)(c4_clock_ns() - start_ns);
    double flops = (double)peak->rounds * peak->loop->round_flops * peak->threads;
    volatile float sink = sum;
    (void)sink;
    return (struct work){flops / ns, flops / (double)busy_ns,
                         (double)busy_ns * 1e-9 / peak->threads};
}

void c4_peak_start(struct c4_peak *peak, const struct c4_peak_loop *loop, int threads,
                   double sample_seconds) {
    peak->loop = loop;
    peak->threads = threads;
    peak->count = 0;
    /* By CPU time, so that a moment of outside load does not shorten all samples. Cores take some
     * milliseconds to reach the clock of wide vectors. */
    for (peak->rounds = 1000; run(peak).busy_seconds < sample_seconds / 4; peak->rounds *= 2)
        continue;
    double rounds = (double)peak->rounds * sample_seconds / run(peak).busy_seconds;
    peak->rounds = rounds > 1 ? (int64_t)rounds : 1;
}

/* In turn and by CPU time: what disturbs a trial lowers it, so each loop's best counts. */
void c4_peak_start_best(struct c4_peak *peak, int threads, double sample_seconds) {
    struct c4_peak trial[C4_CALIBRATE_MAX];
    double best[C4_CALIBRATE_MAX] = {0};
    int count = 0, widest = 0;
    const struct c4_peak_loop *loop;
    while (count < C4_CALIBRATE_MAX && (loop = c4_dispatch_peak(count)))
        c4_peak_start(&trial[count++], loop, threads, sample_seconds / TRIALS);
    for (int k = 0; k < TRIALS; k++)
        for (int i = 0; i < count; i++) best[i] = fmax(best[i], run(&trial[i]).busy_gflops);
    for (int i = 1; i < count; i++)
        if (best[i] > best[widest]) widest = i;
    c4_peak_start(peak, trial[widest].loop, threads, sample_seconds);
}

void c4_peak_sample(struct c4_peak *peak) {
    if (peak->count == C4_SAMPLES_MAX) return;
    struct work work = run(peak);
    peak->samples[peak->count] = work.gflops;
    peak->busy_samples[peak->count++] = work.busy_gflops;
}

struct c4_spread c4_peak_spread(const struct c4_peak *peak) {
    return c4_spread_of(peak->samples, peak->count);
}

double c4_peak_flops_per_cycle(const struct c4_peak *peak, double clock_ghz) {
    return c4_spread_of(peak->busy_samples, peak->count).median / clock_ghz;
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
    int64_t start_ns = c4_clock_thread_ns(), now_ns = start_ns;
    while ((double)(now_ns - start_ns) * 1e-9 < seconds) {
        for (int i = 0; i < 10000; i++) {
#pragma GCC unroll 16
            for (int k = 0; k < 16; k++) {
                value += step;
                __asm__ volatile("" : "+r"(value)); /* one addition after another */
            }
        }
        additions += (uint64_t)10000 * 16;
        now_ns = c4_clock_thread_ns();
    }
    return (double)additions / (double)(now_ns - start_ns);
}
