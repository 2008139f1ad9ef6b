/* Tables and JSON of bench step. */
#include <stdio.h>
#include <string.h>

#include "bench/step_bench.h"
#include "core/file/json.h"

static double flops_per_image(const struct c4_step_bench *bench) {
    return c4_step_cost(bench->config.conv, 1).flops;
}

/* Of the peak of all threads. */
static double percent(const struct c4_step_bench *bench, double gflops) {
    return 100 * gflops / c4_peak_spread(&bench->peak).median;
}

static json_t *phase_json(const struct c4_step_bench *bench, const struct c4_phase_time *phase) {
    double nominal = phase->flops_nominal / phase->seconds * 1e-9;
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "phase", phase->name, "seconds_per_image",
        c4_json_real(phase->seconds), "images_per_s", c4_json_real(1 / phase->seconds),
        "flops_nominal_per_image", c4_json_real(phase->flops_nominal), "flops_performed_per_image",
        c4_json_real(phase->flops_performed), "bytes_per_image", c4_json_real(phase->bytes),
        "gflops", c4_json_real(nominal), "gflops_performed",
        c4_json_real(phase->flops_performed / phase->seconds * 1e-9), "percent_of_peak",
        c4_json_real(percent(bench, nominal)));
}

json_t *c4_step_bench_json(const struct c4_step_bench *bench) {
    json_t *rows = json_array();
    for (int i = 0; i < bench->count; i++) {
        const struct c4_step_runner *runner = &bench->runners[i];
        struct c4_spread s = c4_spread_of(runner->images_per_s, bench->samples);
        double gflops = s.median * flops_per_image(bench) * 1e-9;
        json_t *phases = json_array();
        for (int k = 0; k < runner->phase_count; k++)
            json_array_append_new(phases, phase_json(bench, &runner->phases[k]));
        json_array_append_new(
            rows, json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o*}",
                            "backend", runner->name, "variant", runner->variant, "checked", 1,
                            "loss_error", c4_json_real(runner->loss_error), "images_per_s",
                            c4_json_real(s.median), "images_per_s_low", c4_json_real(s.low),
                            "images_per_s_high", c4_json_real(s.high), "samples_images_per_s",
                            c4_spread_json(runner->images_per_s, bench->samples, 1), "gflops",
                            c4_json_real(gflops), "percent_of_peak",
                            c4_json_real(percent(bench, gflops)), "phases", phases, "kernels",
                            runner->kernels ? c4_json_text_lines(runner->kernels) : NULL));
    }
    return rows;
}

static void print_phases(const struct c4_step_bench *bench, const struct c4_step_runner *runner) {
    printf("\n%s by phase, thread 0\n%-14s %9s %10s %9s %10s %9s %7s %7s\n", runner->name, "phase",
           "us/image", "images/s", "GFLOP/s", "performed", "KB/image", "GB/s", "of peak");
    double seconds = 0;
    for (int k = 0; k < runner->phase_count; k++) {
        const struct c4_phase_time *phase = &runner->phases[k];
        double nominal = phase->flops_nominal / phase->seconds * 1e-9;
        seconds += phase->seconds;
        printf("%-14s %9.1f %10.0f %9.1f %10.1f %9.1f %7.1f %6.0f%%\n", phase->name,
               phase->seconds * 1e6, 1 / phase->seconds, nominal,
               phase->flops_performed / phase->seconds * 1e-9, phase->bytes * 1e-3,
               phase->bytes / phase->seconds * 1e-9, percent(bench, nominal));
    }
    printf("%-14s %9.1f\n", "all", seconds * 1e6);
}

/* The convolutions' lines only. */
static void print_kernels(const struct c4_step_runner *runner) {
    const char *line = runner->kernels;
    while (line && *line) {
        size_t length = strcspn(line, "\n");
        if (strncmp(line, "conv", 4) == 0) printf("%s %.*s\n", runner->name, (int)length, line);
        line += length + (line[length] == '\n');
    }
}

void c4_step_bench_print(const struct c4_step_bench *bench) {
    printf("%-8s %10s %10s %10s %9s %8s  %s\n", "backend", "images/s", "lowest", "highest",
           "GFLOP/s", "of peak", "origin");
    for (int i = 0; i < bench->count; i++) {
        const struct c4_step_runner *runner = &bench->runners[i];
        struct c4_spread s = c4_spread_of(runner->images_per_s, bench->samples);
        double gflops = s.median * flops_per_image(bench) * 1e-9;
        printf("%-8s %10.0f %10.0f %10.0f %9.1f %7.0f%%  %s\n", runner->name, s.median, s.low,
               s.high, gflops, percent(bench, gflops), runner->variant);
    }
    struct c4_spread peak = c4_peak_spread(&bench->peak);
    printf("GFLOP/s: nominal, the operations of direct convolution.\n"
           "FMA peak of %d thread%s: %.1f GFLOP/s (%.1f to %.1f, %s), measured in turn.\n",
           bench->peak.threads, bench->peak.threads == 1 ? "" : "s", peak.median, peak.low,
           peak.high, bench->peak.loop->name);
    for (int i = 0; i < bench->count; i++) print_kernels(&bench->runners[i]);
    for (int i = 0; i < bench->count; i++)
        if (bench->runners[i].phase_count) print_phases(bench, &bench->runners[i]);
}
