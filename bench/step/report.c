/* The tables and JSON of bench step. */
#include <stdio.h>
#include <string.h>

#include "bench/step/step.h"
#include "core/file/json.h"
#include "core/op/names.h"

static double flops_per_image(const struct c4_step_bench *bench) {
    return bench->evaluates ? c4_evaluation_cost(bench->config.conv, 1).flops
                            : c4_step_cost(bench->config.conv, 1).flops;
}

/* Of the FMA peak of all threads. */
static double percent(const struct c4_step_bench *bench, double gflops) {
    return 100 * gflops / c4_peak_spread(&bench->peak).median;
}

static void images_per_s(const struct c4_step_runner *runner, double *rates) {
    for (int k = 0; k < runner->measured; k++)
        rates[k] = (double)runner->samples[k].images / ((double)runner->samples[k].ns * 1e-9);
}

struct c4_spread c4_step_runner_spread(const struct c4_step_runner *runner) {
    double rates[C4_SAMPLES_MAX];
    images_per_s(runner, rates);
    return c4_spread_of(rates, runner->measured);
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

/* How the row was made: for a backend from the command line, for a peer from its first line. */
static void add_origin(const struct c4_step_bench *bench, const struct c4_step_runner *runner,
                       json_t *row) {
    const struct c4_peer *peer = runner->peer;
    json_object_set_new(row, "peer", json_boolean(runner->foreign));
    json_object_set_new(row, "state",
                        json_string(c4_peer_state_name(peer ? peer->state : C4_PEER_MEASURED)));
    if (!peer) {
        json_object_set_new(row, "algorithm", json_string(c4_conv_names[bench->config.conv]));
        return;
    }
    if (peer->state != C4_PEER_MEASURED)
        json_object_set_new(row, "reason", json_string(c4_text_string(&peer->reason)));
    static const char *const told[] = {"algorithm", "versions", "isa"};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        json_t *value = json_object_get(peer->ready, told[i]);
        if (value) json_object_set(row, told[i], value);
    }
    json_object_set_new(row, "memory", json_string(peer->kept ? "kept" : "default"));
}

/* What a plan of bench->config takes; null where the backend does not tell, and for peers. */
static void add_memory(const struct c4_step_runner *runner, json_t *row) {
    bool known = runner->api && runner->api->planned_bytes;
    json_object_set_new(row, "plan_bytes",
                        known ? json_integer((json_int_t)runner->api->planned_bytes(runner->plan))
                              : json_null());
}

static void add_numbers(const struct c4_step_bench *bench, const struct c4_step_runner *runner,
                        json_t *row) {
    double rates[C4_SAMPLES_MAX];
    images_per_s(runner, rates);
    struct c4_spread s = c4_spread_of(rates, runner->measured);
    double gflops = s.median * flops_per_image(bench) * 1e-9;
    const struct {
        const char *key;
        double value;
    } values[] = {{"loss_error", runner->loss_error},
                  {"images_per_s", s.median},
                  {"images_per_s_low", s.low},
                  {"images_per_s_high", s.high},
                  {"gflops", gflops},
                  {"percent_of_peak", percent(bench, gflops)}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        json_object_set_new(row, values[i].key, c4_json_real(values[i].value));
    if (bench->evaluates)
        json_object_set_new(row, "features_error", c4_json_real(runner->features_error));
    json_object_set_new(row, "samples_images_per_s", c4_spread_json(rates, runner->measured, 1));
    json_t *images = json_array(), *ns = json_array(), *phases = json_array();
    for (int k = 0; k < runner->measured; k++) {
        json_array_append_new(images, json_integer(runner->samples[k].images));
        json_array_append_new(ns, json_integer(runner->samples[k].ns));
    }
    for (int k = 0; k < runner->phase_count; k++)
        json_array_append_new(phases, phase_json(bench, &runner->phases[k]));
    json_object_set_new(row, "samples_images", images);
    json_object_set_new(row, "samples_ns", ns);
    json_object_set_new(row, "phases", phases);
}

/* Whether a line of a runner's kernels is about what was timed. */
static bool was_timed(const struct c4_step_bench *bench, const char *line, size_t length) {
    const char *backward = strstr(line, "backward");
    const bool gradient = line[0] == 'd' || (backward && backward < line + length);
    return !bench->evaluates || !gradient;
}

static json_t *kernels_json(const struct c4_step_bench *bench,
                            const struct c4_step_runner *runner) {
    json_t *all = c4_json_text_lines(runner->kernels), *timed = json_array(), *line;
    size_t i;
    json_array_foreach(all, i, line) {
        const char *text = json_string_value(line);
        if (text && was_timed(bench, text, strlen(text))) json_array_append(timed, line);
    }
    json_decref(all);
    return timed;
}

json_t *c4_step_bench_json(const struct c4_step_bench *bench) {
    json_t *rows = json_array();
    for (int i = 0; i < bench->count; i++) {
        const struct c4_step_runner *runner = &bench->runners[i];
        json_t *row = json_pack("{s:s, s:s, s:b}", "backend", runner->name, "variant",
                                runner->variant, "checked", runner->measured > 0);
        add_origin(bench, runner, row);
        add_memory(runner, row);
        if (runner->measured > 0) add_numbers(bench, runner, row);
        if (runner->kernels) json_object_set_new(row, "kernels", kernels_json(bench, runner));
        json_array_append_new(rows, row);
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

/* Only the convolutions' lines. */
static void print_kernels(const struct c4_step_bench *bench, const struct c4_step_runner *runner) {
    const char *line = runner->kernels;
    while (line && *line) {
        size_t length = strcspn(line, "\n");
        if (strncmp(line, "conv", 4) == 0 && was_timed(bench, line, length))
            printf("%s %.*s\n", runner->name, (int)length, line);
        line += length + (line[length] == '\n');
    }
}

static void print_row(const struct c4_step_bench *bench, const struct c4_step_runner *runner) {
    const struct c4_peer *peer = runner->peer;
    if (runner->measured == 0) { /* a peer that is absent or failed, or the run was interrupted */
        if (peer && peer->state != C4_PEER_MEASURED)
            printf("%-20s %s: %s\n", runner->name, c4_peer_state_name(peer->state),
                   c4_text_string(&peer->reason));
        else
            printf("%-20s no samples\n", runner->name);
        return;
    }
    struct c4_spread s = c4_step_runner_spread(runner);
    double gflops = s.median * flops_per_image(bench) * 1e-9;
    printf("%-20s %10.0f %10.0f %10.0f %9.1f %7.0f%%  %s\n", runner->name, s.median, s.low, s.high,
           gflops, percent(bench, gflops), runner->variant);
}

void c4_step_bench_print(const struct c4_step_bench *bench) {
    printf("%-20s %10s %10s %10s %9s %8s  %s\n", "backend", "images/s", "lowest", "highest",
           "GFLOP/s", "of peak", "origin");
    for (int i = 0; i < bench->count; i++) print_row(bench, &bench->runners[i]);
    if (bench->peak.count == 0) return;
    struct c4_spread peak = c4_peak_spread(&bench->peak);
    printf("GFLOP/s are nominal: they count the operations of direct convolution.\n"
           "FMA peak of %d thread%s: %.1f GFLOP/s (%.1f to %.1f, %s), measured in turn.\n",
           bench->peak.threads, bench->peak.threads == 1 ? "" : "s", peak.median, peak.low,
           peak.high, bench->peak.loop->name);
    for (int i = 0; i < bench->count; i++) print_kernels(bench, &bench->runners[i]);
    for (int i = 0; i < bench->count; i++)
        if (bench->runners[i].phase_count) print_phases(bench, &bench->runners[i]);
}
