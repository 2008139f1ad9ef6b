/* conv4 bench cka: time of CKA, layer by layer. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/cka/cka.h"
#include "bench/commands.h"
#include "bench/commands/options.h"
#include "bench/measure/backends.h"
#include "bench/measure/disclose.h"
#include "core/cli/cli.h"
#include "core/cli/interrupt.h"
#include "core/cli/progress.h"
#include "core/host/clock.h"
#include "core/host/team.h"

static const char *const examples_of_cka[] = {"500", "2000", "5000", NULL};
_Static_assert(C4_LAYERS *(sizeof examples_of_cka / sizeof *examples_of_cka - 1) *
                       C4_BENCH_BACKENDS <=
                   C4_CKA_ROWS_MAX,
               "a row for each layer, number of examples and backend");
static const char *const layers[] = {"pool1", "pool2", "pool3", "pool4", "logits", NULL};

static const struct c4_option options[] = {
    {.name = "examples",
     .type = C4_OPTION_CHOICES,
     .value = "N,...",
     .initial = "500,2000,5000",
     .choices = examples_of_cka,
     .help = "how many examples are compared"},
    {.name = "layers",
     .type = C4_OPTION_CHOICES,
     .value = "LAYER,...",
     .initial = "pool1,pool2,pool3,pool4,logits",
     .choices = layers,
     .help = "which layers"},
    C4_BENCH_BACKEND,
    C4_BENCH_THREADS("OpenMP threads"),
    C4_BENCH_SAMPLES("3", 1, "comparisons of each benchmark, taken in turn"),
    C4_BENCH_QUICK("500 examples only"),
    C4_BENCH_LIST,
    C4_BENCH_DRY_RUN,
    C4_BENCH_JSON,
    C4_BENCH_END,
};

static const char *const examples[] = {"conv4 bench cka --quick",
                                       "conv4 bench cka --examples 5000 --layers pool3,pool4",
                                       "conv4 bench cka --dry-run", NULL};

static enum c4_status add_rows(const struct c4_args *args, struct c4_cka_bench *bench) {
    const struct c4_backend *backends[C4_BENCH_BACKENDS];
    int count;
    C4_TRY(c4_bench_backends(c4_arg_text(args, "backend"), backends, &count));
    for (int i = 0; examples_of_cka[i]; i++) {
        if (c4_arg_flag(args, "quick") && i > 0) break;
        if (!c4_arg_includes(args, "examples", examples_of_cka[i])) continue;
        size_t n = (size_t)strtoul(examples_of_cka[i], NULL, 10);
        for (int layer = 0; layer < C4_LAYERS; layer++)
            if (c4_arg_includes(args, "layers", c4_layer_name[layer]))
                C4_TRY(c4_cka_bench_add(bench, layer, n, backends, count));
    }
    if (bench->count > 0) return C4_OK;
    return c4_fail(
        C4_ERR_USAGE,
        c4_arg_flag(args, "quick")
            ? "no benchmark is left: --quick runs only 500 examples, which --examples leaves out"
            : "no benchmark is left: this backend has no Gram slot of its "
              "own; choose another");
}

/* Progress counts MFLOP, to which the time is proportional. */
static void tick(void *context, double flops_done) {
    c4_progress_update(context, (uint64_t)(flops_done * 1e-6), (uint64_t)c4_clock_ns());
}

static enum c4_status measure(const struct c4_args *args, struct c4_cka_bench *bench,
                              const struct c4_team *team, json_t *object) {
    struct c4_dispatch reference;
    C4_TRY(c4_dispatch("ref", &reference));
    struct c4_progress progress;
    c4_progress_start(&progress, stderr, c4_progress_style_of(stderr, false), "bench cka", "MFLOP",
                      0, (uint64_t)(c4_cka_bench_flops(bench) * 1e-6), (uint64_t)c4_clock_ns());
    enum c4_status status = c4_cka_bench_run(bench, &reference.backend, tick, &progress);
    c4_progress_hide(&progress);
    if (status != C4_OK && status != C4_ERR_RESULT && !c4_is_partial(status)) return status;
    c4_disclose_partial(object, status);
    c4_disclose_end(object, team);
    if (!c4_arg_flag(args, "json")) {
        if (c4_is_partial(status)) printf("Partial: interrupted before all samples were taken.\n");
        c4_cka_bench_print(bench);
        c4_disclose_notes(object, stdout);
        return status;
    }
    json_object_set_new(object, "threads", json_integer(bench->threads));
    if (bench->peak.count) json_object_set_new(object, "peak", c4_peak_json(&bench->peak));
    json_object_set_new(object, "rows", c4_cka_bench_json(bench));
    c4_disclose_print(json_incref(object));
    return status;
}

static enum c4_status time_rows(const struct c4_args *args, struct c4_cka_bench *bench) {
    struct c4_team team;
    size_t l2_bytes;
    json_t *object;
    C4_TRY(c4_disclose("cka", &object));
    enum c4_status status = c4_team_start_on_cores(bench->threads, &team, &l2_bytes);
    if (status == C4_OK) {
        status = measure(args, bench, &team, object);
        c4_team_free(&team);
    }
    json_decref(object);
    return status;
}

static enum c4_status dry_run(const struct c4_cka_bench *bench) {
    double seconds;
    C4_TRY(c4_cka_bench_predict(bench, &seconds));
    printf("%d benchmarks, %d samples each, about %.0f s\n", bench->count, bench->samples, seconds);
    return C4_OK;
}

static enum c4_status bench_cka(const struct c4_args *args, struct c4_cka_bench *bench) {
    bench->samples = (int)c4_arg_integer(args, "samples");
    bench->threads = (int)c4_arg_integer(args, "threads");
    C4_TRY(c4_interrupt_catch());
    C4_TRY(add_rows(args, bench));
    if (c4_arg_flag(args, "list")) {
        for (int i = 0; i < bench->count; i++) puts(bench->rows[i].name);
        return C4_OK;
    }
    return c4_arg_flag(args, "dry-run") ? dry_run(bench) : time_rows(args, bench);
}

static int run(const struct c4_args *args) {
    struct c4_cka_bench *bench = calloc(1, sizeof *bench);
    if (!bench) return c4_cli_exit(args, c4_fail(C4_ERR_MEMORY, "out of memory"));
    enum c4_status status = bench_cka(args, bench);
    free(bench);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_bench_cka = {
    .name = "cka",
    .summary = "time CKA, layer by layer",
    .description =
        "Compares random features of each layer's size with a reference that is prepared once, as "
        "a study does after each epoch, in the form (Gram or feature) that needs fewer operations. "
        "Before timing, each backend's CKA of some of the examples is checked against backend ref; "
        "a row that differs is void, and the exit status is 7. 5000 examples of pool1 take 2 GB of "
        "memory and, without a fast backend, minutes: see --dry-run.",
    .options = options,
    .examples = examples,
    .run = run,
};
