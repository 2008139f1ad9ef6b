/* conv4 train: trains one network on one task, from initial weights, a file or a checkpoint. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/cli/cli.h"
#include "core/cli/file_option.h"
#include "core/cli/interrupt.h"
#include "core/cli/progress.h"
#include "core/data/patch_sums.h"
#include "core/file/file.h"
#include "core/file/json.h"
#include "core/file/leftovers.h"
#include "core/host/clock.h"
#include "core/net/checkpoint.h"
#include "core/net/train.h"
#include "repro/commands/task.h"
#include "repro/commands/train_batches.h"
#include "repro/commands/train_log.h"
#include "repro/commands/train_progress.h"
#include "repro/commands/train_resume.h"
#include "repro/commands/weights.h"
#include "repro/session/engine.h"

static const struct c4_option options[] = {
    C4_TASK_OPTIONS,
    {.name = "images",
     .type = C4_OPTION_INTEGER,
     .value = "N",
     .initial = "0",
     .min = 0,
     .max = 100000,
     .help = "train on the first N images only (0: all)"},
    {.name = "test-images",
     .type = C4_OPTION_INTEGER,
     .value = "N",
     .initial = "0",
     .min = 0,
     .max = 100000,
     .help = "test on the first N images only (0: all)"},
    {.name = "epochs",
     .type = C4_OPTION_INTEGER,
     .value = "N",
     .initial = "1",
     .min = 1,
     .max = 1000000,
     .help = "total number of epochs, including those of a resumed checkpoint"},
    {.name = "batch",
     .type = C4_OPTION_INTEGER,
     .value = "N",
     .initial = "32",
     .min = 1,
     .max = 4096,
     .help = "images per training batch; evaluation uses 32"},
    {.name = "lr",
     .type = C4_OPTION_REAL,
     .value = "X",
     .initial = "0.001",
     .min = 0,
     .max = 1e30,
     .help = "learning rate"},
    {.name = "momentum",
     .type = C4_OPTION_REAL,
     .value = "X",
     .initial = "0.9",
     .min = 0,
     .max = 1,
     .help = "momentum of SGD"},
    {.name = "init",
     .type = C4_OPTION_PATH,
     .value = "FILE",
     .help = "start from these weights (safetensors or NPZ); momentum starts at zero"},
    {.name = "checkpoint",
     .type = C4_OPTION_PATH,
     .value = "FILE",
     .help = "written after every epoch; if it exists, training resumes from it, unless it belongs "
             "to another experiment"},
    {.name = "save",
     .type = C4_OPTION_PATH,
     .value = "FILE",
     .help = "write the weights at the end"},
    {.name = "batches",
     .type = C4_OPTION_STRING,
     .value = "FILE|N",
     .help = "run only these steps: the batches of a safetensors or NPZ file (images U8 [steps, "
             "batch, 3, 32, 32], labels of any integer type [steps, batch]), or the first N "
             "batches of epoch 1"},
    {.name = "log-json",
     .type = C4_OPTION_PATH,
     .value = "FILE",
     .help = "write one JSON object per line for each epoch, or each step with --batches; the log "
             "continues when --checkpoint resumes"},
    {.name = "progress",
     .type = C4_OPTION_PATH,
     .value = "FILE",
     .help = "write how far it is while it trains: a JSON object per line with clock_ns (the "
             "machine's monotonic clock), pass (train or evaluate), epoch and images (done in this "
             "pass), at most one in 10 ms and one at the ends of a pass; not with --batches"},
    {.name = "quiet",
     .letter = 'q',
     .type = C4_OPTION_FLAG,
     .help = "show no progress, only the results"},
    C4_ENGINE_OPTIONS,
    {.name = NULL},
};

static const char *const examples[] = {
    "conv4 train --epochs 5 --images 8000 --save net.safetensors",
    "conv4 train --data DIR --labels random --degree 9 --epochs 150 --checkpoint run.safetensors",
    "conv4 train --init theirs.safetensors --batches batches.safetensors --log-json steps.jsonl",
    NULL};

/* --save may replace the file of --init, which is read completely before. */
static const struct c4_file_option files[] = {
    {.name = "init", .replaced_by = "save"},
    {.name = "batches", .is_file = c4_train_batches_is_file},
    {.name = "save", .written = true},
    {.name = "log-json", .written = true},
    {.name = "progress", .written = true},
    {.name = "checkpoint", .written = true}};

enum { EVALUATION_BATCH = 32 };

struct job {
    const struct c4_args *args;
    struct c4_engine engine;
    struct c4_task train, test;
    struct c4_plan *plan;
    struct c4_checkpoint *net; /* seed, epochs done, and the state between plan and files */
    struct c4_json_lines *log;
    struct c4_progress progress;
    struct c4_train_progress told; /* --progress */
    char kernels[C4_KERNELS_SIZE]; /* storage of engine.kernels, if the backend has a choice */
    bool resumed;                  /* net was read from a checkpoint */
    bool trained;                  /* all epochs are done */
    uint64_t images_before;        /* of the passes done in this process */
};

static enum c4_status watch(void *context, uint32_t images_done) {
    struct job *job = context;
    c4_progress_update(&job->progress, job->images_before + images_done, (uint64_t)c4_clock_ns());
    C4_TRY(c4_train_progress_update(&job->told, images_done));
    return c4_interrupted();
}

/* Loads the network to start from: initial weights, or the checkpoint's if it belongs to this
 * experiment. */
static enum c4_status begin_state(struct job *job, const char *checkpoint) {
    struct c4_checkpoint *net = job->net, *initial = c4_checkpoint_new();
    uint64_t seed = (uint64_t)c4_arg_integer(job->args, "seed");
    struct c4_experiment now = {0};
    if (!initial) return C4_ERR_MEMORY;
    enum c4_status status = c4_weights_read(job->args, &job->engine, initial, stderr);
    if (status == C4_OK && !c4_arg_text(job->args, "batches"))
        status = c4_train_experiment(job->args, &job->engine, &job->train,
                                     c4_arg_text(job->args, "init"), initial->state, &now);
    if (status == C4_OK && job->resumed)
        status = c4_train_same_experiment(checkpoint, net, &now, &job->engine, &job->train, seed,
                                          stderr);
    if (!job->resumed) memcpy(net->state, initial->state, sizeof net->state);
    c4_checkpoint_free(initial);
    C4_TRY(status);
    net->experiment = now;
    net->seed = seed;
    net->order = job->engine.order;
    net->wide = job->engine.dispatch.backend.is_double;
    snprintf(net->backend, sizeof net->backend, "%s", job->engine.dispatch.backend.name);
    snprintf(net->data_sha256, sizeof net->data_sha256, "%s", job->train.data.sha256);
    return job->engine.dispatch.backend.step->load(job->plan, net->state, net->momentum);
}

/* Writes the plan's state: with momentum and experiment, to resume from, or the weights alone. */
static enum c4_status write_net(struct job *job, const char *path, bool momentum) {
    C4_TRY(
        job->engine.dispatch.backend.step->store(job->plan, job->net->state, job->net->momentum));
    job->net->has_momentum = momentum;
    if (!momentum) job->net->experiment.count = 0;
    return c4_checkpoint_write(path, job->net);
}

/* Checks that the results can be written, before an hour is spent on training. */
static enum c4_status probe_files(const struct job *job) {
    static const char *const names[] = {"save", "checkpoint"};
    const size_t values[] = {C4_STATE_COUNT, C4_STATE_COUNT + C4_LEARNED_COUNT};
    bool wide = job->engine.dispatch.backend.is_double;
    for (int i = 0; i < 2; i++) {
        const char *path = c4_arg_text(job->args, names[i]);
        if (!path) continue;
        C4_TRY(c4_leftovers_remove_of(path));
        C4_TRY(c4_file_probe(path, values[i] * (wide ? sizeof(double) : sizeof(float))));
    }
    return C4_OK;
}

/* Writes the trained weights. If that fails, a checkpoint still has them. */
static enum c4_status save_net(struct job *job, const char *path, const char *checkpoint) {
    enum c4_status status = write_net(job, path, false);
    if (status == C4_OK || !checkpoint) return status;
    return c4_fail(status, "%s; the trained network is in %s", c4_error(), checkpoint);
}

static enum c4_status open_log(struct job *job, const char *path) {
    char engine[160];
    json_t *kernels;
    c4_engine_describe(&job->engine, engine, sizeof engine);
    C4_TRY(c4_engine_kernel_lines(&job->engine, job->plan, &kernels));
    json_t *header = json_pack("{s:s, s:i, s:s, s:o, s:s, s:b, s:I, s:o*}", "conv4", C4_VERSION,
                               "arithmetic", C4_ARITHMETIC, "engine", engine, "data",
                               c4_json_text(job->train.data.name), "data_sha256",
                               job->train.data.sha256, "synthetic", (int)job->train.data.synthetic,
                               "seed", (json_int_t)job->net->seed, "kernels", kernels);
    enum c4_status status = c4_train_log_open(path, job->net, job->resumed, header, &job->log);
    json_decref(header);
    return status;
}

static void print_epoch(struct job *job, const struct c4_pass_result *trained,
                        const struct c4_pass_result *train, const struct c4_pass_result *test) {
    c4_progress_hide(&job->progress);
    printf("epoch %" PRIu64 "  loss %.4f  train accuracy %.2f %%  test accuracy %.2f %%  "
           "%.0f images/s\n",
           job->net->epoch, trained->loss, 100 * train->accuracy, 100 * test->accuracy,
           trained->images / trained->seconds);
    fflush(stdout);
}

/* Patch sums pay off from the second epoch on. */
static enum c4_status keep_patch_sums(struct job *job, uint64_t epochs) {
    const struct c4_backend *backend = &job->engine.dispatch.backend;
    if (epochs < 2 || job->engine.order != C4_BN_RELU || !backend->step->reads_patch_sums)
        return C4_OK;
    C4_TRY(c4_dataset_add_patch_sums(&job->train.data, backend->stem_moments));
    return c4_dataset_add_patch_sums(&job->test.data, backend->stem_moments);
}

static enum c4_status train_epochs(struct job *job, const char *checkpoint) {
    const struct c4_sgd sgd = {c4_arg_real(job->args, "lr"), c4_arg_real(job->args, "momentum")};
    struct c4_pass training = {.step = job->engine.dispatch.backend.step,
                               .plan = job->plan,
                               .data = &job->train.data,
                               .labels = job->train.labels,
                               .batch = (int)c4_arg_integer(job->args, "batch"),
                               .watch = watch,
                               .watch_context = job};
    struct c4_pass on_train = training, on_test = training;
    on_train.batch = on_test.batch = EVALUATION_BATCH;
    on_test.data = &job->test.data;
    on_test.labels = job->test.labels;

    uint64_t epochs = (uint64_t)c4_arg_integer(job->args, "epochs");
    uint64_t left = epochs > job->net->epoch ? epochs - job->net->epoch : 0;
    uint64_t images = 2 * (uint64_t)on_train.data->count + on_test.data->count; /* per epoch */
    C4_TRY(keep_patch_sums(job, left));
    c4_progress_start(
        &job->progress, stderr, c4_progress_style_of(stderr, c4_arg_flag(job->args, "quiet")),
        "training and evaluation", "images", 0, left * images, (uint64_t)c4_clock_ns());
    while (job->net->epoch < epochs) {
        struct c4_pass_result trained, train, test;
        uint32_t epoch = (uint32_t)job->net->epoch + 1;
        C4_TRY(c4_train_progress_begin(&job->told, "train", epoch, training.data->count));
        C4_TRY(c4_train_epoch(&training, &sgd, job->net->seed, C4_RNG_SHUFFLE, epoch, &trained));
        job->images_before += trained.images;
        C4_TRY(c4_train_progress_begin(&job->told, "evaluate", epoch, on_train.data->count));
        C4_TRY(
            c4_evaluate(&on_train, job->engine.statistics, 0, on_train.data->count, &train, NULL));
        job->images_before += train.images;
        C4_TRY(c4_train_progress_begin(&job->told, "evaluate", epoch, on_test.data->count));
        C4_TRY(c4_evaluate(&on_test, job->engine.statistics, 0, on_test.data->count, &test, NULL));
        job->images_before += test.images;
        job->net->epoch = epoch;
        job->net->batches += trained.batches;
        job->trained = epoch == epochs;
        /* The log is written first: epochs beyond the checkpoint are removed from it when training
         * resumes, but an epoch that it lacks would be lost. */
        enum c4_status logged =
            job->log ? c4_train_log_epoch(job->log, epoch, &trained, &train, &test) : C4_OK;
        if (checkpoint) C4_TRY(write_net(job, checkpoint, true));
        print_epoch(job, &trained, &train, &test);
        C4_TRY(logged);
    }
    c4_progress_finish(&job->progress, job->images_before, (uint64_t)c4_clock_ns());
    return C4_OK;
}

/* Reads the checkpoint if there is one, and fixes the plan's kernels. */
static enum c4_status prepare_checkpoint(struct job *job, const char *checkpoint) {
    job->resumed = c4_path_exists(checkpoint);
    if (job->resumed)
        C4_TRY(c4_train_resume_read(checkpoint, (uint64_t)c4_arg_integer(job->args, "epochs"),
                                    job->net));
    return c4_train_choose_kernels(job->args, &job->engine, (int)c4_arg_integer(job->args, "batch"),
                                   job->resumed ? job->net : NULL, job->kernels);
}

static enum c4_status train(struct job *job) {
    const struct c4_args *args = job->args;
    const char *checkpoint = c4_arg_text(args, "checkpoint");
    const char *batches = c4_arg_text(args, "batches"), *save = c4_arg_text(args, "save");
    bool own_batches = batches && c4_train_batches_is_file(batches);
    if (batches && checkpoint)
        return c4_fail(C4_ERR_USAGE,
                       "--batches runs single steps; it cannot be combined with --checkpoint");
    if (batches && c4_arg_text(args, "progress"))
        return c4_fail(C4_ERR_USAGE, "--batches runs single steps, which --log-json tells; it "
                                     "cannot be combined with --progress");
    C4_TRY(c4_args_check_files(args, files, sizeof files / sizeof *files));
    C4_TRY(c4_interrupt_catch());
    C4_TRY(c4_engine_open(args, NULL, 0, &job->engine));
    const char *cost = c4_dispatch_cost(&job->engine.dispatch);
    if (cost) fprintf(stderr, "%s\n", cost);
    C4_TRY(probe_files(job));
    if (!own_batches)
        C4_TRY(c4_task_open(args, C4_TRAIN, (uint32_t)c4_arg_integer(args, "images"), &job->train));
    if (!batches)
        C4_TRY(
            c4_task_open(args, C4_TEST, (uint32_t)c4_arg_integer(args, "test-images"), &job->test));
    struct c4_batches steps = {0};
    int max_batch = (int)c4_arg_integer(args, "batch");
    if (batches) {
        C4_TRY(c4_train_batches_open(batches, &job->train, (uint64_t)c4_arg_integer(args, "seed"),
                                     max_batch, &steps));
        max_batch = steps.batch;
    }
    job->net = c4_checkpoint_new();
    enum c4_status status = job->net ? C4_OK : C4_ERR_MEMORY;
    if (status == C4_OK && checkpoint) status = prepare_checkpoint(job, checkpoint);
    if (max_batch < EVALUATION_BATCH) max_batch = EVALUATION_BATCH;
    if (status == C4_OK) status = c4_engine_plan(&job->engine, max_batch, &job->plan);
    if (status == C4_OK) status = begin_state(job, checkpoint);
    const char *log = c4_arg_text(args, "log-json");
    const char *progress = c4_arg_text(args, "progress");
    if (status == C4_OK && log) status = open_log(job, log);
    if (status == C4_OK && progress) status = c4_train_progress_open(&job->told, progress);
    const struct c4_sgd sgd = {c4_arg_real(args, "lr"), c4_arg_real(args, "momentum")};
    if (status == C4_OK)
        status = batches ? c4_train_batches_run(&steps, job->engine.dispatch.backend.step,
                                                job->plan, &sgd, job->log, &job->net->batches)
                         : train_epochs(job, checkpoint);
    c4_train_batches_close(&steps);
    /* The weights are saved even if the log fails in the last epoch. */
    bool trained = job->net && (status == C4_OK || job->trained);
    enum c4_status saved = trained && save ? save_net(job, save, checkpoint) : C4_OK;
    return status == C4_OK ? saved : status;
}

static int run(const struct c4_args *args) {
    struct job job = {.args = args};
    enum c4_status status = train(&job);
    enum c4_status closed = c4_json_lines_close(&job.log);
    if (status == C4_OK) status = closed;
    closed = c4_train_progress_close(&job.told);
    if (status == C4_OK) status = closed;
    c4_progress_hide(&job.progress);
    if (job.plan) job.engine.dispatch.backend.step->destroy(job.plan);
    c4_checkpoint_free(job.net);
    c4_task_close(&job.train);
    c4_task_close(&job.test);
    c4_engine_close(&job.engine);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_cmd_train = {
    .name = "train",
    .summary = "train one network",
    .description = "Trains conv4 with SGD and reports loss and accuracy after every epoch. Weights "
                   "are safetensors files with PyTorch's names and shapes (conv1.weight, ..., "
                   "bn1.running_mean, ..., linear.bias). With --checkpoint, a killed run resumes "
                   "after its last finished epoch, with the same bits, when the same command is "
                   "run again; --epochs may grow, and threads and bit-exact backends may change.",
    .options = options,
    .examples = examples,
    .run = run,
};
