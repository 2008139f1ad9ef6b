/* conv4 bench calibrate: FMA peak, clock and bandwidth of the cores. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/commands.h"
#include "bench/commands/calibrate_aa.h"
#include "bench/commands/options.h"
#include "bench/commands/team.h"
#include "bench/compare/pairs.h"
#include "bench/measure/bandwidth.h"
#include "bench/measure/calibrate.h"
#include "bench/measure/disclose.h"
#include "bench/results/results.h"
#include "core/cli/cli.h"
#include "core/cli/interrupt.h"
#include "core/file/json.h"

static const struct c4_option options[] = {
    C4_BENCH_OWN_THREADS("OpenMP threads that run each loop at the same time"),
    C4_BENCH_NO_PIN,
    C4_BENCH_SAMPLES("15", 3, "samples of each loop, taken in turn"),
    C4_CALIBRATE_AA_OPTIONS,
    C4_BENCH_JSON,
    C4_BENCH_END,
};

static const char *const examples[] = {"conv4 bench calibrate",
                                       "conv4 bench calibrate --threads 2 --json",
                                       "conv4 bench calibrate --aa 42", NULL};

static const double sample_seconds = 0.02;
/* A larger spread of the samples means that the core is shared or changes its clock. */
static const double noisy_percent = 10;

struct job {
    struct c4_peak peak[C4_CALIBRATE_MAX];
    double ghz[C4_SAMPLES_MAX];
    struct c4_bandwidth bandwidth[C4_BANDWIDTH_LEVELS];
    int loops, samples, levels;
    const struct c4_peak *best;
};

static enum c4_status measure(struct job *job, int threads) {
    do { /* there is at least one loop */
        c4_peak_start(&job->peak[job->loops], c4_dispatch_peak(job->loops), threads,
                      sample_seconds);
    } while (++job->loops < C4_CALIBRATE_MAX && c4_dispatch_peak(job->loops));
    for (int k = 0; k < job->samples; k++) {
        job->ghz[k] = c4_clock_ghz(sample_seconds);
        for (int i = 0; i < job->loops; i++) c4_peak_sample(&job->peak[i]);
        for (int i = 0; i < job->levels; i++)
            c4_bandwidth_sample(&job->bandwidth[i], job->peak[0].loop, sample_seconds);
        C4_TRY(c4_interrupted());
    }
    job->best = &job->peak[0];
    for (int i = 1; i < job->loops; i++)
        if (c4_peak_spread(&job->peak[i]).median > c4_peak_spread(job->best).median)
            job->best = &job->peak[i];
    return C4_OK;
}

static void print_text(const struct job *job, int threads) {
    struct c4_spread ghz = c4_spread_of(job->ghz, job->samples);
    printf("multiply-adds in single precision, %d thread%s, median of %d samples taken in turn\n",
           threads, threads == 1 ? "" : "s", job->samples);
    printf("%-8s %5s %10s %10s %10s %7s %11s\n", "loop", "lanes", "GFLOP/s", "lowest", "highest",
           "spread", "FLOP/cycle");
    for (int i = 0; i < job->loops; i++) {
        const struct c4_peak *peak = &job->peak[i];
        struct c4_spread s = c4_peak_spread(peak);
        printf("%-8s %5d %10.1f %10.1f %10.1f %6.1f%% %11.1f%s\n", peak->loop->name,
               peak->loop->lanes, s.median, s.low, s.high, c4_spread_percent(&s),
               c4_peak_flops_per_cycle(peak, ghz.median),
               peak->loop->fused ? "" : "  separate multiply and add");
    }
    printf("%-8s %5s %10.3f %10.3f %10.3f %6.1f%%  GHz, from a chain of additions\n", "clock", "",
           ghz.median, ghz.low, ghz.high, c4_spread_percent(&ghz));
    for (int i = 0; i < job->levels; i++) {
        const struct c4_bandwidth *bandwidth = &job->bandwidth[i];
        struct c4_spread s = c4_spread_of(bandwidth->samples, bandwidth->taken);
        printf("%-8s %5s %10.1f %10.1f %10.1f %6.1f%%  GB/s, sequential reads\n", bandwidth->level,
               "", s.median, s.low, s.high, c4_spread_percent(&s));
    }
    struct c4_spread best = c4_peak_spread(job->best);
    printf("FMA peak: %.1f GFLOP/s (%s)\n", best.median, job->best->loop->name);
    if (c4_spread_percent(&best) > noisy_percent)
        printf("Noisy: samples differ by %.0f %%; the cores are shared or change their clock.\n",
               c4_spread_percent(&best));
}

static void print_json(const struct job *job, json_t *object) {
    struct c4_spread ghz = c4_spread_of(job->ghz, job->samples);
    struct c4_spread best = c4_peak_spread(job->best);
    json_t *loops = json_array();
    for (int i = 0; i < job->loops; i++) {
        const struct c4_peak *peak = &job->peak[i];
        struct c4_spread s = c4_peak_spread(peak);
        json_t *loop = c4_peak_json(peak);
        json_object_set_new(loop, "lanes", json_integer(peak->loop->lanes));
        json_object_set_new(loop, "fused", json_boolean(peak->loop->fused));
        json_object_set_new(loop, "spread_percent", c4_json_real(c4_spread_percent(&s)));
        json_object_set_new(loop, "flops_per_cycle",
                            c4_json_real(c4_peak_flops_per_cycle(peak, ghz.median)));
        json_array_append_new(loops, loop);
    }
    json_object_set_new(object, "loops", loops);
    json_t *bandwidth = json_array();
    for (int i = 0; i < job->levels; i++)
        json_array_append_new(bandwidth, c4_bandwidth_json(&job->bandwidth[i]));
    json_object_set_new(object, "threads", json_integer(job->best->threads));
    json_object_set_new(object, "bandwidth", bandwidth);
    json_object_set_new(object, "clock_ghz", c4_json_real(ghz.median));
    json_object_set_new(object, "samples_clock_ghz", c4_spread_json(job->ghz, job->samples, 1));
    json_object_set_new(object, "peak_gflops", c4_json_real(best.median));
    json_object_set_new(object, "peak_loop", json_string(job->best->loop->name));
    json_object_set_new(object, "noisy", json_boolean(c4_spread_percent(&best) > noisy_percent));
    c4_disclose_print(object);
}

static enum c4_status calibrate(const struct c4_args *args, struct job *job) {
    int threads;
    C4_TRY(c4_bench_threads(args, &threads));
    job->samples = (int)c4_arg_integer(args, "samples");
    json_t *object;
    struct c4_team team;
    struct c4_caches caches;
    C4_TRY(c4_interrupt_catch());
    C4_TRY(c4_disclose("calibrate", &object));
    enum c4_status status = c4_team_start_on_cores(threads, c4_bench_pinning(args), &team, &caches);
    if (status == C4_OK) {
        status = c4_bandwidth_start(
            job->bandwidth, &job->levels, c4_result_number(object, "environment.topology.l2_bytes"),
            c4_result_number(object, "environment.topology.l3_bytes"), threads);
        if (status == C4_OK) status = measure(job, threads);
        c4_disclose_end(object, &team);
        for (int i = 0; i < job->levels; i++) c4_bandwidth_free(&job->bandwidth[i]);
        c4_team_free(&team);
    }
    if (status == C4_OK && c4_arg_flag(args, "json")) {
        print_json(job, object);
        return status;
    }
    if (status == C4_OK) {
        print_text(job, threads);
        c4_disclose_notes(object, stdout);
    }
    json_decref(object);
    return status;
}

static int run(const struct c4_args *args) {
    if (c4_arg_given(args, "aa")) return c4_cli_exit(args, c4_calibrate_aa(args));
    struct job *job = calloc(1, sizeof *job);
    if (!job) return c4_cli_exit(args, c4_fail(C4_ERR_MEMORY, "out of memory"));
    enum c4_status status = calibrate(args, job);
    free(job);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_bench_calibrate = {
    .name = "calibrate",
    .summary = "measure the FMA peak that the other benchmarks are compared with",
    .description =
        "Runs loops of independent multiply-adds, one for each vector width of this CPU. "
        "FLOP/cycle does not depend on the clock: a core with two FMA units reaches 32 with "
        "vectors of 8 floats, and 64 with 16. The clock is measured with a chain of register "
        "additions. Both are by CPU time, which leaves out what other programs take. L2, L3 and "
        "memory are read sequentially with the widest loads, by each thread in its own array. With "
        "--aa this program runs beside itself instead, as \"bench compare\" would run two: the "
        "table says how far ratios of equal programs stray, and how small a change could be found; "
        "the grade is A to D; and the verdicts count false alarms.",
    .options = options,
    .examples = examples,
    .run = run,
};
