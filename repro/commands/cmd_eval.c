/* conv4 eval: loss and accuracy of a saved network, and its features for 'conv4 cka'. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/cli.h"
#include "core/cli/file_option.h"
#include "core/cli/interrupt.h"
#include "core/cli/progress.h"
#include "core/file/file.h"
#include "core/file/json.h"
#include "core/file/leftovers.h"
#include "core/file/safetensors.h"
#include "core/file/sha256.h"
#include "core/host/clock.h"
#include "core/net/checkpoint.h"
#include "core/net/train.h"
#include "repro/commands/task.h"
#include "repro/commands/weights.h"
#include "repro/session/engine.h"

static const char *const splits[] = {"train", "test", NULL};

static const struct c4_option options[] = {
    C4_TASK_OPTIONS,
    {.name = "split",
     .type = C4_OPTION_CHOICE,
     .value = "SPLIT",
     .initial = "test",
     .choices = splits,
     .help = "split of the data set"},
    {.name = "images",
     .type = C4_OPTION_INTEGER,
     .value = "N",
     .initial = "0",
     .min = 0,
     .max = 100000,
     .help = "the first N images only (0: all)"},
    {.name = "init",
     .type = C4_OPTION_PATH,
     .value = "FILE",
     .help = "the network's weights, safetensors or NPZ (default: the initial weights of --seed)"},
    {.name = "features",
     .type = C4_OPTION_PATH,
     .value = "FILE",
     .help = "write pool1 to pool4 [n, h, w, 64] and logits [n, 10] as safetensors"},
    {.name = "json", .type = C4_OPTION_FLAG, .help = "print one JSON object"},
    {.name = "quiet", .letter = 'q', .type = C4_OPTION_FLAG, .help = "show no progress"},
    C4_ENGINE_OPTIONS,
    {.name = NULL},
};

static const char *const examples[] = {
    "conv4 eval --init net.safetensors --data DIR",
    "conv4 eval --init net.safetensors --images 500 --features net-features.safetensors", NULL};

static const struct c4_file_option files[] = {{.name = "init"},
                                              {.name = "features", .written = true}};

enum { BATCH = 32 };

struct job {
    const struct c4_args *args;
    struct c4_engine engine;
    struct c4_task task;
    struct c4_plan *plan;
    struct c4_checkpoint *net;
    float *features[C4_LAYERS];
    struct c4_progress progress;
};

static enum c4_status watch(void *context, uint32_t images_done) {
    struct job *job = context;
    c4_progress_update(&job->progress, images_done, (uint64_t)c4_clock_ns());
    return c4_interrupted();
}

static enum c4_status load_network(struct job *job) {
    C4_TRY(c4_weights_read(job->args, &job->engine, job->net, stderr));
    return job->engine.dispatch.backend.step->load(job->plan, job->net->state, NULL);
}

static enum c4_status write_features(const struct job *job, const char *path, uint32_t count) {
    struct c4_tensor tensors[C4_LAYERS] = {0};
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        struct c4_tensor *tensor = &tensors[layer];
        uint64_t side = (uint64_t)C4_IMAGE_SIDE >> (layer + 1);
        tensor->name = c4_layer_name[layer];
        tensor->dtype = C4_F32;
        tensor->rank = layer == C4_LAYERS - 1 ? 2 : 4;
        tensor->shape[0] = count;
        tensor->shape[1] = tensor->rank == 2 ? C4_CLASSES : side;
        tensor->shape[2] = side;
        tensor->shape[3] = C4_CHANNELS;
        tensor->data = job->features[layer];
        tensor->size_bytes = (size_t)count * c4_layer_features(layer) * sizeof(float);
    }
    char images[C4_SHA256_HEX_SIZE];
    C4_TRY(
        c4_sha256_hex(c4_dataset_images(&job->task.data), (size_t)count * C4_IMAGE_BYTES, images));
    /* With these, 'conv4 cka' detects files that must not be compared. */
    struct c4_metadata metadata[] = {
        {"conv4.version", C4_VERSION},
        {"conv4.data", (char *)job->task.data.sha256},
        {"conv4.images", images},
        {"conv4.statistics", (char *)c4_statistics_names[job->engine.statistics]}};
    return c4_safetensors_write(path, tensors, C4_LAYERS, metadata, 4);
}

static enum c4_status print_result(const struct job *job, const struct c4_pass_result *result) {
    if (!c4_arg_flag(job->args, "json")) {
        printf("%s: %u images  loss %.6f  accuracy %.2f %%  %.0f images/s\n", job->task.data.name,
               result->images, result->loss, 100 * result->accuracy,
               result->images / result->seconds);
        return C4_OK;
    }
    char engine[160];
    c4_engine_describe(&job->engine, engine, sizeof engine);
    json_t *object = json_pack(
        "{s:o, s:s, s:s, s:b, s:I, s:o, s:o, s:o}", "data", c4_json_text(job->task.data.name),
        "data_sha256", job->task.data.sha256, "engine", engine, "synthetic",
        (int)job->task.data.synthetic, "images", (json_int_t)result->images, "loss",
        c4_json_real(result->loss), "accuracy", c4_json_real(result->accuracy), "images_per_s",
        c4_json_real(result->images / result->seconds));
    return c4_json_print(stdout, object, "the result");
}

static enum c4_status evaluate(struct job *job) {
    const struct c4_args *args = job->args;
    const char *path = c4_arg_text(args, "features");
    C4_TRY(c4_args_check_files(args, files, sizeof files / sizeof *files));
    enum c4_split split = c4_arg_includes(args, "split", "train") ? C4_TRAIN : C4_TEST;
    C4_TRY(c4_interrupt_catch());
    C4_TRY(c4_engine_open(args, NULL, 0, &job->engine));
    C4_TRY(c4_task_open(args, split, (uint32_t)c4_arg_integer(args, "images"), &job->task));
    job->net = c4_checkpoint_new();
    if (!job->net) return C4_ERR_MEMORY;
    C4_TRY(c4_engine_plan(&job->engine, BATCH, &job->plan));
    C4_TRY(load_network(job));
    uint32_t count = job->task.data.count;
    uint64_t feature_bytes = 0;
    for (int layer = 0; layer < C4_LAYERS; layer++)
        feature_bytes += (uint64_t)count * c4_layer_features(layer) * sizeof(float);
    if (path) {
        C4_TRY(c4_leftovers_remove_of(path));
        C4_TRY(c4_file_probe(path, feature_bytes));
    }
    for (int layer = 0; path && layer < C4_LAYERS; layer++) {
        job->features[layer] = malloc((size_t)count * c4_layer_features(layer) * sizeof(float));
        if (!job->features[layer])
            return c4_fail(C4_ERR_MEMORY,
                           "out of memory for the features of %u images; use fewer (--images)",
                           count);
    }
    const struct c4_pass pass = {.step = job->engine.dispatch.backend.step,
                                 .plan = job->plan,
                                 .data = &job->task.data,
                                 .labels = job->task.labels,
                                 .batch = BATCH,
                                 .watch = watch,
                                 .watch_context = job};
    struct c4_pass_result result;
    c4_progress_start(&job->progress, stderr,
                      c4_progress_style_of(stderr, c4_arg_flag(args, "quiet")), "evaluation",
                      "images", 0, count, (uint64_t)c4_clock_ns());
    C4_TRY(
        c4_evaluate(&pass, job->engine.statistics, 0, count, &result, path ? job->features : NULL));
    c4_progress_hide(&job->progress);
    if (path) C4_TRY(write_features(job, path, count));
    return print_result(job, &result);
}

static int run(const struct c4_args *args) {
    struct job job = {.args = args};
    enum c4_status status = evaluate(&job);
    c4_progress_hide(&job.progress);
    if (job.plan) job.engine.dispatch.backend.step->destroy(job.plan);
    for (int layer = 0; layer < C4_LAYERS; layer++) free(job.features[layer]);
    c4_checkpoint_free(job.net);
    c4_task_close(&job.task);
    c4_engine_close(&job.engine);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_cmd_eval = {
    .name = "eval",
    .summary = "loss, accuracy and features of a trained network",
    .description =
        "Evaluates a network on images in file order, in batches of 32. The weights are those that "
        "'conv4 train --save' writes, or any safetensors or NPZ file with the same names and "
        "shapes. 'conv4 cka' compares the features that --features writes.",
    .options = options,
    .examples = examples,
    .run = run,
};
