/* conv4 bench step: how fast the backends train, or evaluate. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/commands.h"
#include "bench/commands/options.h"
#include "bench/commands/team.h"
#include "bench/measure/disclose.h"
#include "bench/peers/python.h"
#include "bench/step/step.h"
#include "core/cli/cli.h"
#include "core/cli/interrupt.h"
#include "core/cli/progress.h"
#include "core/host/clock.h"
#include "core/op/names.h"

static const struct c4_option options[] = {
    C4_BENCH_BACKEND,
    C4_BENCH_BATCH("images per step"),
    C4_BENCH_OWN_THREADS("OpenMP threads"),
    C4_BENCH_NO_PIN,
    C4_BENCH_SAMPLES("9", 3, "samples of each backend, taken in turn"),
    {.name = "order",
     .type = C4_OPTION_CHOICE,
     .value = "ORDER",
     .initial = "bn-relu",
     .choices = c4_order_names,
     .help = "order of batch norm and ReLU in a block"},
    {.name = "conv",
     .type = C4_OPTION_CHOICE,
     .value = "ALGORITHM",
     .initial = "winograd",
     .choices = c4_conv_names,
     .help = "convolution algorithm of blocks 2 to 4"},
    {.name = "onednn-conv",
     .type = C4_OPTION_CHOICE,
     .value = "ALGORITHM",
     .initial = "auto",
     .choices = c4_kernels_words,
     .help = "where --conv winograd lets oneDNN choose: auto takes the faster by measurement"},
    {.name = "evaluate",
     .type = C4_OPTION_CHOICE,
     .value = "STATISTICS",
     .choices = c4_statistics_names,
     .implied = "batch",
     .help = "time evaluations by these batch norm statistics, which write the features of all "
             "layers, instead of training steps; without a value: batch"},
    {.name = "peers",
     .type = C4_OPTION_CHOICES,
     .value = "PEER,...",
     .choices = c4_peer_names,
     .implied = c4_peer_all,
     .help = "also time other software, each variant in a separate process; without a value: all "
             "that are installed"},
    C4_BENCH_PEERS_PYTHON,
    C4_BENCH_PEERS_PATIENCE(
        "600", 86400, "how long a peer may take to answer; its first steps include compilation"),
    C4_BENCH_QUICK("samples of 50 ms instead of 500"),
    C4_BENCH_JSON,
    C4_BENCH_END,
};

static const char *const examples[] = {
    "conv4 bench step", "conv4 bench step --peers=pytorch-nhwc-kept,jax",
    "conv4 bench step --batch 128 --threads 2 --json", "conv4 bench step --evaluate", NULL};

static enum c4_status add_named(struct c4_step_bench *bench, const char *name) {
    struct c4_dispatch dispatch;
    C4_TRY(c4_dispatch(name, &dispatch));
    C4_TRY(c4_dispatch_strict(&dispatch, true, NULL, 0));
    const struct c4_backend *backend = dispatch.step_origin;
    C4_TRY(c4_step_bench_add(bench, backend->name, backend->variant, backend->step));
    bench->runners[bench->count - 1].foreign = !backend->bit_exact;
    return C4_OK;
}

static enum c4_status add_all(struct c4_step_bench *bench) {
    const struct c4_backend *table;
    for (int i = 0; c4_backend_name(i, NULL, NULL); i++) {
        const char *name = c4_backend_name(i, &table, NULL);
        if (table && table->step && !table->is_double) C4_TRY(add_named(bench, name));
    }
    return C4_OK;
}

static void tick(void *context, int done) {
    c4_progress_update(context, (uint64_t)done, (uint64_t)c4_clock_ns());
}

/* One by one: a peer that starts would disturb another one's check as it would a sample. */
static enum c4_status add_peers(const struct c4_args *args, struct c4_step_bench *bench,
                                const struct c4_team *team) {
    if (!c4_arg_given(args, "peers")) return C4_OK;
    struct c4_text python = {0};
    C4_TRY(c4_peers_python(c4_arg_text(args, "peers-python"), &python));
    bench->peers.python = python.bytes;
    bench->peers.patience_seconds = c4_arg_real(args, "peers-patience");
    uint64_t wanted = 0, done = 0;
    for (int i = 0; c4_peer_names[i]; i++)
        wanted += c4_arg_includes(args, "peers", c4_peer_names[i]);
    struct c4_progress progress;
    c4_progress_start(&progress, stderr, c4_progress_style_of(stderr, false), "starting", "peers",
                      0, wanted, (uint64_t)c4_clock_ns());
    enum c4_status status = C4_OK;
    for (int i = 0; c4_peer_names[i] && status == C4_OK; i++) {
        if (!c4_arg_includes(args, "peers", c4_peer_names[i])) continue;
        status = c4_step_bench_add_peer(bench, c4_peer_names[i], team->pu,
                                        team->bound ? team->threads : 0);
        c4_progress_update(&progress, ++done, (uint64_t)c4_clock_ns());
    }
    c4_progress_hide(&progress);
    bench->peers.python = NULL;
    c4_text_free(&python);
    return status;
}

static enum c4_status measure(const struct c4_args *args, struct c4_step_bench *bench,
                              const struct c4_team *team) {
    C4_TRY(c4_step_bench_start(bench));
    const char *wanted = c4_arg_text(args, "backend");
    C4_TRY(strcmp(wanted, "all") == 0 ? add_all(bench) : add_named(bench, wanted));
    C4_TRY(add_peers(args, bench, team));
    struct c4_progress progress;
    c4_progress_start(&progress, stderr, c4_progress_style_of(stderr, false), "bench step",
                      "samples", 0, (uint64_t)bench->samples * (uint64_t)bench->count,
                      (uint64_t)c4_clock_ns());
    enum c4_status status = c4_step_bench_run(bench, tick, &progress);
    c4_progress_hide(&progress);
    return status;
}

/* Peers that were named are all required; with --peers alone, one is enough. */
static enum c4_status verdict(const struct c4_args *args, const struct c4_step_bench *bench) {
    const char *list = c4_arg_text(args, "peers");
    return c4_peers_verdict(&bench->peers, list && strcmp(list, c4_peer_all) != 0);
}

static void print(const struct c4_args *args, const struct c4_step_bench *bench,
                  const struct c4_team *team, json_t *object) {
    const struct c4_plan_config *config = &bench->config;
    c4_disclose_end(object, team);
    if (!c4_arg_flag(args, "json")) {
        if (bench->evaluates)
            printf("evaluation by %s statistics, features of all layers",
                   c4_statistics_names[bench->statistics]);
        else
            printf("training step");
        printf(", batch %d, %d thread%s%s, %s, median of %d samples taken in turn\n",
               config->max_batch, config->threads, config->threads == 1 ? "" : "s",
               team->bound ? " bound" : " not bound", c4_order_names[config->order],
               bench->samples);
        c4_step_bench_print(bench);
        c4_disclose_notes(object, stdout);
        json_decref(object);
        return;
    }
    json_object_set_new(object, "mode", json_string(bench->evaluates ? "evaluate" : "train"));
    if (bench->evaluates)
        json_object_set_new(object, "statistics",
                            json_string(c4_statistics_names[bench->statistics]));
    json_object_set_new(object, "batch", json_integer(config->max_batch));
    json_object_set_new(object, "threads", json_integer(config->threads));
    json_object_set_new(object, "order", json_string(c4_order_names[config->order]));
    json_object_set_new(object, "conv", json_string(c4_conv_names[config->conv]));
    if (bench->peak.count) json_object_set_new(object, "peak", c4_peak_json(&bench->peak));
    json_object_set_new(object, "steps", c4_step_bench_json(bench));
    c4_disclose_print(object);
}

static enum c4_status bench_step(const struct c4_args *args, struct c4_step_bench *bench) {
    bench->samples = (int)c4_arg_integer(args, "samples");
    bench->sample_seconds = c4_arg_flag(args, "quick") ? 0.05 : 0.5;
    bench->config.max_batch = (int)c4_arg_integer(args, "batch");
    C4_TRY(c4_bench_threads(args, &bench->config.threads));
    bench->config.order = (enum c4_order)c4_arg_choice(args, "order");
    bench->config.conv = (enum c4_conv_algorithm)c4_arg_choice(args, "conv");
    bench->config.kernels = c4_arg_text(args, "onednn-conv");
    bench->evaluates = c4_arg_given(args, "evaluate");
    if (bench->evaluates)
        bench->statistics = (enum c4_bn_statistics)c4_arg_choice(args, "evaluate");
    json_t *object;
    struct c4_team team;
    C4_TRY(c4_interrupt_catch());
    C4_TRY(c4_disclose("step", &object));
    enum c4_status status = c4_team_start_on_cores(bench->config.threads, c4_bench_pinning(args),
                                                   &team, &bench->config.caches);
    if (status == C4_OK) {
        status = measure(args, bench, &team);
        if (c4_is_partial(status) && !c4_arg_flag(args, "json"))
            printf("Partial: interrupted before all samples were taken.\n");
        c4_disclose_partial(object, status);
        if (status == C4_OK || c4_is_partial(status))
            print(args, bench, &team, json_incref(object));
        if (status == C4_OK) status = verdict(args, bench);
        c4_team_free(&team);
    }
    json_decref(object);
    return status;
}

static int run(const struct c4_args *args) {
    struct c4_step_bench *bench = calloc(1, sizeof *bench);
    if (!bench) return c4_cli_exit(args, c4_fail(C4_ERR_MEMORY, "out of memory"));
    enum c4_status status = bench_step(args, bench);
    c4_step_bench_free(bench);
    free(bench);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_bench_step = {
    .name = "step",
    .summary = "time whole training steps, or evaluations",
    .description =
        "Trains on one synthetic batch again and again. Each backend's step is first "
        "compared with the double reference's, and not timed if it differs (exit "
        "status 7). Samples of half a second are taken in turn, and samples of the FMA "
        "peak with them, so that outside load affects all alike. Backends that run a "
        "step in phases show where its time goes. Peers are PyTorch and JAX, on the "
        "same images, weights and cores. A peer whose first losses differ from the "
        "double reference's is void (exit status 7). With --evaluate one evaluation is "
        "compared, timed and shown in the same way: loss, pooled output of each block "
        "and logits, which every runner writes to memory. One that is absent or fails has a "
        "row that says why (exit status 6 if an absent peer was named or all are "
        "absent, 1 if one failed). For names that end in -kept, glibc keeps freed "
        "memory.",
    .options = options,
    .examples = examples,
    .run = run,
};
