/* conv4 bench ops: single ops of every backend. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/commands.h"
#include "bench/commands/options.h"
#include "bench/commands/team.h"
#include "bench/measure/backends.h"
#include "bench/measure/disclose.h"
#include "bench/ops/ops.h"
#include "core/cli/cli.h"
#include "core/cli/interrupt.h"
#include "core/cli/progress.h"
#include "core/file/file.h"
#include "core/file/json.h"
#include "core/host/clock.h"

static const struct c4_option options[] = {
    {.name = "filter",
     .type = C4_OPTION_STRING,
     .value = "REGEX",
     .help = "only benchmarks whose name matches this regular expression (POSIX extended)"},
    C4_BENCH_BACKEND,
    C4_BENCH_BATCH("images per call"),
    C4_BENCH_OWN_THREADS("OpenMP threads, each calling the op on its own images at the same time"),
    C4_BENCH_NO_PIN,
    C4_BENCH_SAMPLES("9", 9, "samples of each benchmark"),
    C4_BENCH_QUICK("samples of 2 ms instead of 20"),
    C4_BENCH_LIST,
    C4_BENCH_DRY_RUN,
    C4_BENCH_INTEGER("calls", "1", 1, 1000000,
                     "call each op N times, untimed and unchecked, through c4_op_subject_count(), "
                     "for counters of instructions"),
    C4_BENCH_JSON,
    {.name = "gbench-json",
     .type = C4_OPTION_PATH,
     .value = "FILE",
     .help = "also write Google Benchmark's report, in its own format"},
    C4_BENCH_END,
};

static const char *const examples[] = {"conv4 bench ops --quick",
                                       "conv4 bench ops --filter 'conv_fwd.*block2' --batch 8",
                                       "conv4 bench ops --threads 2 --json", NULL};

static enum c4_status select_rows(const struct c4_args *args, struct c4_ops_bench *bench) {
    const struct c4_backend *backends[C4_BENCH_BACKENDS];
    int count;
    C4_TRY(c4_bench_backends(c4_arg_text(args, "backend"), backends, &count));
    return c4_ops_bench_select(bench, backends, count, c4_arg_text(args, "filter"));
}

static void tick(void *context, int done) {
    c4_progress_update(context, (uint64_t)done, (uint64_t)c4_clock_ns());
}

/* A user who has set them may think that they had an effect. */
static void print_variables(const json_t *object) {
    json_t *variables = json_object_get(json_object_get(object, "environment"), "variables");
    const char *name;
    json_t *value;
    json_object_foreach(variables, name, value) if (strncmp(name, "BENCHMARK_", 10) == 0)
        printf("Set, but without effect here: %s=%s\n", name,
               json_is_string(value) ? json_string_value(value) : "");
}

static void print(const struct c4_args *args, const struct c4_ops_bench *bench,
                  const struct c4_team *team, json_t *object) {
    c4_disclose_end(object, team);
    if (!c4_arg_flag(args, "json")) {
        c4_ops_bench_print(bench);
        print_variables(object);
        c4_disclose_notes(object, stdout);
        return;
    }
    json_object_set_new(object, "batch", json_integer(bench->batch));
    json_object_set_new(object, "threads", json_integer(bench->threads));
    json_object_set_new(object, "sample_seconds", c4_json_real(bench->sample_seconds));
    if (bench->peak.count) json_object_set_new(object, "peak", c4_peak_json(&bench->peak));
    json_object_set_new(object, "rows", c4_ops_bench_json(bench));
    c4_disclose_print(json_incref(object));
}

/* After a signal or with void rows, what was measured is printed and written all the same. */
static enum c4_status measure(const struct c4_args *args, struct c4_ops_bench *bench,
                              const struct c4_backend *reference, const struct c4_team *team,
                              json_t *object) {
    struct c4_progress progress;
    c4_progress_start(&progress, stderr, c4_progress_style_of(stderr, false), "bench ops",
                      "benchmarks", 0, (uint64_t)bench->count, (uint64_t)c4_clock_ns());
    enum c4_status status = c4_ops_bench_run(bench, reference, tick, &progress);
    c4_progress_hide(&progress);
    if (status != C4_OK && status != C4_ERR_RESULT && !c4_is_partial(status)) return status;
    c4_disclose_partial(object, status);
    if (c4_is_partial(status) && !c4_arg_flag(args, "json"))
        printf("Partial: interrupted before all samples were taken.\n");
    print(args, bench, team, object);
    if (!c4_arg_given(args, "gbench-json")) return status;
    enum c4_status saved = c4_ops_bench_save(bench, c4_arg_text(args, "gbench-json"));
    if (saved == C4_OK || status == C4_OK) return saved == C4_OK ? status : saved;
    return status;
}

static enum c4_status time_rows(const struct c4_args *args, struct c4_ops_bench *bench) {
    C4_TRY(c4_ops_bench_available());
    if (c4_arg_given(args, "gbench-json"))
        C4_TRY(c4_file_probe(c4_arg_text(args, "gbench-json"), 0));
    struct c4_dispatch reference;
    struct c4_team team;
    struct c4_caches caches;
    json_t *object;
    C4_TRY(c4_dispatch("ref", &reference));
    C4_TRY(c4_disclose("ops", &object));
    enum c4_status status =
        c4_team_start_on_cores(bench->threads, c4_bench_pinning(args), &team, &caches);
    if (status == C4_OK) {
        status = measure(args, bench, &reference.backend, &team, object);
        c4_team_free(&team);
    }
    json_decref(object);
    return status;
}

static enum c4_status dry_run(const struct c4_ops_bench *bench) {
    struct c4_dispatch reference;
    double seconds;
    C4_TRY(c4_dispatch("ref", &reference));
    C4_TRY(c4_ops_bench_predict(bench, &reference.backend, &seconds));
    printf("%d benchmarks, %d samples each, about %.0f s\n", bench->count, bench->samples, seconds);
    return C4_OK;
}

/* Without the environment's disclosure, whose look at the machine would be counted. */
static enum c4_status call_rows(const struct c4_args *args, const struct c4_ops_bench *bench) {
    int calls = (int)c4_arg_integer(args, "calls");
    if (bench->threads > 1)
        return c4_fail(C4_ERR_USAGE, "--calls counts one thread: leave out --threads");
    C4_TRY(c4_ops_bench_call(bench, calls));
    json_t *rows = json_array();
    for (int i = 0; i < bench->count; i++) {
        json_array_append_new(rows, json_pack("{s:s}", "name", bench->rows[i].name));
        if (!c4_arg_flag(args, "json")) puts(bench->rows[i].name);
    }
    json_t *object =
        json_pack("{s:s, s:s, s:i, s:i, s:i, s:o}", "benchmark", "ops-calls", "conv4", C4_VERSION,
                  "calls", calls, "batch", bench->batch, "threads", bench->threads, "rows", rows);
    if (c4_arg_flag(args, "json")) {
        json_dumpf(object, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(object);
    return C4_OK;
}

static enum c4_status bench_ops(const struct c4_args *args, struct c4_ops_bench *bench) {
    bench->batch = (int)c4_arg_integer(args, "batch");
    /* --calls counts one thread. */
    if (c4_arg_given(args, "calls"))
        bench->threads = (int)c4_arg_integer(args, "threads");
    else
        C4_TRY(c4_bench_threads(args, &bench->threads));
    bench->samples = (int)c4_arg_integer(args, "samples");
    bench->sample_seconds = c4_arg_flag(args, "quick") ? 0.002 : 0.02;
    C4_TRY(c4_interrupt_catch());
    C4_TRY(select_rows(args, bench));
    if (c4_arg_flag(args, "list")) {
        for (int i = 0; i < bench->count; i++) puts(bench->rows[i].name);
        return C4_OK;
    }
    if (c4_arg_given(args, "calls")) return call_rows(args, bench);
    return c4_arg_flag(args, "dry-run") ? dry_run(bench) : time_rows(args, bench);
}

static int run(const struct c4_args *args) {
    struct c4_ops_bench *bench = calloc(1, sizeof *bench);
    if (!bench) return c4_cli_exit(args, c4_fail(C4_ERR_MEMORY, "out of memory"));
    enum c4_status status = bench_ops(args, bench);
    c4_ops_bench_free(bench);
    free(bench);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_bench_ops = {
    .name = "ops",
    .summary = "time single ops: every slot, shape and backend",
    .description =
        "Times each op slot of each backend in every shape of the network. A backend with layouts "
        "of its own runs its convolutions in those; a separate column has the cost of reordering "
        "from and to canonical layouts. With several threads, each works on its own images, and "
        "times and rates are those of all images by the wall clock. Before each sample the op is "
        "checked against backend ref, bit for bit where the backend promises that, else within "
        "1e-5; a row that differs is void, and the exit status is 7. Samples of one shape are "
        "taken in random order. A benchmark's name is SLOT/SHAPE/BACKEND; slots that a backend "
        "takes from ref are not timed again.",
    .options = options,
    .examples = examples,
    .run = run,
};
