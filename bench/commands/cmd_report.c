/* conv4 bench report: results as pictures and a page. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/commands.h"
#include "bench/results/page.h"
#include "core/cli/cli.h"
#include "core/file/file.h"

static const struct c4_option options[] = {
    {.name = "out",
     .type = C4_OPTION_PATH,
     .value = "DIR",
     .initial = "conv4-bench",
     .help = "folder for the pictures and bench.html; made if it is missing"},
    {.name = NULL},
};

static const char *const examples[] = {
    "conv4 bench ops --json > ops.json; conv4 bench step --json > step.json",
    "conv4 bench calibrate --json > roofs.json",
    "conv4 bench report ops.json step.json roofs.json --out DIR", NULL};

static bool is(const json_t *file, const char *benchmark) {
    return strcmp(c4_result_text(file, "benchmark", ""), benchmark) == 0;
}

/* The calibration of the same machine and number of threads; NULL if there is none. */
static const json_t *calibration_of(const struct c4_results *results, const json_t *file) {
    for (int i = 0; i < results->count; i++) {
        const json_t *other = results->file[i];
        if (is(other, "calibrate") &&
            c4_result_whole(other, "threads") == c4_result_whole(file, "threads") &&
            c4_same_machine(other, file))
            return other;
    }
    return NULL;
}

static enum c4_status draw_phases(const struct c4_results *results, int i,
                                  struct c4_pictures *pictures) {
    return is(results->file[i], "step") ? c4_picture_phases(pictures, results->file[i]) : C4_OK;
}

static enum c4_status draw_heat(const struct c4_results *results, int i,
                                struct c4_pictures *pictures) {
    return is(results->file[i], "ops") ? c4_picture_heat(pictures, results->file[i]) : C4_OK;
}

static enum c4_status draw_scale(const struct c4_results *results, int i,
                                 struct c4_pictures *pictures) {
    return is(results->file[i], "scale") ? c4_picture_scale(pictures, results->file[i]) : C4_OK;
}

static enum c4_status draw_rooflines(const struct c4_results *results, int i,
                                     struct c4_pictures *pictures) {
    const json_t *file = results->file[i];
    if (!is(file, "ops") && !is(file, "step")) return C4_OK;
    return c4_picture_rooflines(pictures, file, calibration_of(results, file));
}

/* Machine by machine, and within a machine kind by kind. */
static enum c4_status draw(const struct c4_results *results, const struct c4_machines *machines,
                           struct c4_pictures *pictures) {
    enum c4_status (*const kinds[])(const struct c4_results *, int, struct c4_pictures *) = {
        draw_scale, draw_phases, draw_heat, draw_rooflines};
    char name[C4_MACHINE_BYTES];
    for (int machine = 0; machine < machines->count; machine++) {
        c4_machine_name(machines, machine, name);
        pictures->machine = machines->count > 1 ? name : NULL;
        pictures->machine_index = machine;
        for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
            for (int i = 0; i < results->count; i++) {
                if (machines->of[i] != machine) continue;
                pictures->source = results->path[i];
                C4_TRY(kinds[kind](results, i, pictures));
            }
    }
    pictures->machine = NULL;
    if (pictures->count > 0) return C4_OK;
    return c4_fail(C4_ERR_DATA,
                   "%s: nothing to draw: give results of bench step, bench ops or bench scale",
                   results->path[0]);
}

static enum c4_status report(const struct c4_results *results, struct c4_pictures *pictures) {
    struct c4_machines machines;
    c4_machines_of(results, &machines);
    C4_TRY(c4_dir_make(pictures->folder));
    C4_TRY(draw(results, &machines, pictures));
    C4_TRY(c4_bench_page(results, &machines, pictures));
    if (pictures->note[0]) fprintf(stderr, "%s\n", pictures->note);
    printf("%s/bench.html\n", pictures->folder);
    return C4_OK;
}

static int run(const struct c4_args *args) {
    struct c4_pictures *pictures = calloc(1, sizeof *pictures);
    struct c4_results results = {0};
    if (!pictures) return c4_cli_exit(args, c4_fail(C4_ERR_MEMORY, "out of memory"));
    pictures->folder = c4_arg_text(args, "out");
    enum c4_status status = c4_results_read(&results, args->positionals, args->positional_count);
    if (status == C4_OK) status = report(&results, pictures);
    c4_results_free(&results);
    free(pictures);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_bench_report = {
    .name = "report",
    .summary = "draw results: where a backend loses time",
    .description =
        "Reads the output of bench step, bench ops, bench scale and bench calibrate with --json. "
        "Draws how training scales with processes and threads, the time "
        "per image by phase for each backend and peer, the time of each op relative to the fastest "
        "backend, and a roofline of each backend: the FMA peak and, from calibrate with as many "
        "threads, the bandwidth of L2, L3 and memory. Each picture is a CSV file, a gnuplot "
        "script, SVG, PNG and PDF; bench.html shows all of them, machine by machine.",
    .usage_tail = "FILE...",
    .options = options,
    .examples = examples,
    .min_positionals = 1,
    .max_positionals = -1,
    .run = run,
};
