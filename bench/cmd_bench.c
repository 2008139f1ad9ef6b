/* conv4 bench: how fast the backends train here, checked before they are timed. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/cli.h"
#include "core/cli/interrupt.h"
#include "core/data/synthetic.h"
#include "core/file/json.h"
#include "core/host/clock.h"
#include "core/host/team.h"
#include "core/net/init.h"
#include "simd/dispatch.h"

static const char *const orders[] = {"bn-relu", "relu-bn", NULL};
static const char *const algorithms[] = {"winograd", "direct", NULL};

static const struct c4_option step_options[] = {
    {.name = "backend",
     .type = C4_OPTION_STRING,
     .value = "NAME",
     .initial = "all",
     .help = "one backend, or all that run here but ref64"},
    {.name = "batch",
     .type = C4_OPTION_INTEGER,
     .value = "N",
     .initial = "32",
     .min = 1,
     .max = 1024,
     .help = "images of a step"},
    {.name = "threads",
     .type = C4_OPTION_INTEGER,
     .value = "N",
     .initial = "1",
     .min = 1,
     .max = 1024,
     .help = "OpenMP threads"},
    {.name = "samples",
     .type = C4_OPTION_INTEGER,
     .value = "N",
     .initial = "9",
     .min = 3,
     .max = 1000,
     .help = "of each backend, taken in turn"},
    {.name = "order",
     .type = C4_OPTION_CHOICE,
     .value = "ORDER",
     .initial = "bn-relu",
     .choices = orders,
     .help = "of a block"},
    {.name = "conv",
     .type = C4_OPTION_CHOICE,
     .value = "ALGORITHM",
     .initial = "winograd",
     .choices = algorithms,
     .help = "convolution algorithm of blocks 2 to 4"},
    {.name = "json", .type = C4_OPTION_FLAG, .help = "print one JSON object with all samples"},
    {.name = NULL},
};

static const char *const step_examples[] = {
    "conv4 bench step", "conv4 bench step --batch 128 --threads 2 --json", NULL};

/* MACs of one image's training step: three passes of each convolution but for conv1's input
 * gradient, and the linear layer. */
static const double step_macs = 2.0 * 1769472 + 3.0 * (9437184 + 2359296 + 589824) + 3.0 * 2560;

enum { MAX_RUNNERS = 8, MAX_SAMPLES = 1000 };
static const double sample_seconds = 0.5;

struct runner {
    const char *name;
    struct c4_dispatch dispatch;
    struct c4_plan *plan;
    double loss_error; /* of the checked step, against ref64 */
    double images_per_s[MAX_SAMPLES];
};

struct job {
    struct c4_plan_config config;
    struct c4_dataset data;
    struct c4_batch batch;
    struct c4_team team;
    double state[C4_STATE_COUNT];
    struct runner runners[MAX_RUNNERS];
    int count, samples;
};

/* One step of a fresh network; the loss before the update and, through `state`, the weights after.
 */
static enum c4_status fresh_step(const struct job *job, const struct c4_step_api *step,
                                 struct c4_plan *plan, double *loss, double *state) {
    const struct c4_sgd sgd = {0.001, 0.9};
    struct c4_step_result result;
    C4_TRY(step->load(plan, job->state, NULL));
    C4_TRY(step->step(plan, &job->batch, &sgd, &result));
    *loss = result.loss;
    return step->store(plan, state, NULL);
}

/* A step that differs from the double reference is not timed. Selections that flip in float move
 * single gradients by up to 1e-3 of themselves, so updates are held to 1e-2, the loss to 1e-5. */
static enum c4_status check(struct job *job, struct runner *runner) {
    struct c4_dispatch reference;
    struct c4_plan *plan;
    static double want[C4_STATE_COUNT], got[C4_STATE_COUNT];
    double want_loss, got_loss, off = 0, size = 0;
    C4_TRY(c4_dispatch("ref64", &reference));
    C4_TRY(reference.backend.step->create(&job->config, &plan));
    enum c4_status status = fresh_step(job, reference.backend.step, plan, &want_loss, want);
    reference.backend.step->destroy(plan);
    C4_TRY(status);
    C4_TRY(fresh_step(job, runner->dispatch.backend.step, runner->plan, &got_loss, got));
    for (size_t i = 0; i < C4_LEARNED_COUNT; i++) {
        off += (got[i] - want[i]) * (got[i] - want[i]);
        size += (want[i] - job->state[i]) * (want[i] - job->state[i]);
    }
    runner->loss_error = fabs(got_loss - want_loss) / want_loss;
    if (runner->loss_error <= 1e-5 && sqrt(off) <= 1e-2 * sqrt(size)) return C4_OK;
    return c4_fail(C4_ERR_RESULT,
                   "%s: its step differs from the double reference (loss by %.1e, update by %.1e); "
                   "it is not timed",
                   runner->name, runner->loss_error, sqrt(off / size));
}

static enum c4_status sample(const struct job *job, struct runner *runner, double *images_per_s) {
    const struct c4_step_api *step = runner->dispatch.backend.step;
    const struct c4_sgd sgd = {0.001, 0.9};
    struct c4_step_result result;
    C4_TRY(step->step(runner->plan, &job->batch, &sgd, &result)); /* warm again after the others */
    int64_t start_ns = c4_clock_ns(), now_ns = start_ns;
    int64_t images = 0;
    while ((double)(now_ns - start_ns) * 1e-9 < sample_seconds) {
        C4_TRY(step->step(runner->plan, &job->batch, &sgd, &result));
        images += job->batch.n;
        now_ns = c4_clock_ns();
    }
    *images_per_s = (double)images / ((double)(now_ns - start_ns) * 1e-9);
    return c4_interrupted();
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct spread {
    double low, median, high;
};

static struct spread spread_of(const double *samples, int count) {
    double sorted[MAX_SAMPLES];
    memcpy(sorted, samples, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, ascending);
    return (struct spread){sorted[0], (sorted[(count - 1) / 2] + sorted[count / 2]) / 2,
                           sorted[count - 1]};
}

static void print_text(const struct job *job) {
    printf("training step, batch %d, %d thread%s%s, %s, median of %d samples in turn\n",
           job->config.max_batch, job->config.threads, job->config.threads == 1 ? "" : "s",
           job->team.bound ? " bound" : " not bound", orders[job->config.order], job->samples);
    printf("%-8s %10s %10s %10s %9s  %s\n", "backend", "images/s", "lowest", "highest", "GFLOP/s",
           "nominal: direct convolution's operations");
    for (int i = 0; i < job->count; i++) {
        const struct runner *runner = &job->runners[i];
        struct spread s = spread_of(runner->images_per_s, job->samples);
        printf("%-8s %10.0f %10.0f %10.0f %9.1f  %s\n", runner->name, s.median, s.low, s.high,
               s.median * 2 * step_macs * 1e-9, runner->dispatch.step_origin->variant);
    }
}

static void print_json(const struct job *job) {
    json_t *rows = json_array();
    for (int i = 0; i < job->count; i++) {
        const struct runner *runner = &job->runners[i];
        json_t *samples = json_array();
        for (int k = 0; k < job->samples; k++)
            json_array_append_new(samples, c4_json_real(runner->images_per_s[k]));
        json_array_append_new(
            rows, json_pack("{s:s, s:s, s:o, s:o, s:o}", "backend", runner->name, "variant",
                            runner->dispatch.step_origin->variant, "loss_error",
                            c4_json_real(runner->loss_error), "images_per_s",
                            c4_json_real(spread_of(runner->images_per_s, job->samples).median),
                            "samples_images_per_s", samples));
    }
    json_t *object =
        json_pack("{s:s, s:i, s:i, s:i, s:b, s:s, s:s, s:o}", "conv4", C4_VERSION, "arithmetic",
                  C4_ARITHMETIC, "batch", job->config.max_batch, "threads", job->config.threads,
                  "bound", (int)job->team.bound, "order", orders[job->config.order], "conv",
                  algorithms[job->config.conv], "steps", rows);
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}

static enum c4_status add_runner(struct job *job, const char *name) {
    struct runner *runner = &job->runners[job->count];
    runner->name = name;
    C4_TRY(c4_dispatch(name, &runner->dispatch));
    C4_TRY(c4_dispatch_strict(&runner->dispatch, true, NULL, 0));
    job->count++;
    C4_TRY(runner->dispatch.backend.step->create(&job->config, &runner->plan));
    return check(job, runner);
}

static enum c4_status bench_step(const struct c4_args *args, struct job *job) {
    const char *wanted = c4_arg_text(args, "backend");
    job->samples = (int)c4_arg_integer(args, "samples");
    job->config.max_batch = (int)c4_arg_integer(args, "batch");
    job->config.threads = (int)c4_arg_integer(args, "threads");
    job->config.order = c4_arg_includes(args, "order", "relu-bn") ? C4_RELU_BN : C4_BN_RELU;
    job->config.conv = c4_arg_includes(args, "conv", "direct") ? C4_DIRECT : C4_WINOGRAD;
    C4_TRY(c4_interrupt_catch());
    C4_TRY(c4_team_start_on_cores(job->config.threads, &job->team, &job->config.l2_bytes));
    C4_TRY(c4_synthetic_make(C4_SYNTHETIC_OBJECTS, C4_TRAIN, 1, (uint32_t)job->config.max_batch,
                             &job->data));
    job->batch = (struct c4_batch){job->data.images, job->data.labels, job->config.max_batch};
    c4_net_init(1, job->state);

    const struct c4_backend *table;
    if (strcmp(wanted, "all") != 0) {
        C4_TRY(add_runner(job, wanted));
    } else {
        for (int i = 0; c4_backend_name(i, NULL, NULL) && job->count < MAX_RUNNERS; i++) {
            const char *name = c4_backend_name(i, &table, NULL);
            if (table && table->step && strcmp(name, "ref64") != 0) C4_TRY(add_runner(job, name));
        }
    }
    for (int k = 0; k < job->samples; k++)
        for (int i = 0; i < job->count; i++)
            C4_TRY(sample(job, &job->runners[i], &job->runners[i].images_per_s[k]));
    return C4_OK;
}

static int run_step(const struct c4_args *args) {
    struct job *job = calloc(1, sizeof *job);
    if (!job) return c4_cli_exit(args, c4_fail(C4_ERR_MEMORY, "out of memory"));
    enum c4_status status = bench_step(args, job);
    if (status == C4_OK && c4_arg_flag(args, "json"))
        print_json(job);
    else if (status == C4_OK)
        print_text(job);
    for (int i = 0; i < job->count; i++)
        if (job->runners[i].plan)
            job->runners[i].dispatch.backend.step->destroy(job->runners[i].plan);
    c4_dataset_free(&job->data);
    c4_team_free(&job->team);
    free(job);
    return c4_cli_exit(args, status);
}

static const struct c4_command step_command = {
    .name = "step",
    .summary = "time whole training steps",
    .description = "Trains on one synthetic batch again and again. Each backend's step is compared "
                   "with the double reference first and not timed if it differs (exit status 7). "
                   "Samples of half a second are taken in turn, so that a busy moment hits all.",
    .options = step_options,
    .examples = step_examples,
    .run = run_step,
};

static const struct c4_command *const commands[] = {&step_command, NULL};

const struct c4_command c4_cmd_bench = {
    .name = "bench",
    .summary = "time the backends",
    .commands = commands,
};
