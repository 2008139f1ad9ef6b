#include "repro/run/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/file.h"
#include "core/host/clock.h"
#include "core/net/init.h"
#include "repro/run/known_checkpoint.h"
#include "repro/run/measure.h"

enum { TRAINING_WORK = 3 }; /* training on an image, in images forwarded */

struct c4_plan_config c4_runner_plan_config(const struct c4_runner *runner, enum c4_order order) {
    return (struct c4_plan_config){.order = order,
                                   .conv = runner->protocol->conv,
                                   .max_batch = (int)runner->protocol->batch,
                                   .threads = runner->threads,
                                   .caches = runner->caches,
                                   .kernels = runner->kernels};
}

_Static_assert(C4_RUN_KEY_SIZE + sizeof "checkpoints//epoch-4294967295.safetensors" <=
                   C4_CHECKPOINT_PATH_SIZE,
               "any key and epoch fit");

void c4_run_checkpoint_path(const char *key, uint32_t epoch, char path[C4_CHECKPOINT_PATH_SIZE]) {
    snprintf(path, C4_CHECKPOINT_PATH_SIZE, "checkpoints/%s/epoch-%04" PRIu32 ".safetensors", key,
             epoch);
}

/* The start counts like an epoch, though it forwards fewer images: studies are divided by this
 * number, and parts by different versions of the program are to fit together. */
uint64_t c4_run_work(const struct c4_runner *runner, const struct c4_run *run) {
    struct c4_run_images images;
    c4_run_images(runner, run, &images);
    return (uint64_t)TRAINING_WORK * images.trained * run->epochs +
           images.measured * ((uint64_t)run->epochs + 1) + images.control;
}

uint32_t c4_run_segment_epochs(const struct c4_runner *runner, const struct c4_run *run) {
    struct c4_run_images images;
    c4_run_images(runner, run, &images);
    uint64_t epoch = (uint64_t)TRAINING_WORK * images.trained + images.measured;
    return (uint32_t)((runner->scale->segment_work + epoch - 1) / epoch);
}

uint32_t c4_run_segment_end(const struct c4_runner *runner, const struct c4_run *run,
                            int64_t done) {
    uint32_t each = c4_run_segment_epochs(runner, run);
    uint32_t end = done < 0 ? each : ((uint32_t)done / each + 1) * each;
    return end < run->epochs ? end : run->epochs;
}

struct c4_execution {
    const struct c4_runner *runner;
    struct c4_feature_space space; /* of whichever network is measured */
    struct c4_reference_cache *cache;
    struct c4_checkpoint *scratch; /* for state and momentum */
    bool has_run;                  /* what is below is that of a run */
    struct c4_run run;
    int64_t done; /* epoch of the network in the plan */
    uint64_t batches;
    struct c4_plan *plan;
    struct c4_training training;
    struct c4_pass_progress progress; /* of training */
    struct c4_measure measure;
};

enum c4_status c4_execution_new(const struct c4_runner *runner, struct c4_execution **out) {
    *out = NULL;
    struct c4_execution *ex = calloc(1, sizeof *ex);
    if (!ex) return c4_fail(C4_ERR_MEMORY, "out of memory for a run");
    ex->runner = ex->progress.runner = runner;
    ex->scratch = c4_checkpoint_new();
    enum c4_status status =
        ex->scratch ? c4_reference_cache_new(runner, &ex->space, &ex->cache) : C4_ERR_MEMORY;
    if (status != C4_OK) {
        c4_execution_free(ex);
        return status;
    }
    *out = ex;
    return C4_OK;
}

static void leave_run(struct c4_execution *ex) {
    if (ex->has_run) {
        c4_measure_free(&ex->measure);
        c4_training_free(&ex->training);
    }
    ex->runner->step->destroy(ex->plan);
    ex->plan = NULL;
    ex->has_run = false;
}

void c4_execution_free(struct c4_execution *ex) {
    if (!ex) return;
    leave_run(ex);
    c4_reference_cache_free(ex->cache);
    c4_feature_space_free(&ex->space);
    c4_checkpoint_free(ex->scratch);
    free(ex);
}

const struct c4_dataset *c4_execution_training(const struct c4_execution *ex) {
    return ex->has_run ? &ex->training.images : NULL;
}

/* Puts the network to go on from into the plan. */
static enum c4_status load_start(struct c4_execution *ex, const struct c4_segment *segment) {
    const struct c4_run *run = &ex->run;
    struct c4_checkpoint *checkpoint = ex->scratch;
    const double *momentum = NULL;
    ex->batches = 0;
    if (segment->from >= 0) {
        C4_TRY(c4_run_await_checkpoint(ex->runner, &segment->last, run->seed, checkpoint));
        ex->batches = checkpoint->batches;
        momentum = checkpoint->has_momentum ? checkpoint->momentum : NULL;
    } else if (run->from[0]) {
        C4_TRY(c4_run_await_checkpoint(ex->runner, &segment->source, run->seed, checkpoint));
    } else {
        c4_net_init(run->seed, checkpoint->state);
    }
    return ex->runner->step->load(ex->plan, checkpoint->state, momentum);
}

static enum c4_status enter_run(struct c4_execution *ex, const struct c4_segment *segment) {
    const struct c4_runner *runner = ex->runner;
    const struct c4_plan_config config = c4_runner_plan_config(runner, segment->run.order);
    leave_run(ex);
    ex->run = segment->run;
    ex->done = segment->from;
    ex->has_run = true;
    memset(&ex->measure, 0, sizeof ex->measure);
    C4_TRY(c4_training_open(runner->images, &ex->run, &ex->training));
    C4_TRY(c4_measure_init(&ex->measure, runner, &ex->run, &segment->source, &ex->training,
                           &ex->space, ex->cache));
    C4_TRY(runner->step->create(&config, &ex->plan));
    return load_start(ex, segment);
}

/* Moves the network to a plan of the runner's present team. */
static enum c4_status renew_plan(struct c4_execution *ex) {
    const struct c4_runner *runner = ex->runner;
    const struct c4_plan_config config = c4_runner_plan_config(runner, ex->run.order);
    struct c4_checkpoint *checkpoint = ex->scratch;
    C4_TRY(runner->step->store(ex->plan, checkpoint->state, checkpoint->momentum));
    runner->step->destroy(ex->plan);
    ex->plan = NULL;
    C4_TRY(runner->step->create(&config, &ex->plan));
    return runner->step->load(ex->plan, checkpoint->state, checkpoint->momentum);
}

enum c4_status c4_execution_change_team(struct c4_execution *ex) {
    c4_reference_cache_change_team(ex->cache);
    if (!ex->has_run) return C4_OK;
    enum c4_status status = renew_plan(ex);
    if (status != C4_OK) leave_run(ex);
    return status;
}

static enum c4_status train(struct c4_execution *ex, uint32_t epoch, struct c4_row_list *rows) {
    const struct c4_protocol *protocol = ex->runner->protocol;
    bool tunes = c4_run_tunes(&ex->run);
    struct c4_pass pass =
        c4_run_pass(&ex->progress, ex->plan, &ex->training.images, ex->training.labels);
    struct c4_sgd sgd = {protocol->lr, protocol->momentum};
    struct c4_pass_result result;
    if (pass.step->time_phases) pass.step->time_phases(pass.plan, true);
    C4_TRY(c4_train_epoch(&pass, &sgd, ex->run.seed,
                          tunes ? C4_RNG_FINETUNE_SHUFFLE : C4_RNG_SHUFFLE, epoch, &result));
    ex->batches += result.batches;
    C4_TRY(c4_out_result(rows, "loss", result.loss, result.images));
    C4_TRY(c4_out_result(rows, "train_accuracy_running", result.accuracy, result.images));
    C4_TRY(c4_out_training(rows, &pass, &result));
    if (pass.step->time_phases) pass.step->time_phases(pass.plan, false);
    return C4_OK;
}

static enum c4_status do_epoch(struct c4_execution *ex, uint32_t epoch, struct c4_row_list *rows) {
    char started[C4_CLOCK_UTC_BYTES], ended[C4_CLOCK_UTC_BYTES];
    rows->epoch = epoch;
    c4_clock_utc(started);
    if (epoch > 0) C4_TRY(train(ex, epoch, rows));
    C4_TRY(c4_measure_epoch(&ex->measure, ex->plan, epoch, rows));
    c4_clock_utc(ended);
    c4_out_date(rows, started, ended);
    ex->done = epoch;
    return C4_OK;
}

static enum c4_status save(struct c4_execution *ex, struct c4_known_checkpoint *last) {
    struct c4_checkpoint *checkpoint = ex->scratch;
    char path[C4_STORE_PATH_SIZE], folder[C4_STORE_PATH_SIZE];
    *last = (struct c4_known_checkpoint){.epoch = (uint32_t)ex->done};
    c4_run_checkpoint_path(ex->run.key, last->epoch, last->path);
    *checkpoint = (struct c4_checkpoint){.has_momentum = true,
                                         .wide = ex->runner->wide,
                                         .has_order = true,
                                         .order = ex->run.order,
                                         .seed = ex->run.seed,
                                         .epoch = last->epoch,
                                         .batches = ex->batches};
    snprintf(checkpoint->backend, sizeof checkpoint->backend, "%s", ex->runner->backend);
    memcpy(checkpoint->data_sha256, ex->training.images.sha256, sizeof checkpoint->data_sha256);
    C4_TRY(ex->runner->step->store(ex->plan, checkpoint->state, checkpoint->momentum));
    C4_TRY(c4_path_join(path, sizeof path, ex->runner->folder, last->path));
    memcpy(folder, path, sizeof folder);
    *strrchr(folder, '/') = '\0';
    C4_TRY(c4_dir_make(folder));
    C4_TRY(c4_checkpoint_write(path, checkpoint));
    return c4_sha256_file(path, last->sha256);
}

/* Failures that come from what the run computes, and come again. */
static bool is_faulty(enum c4_status status) {
    return status == C4_ERR_FAILED || status == C4_ERR_DATA;
}

static enum c4_status do_segment(struct c4_execution *ex, const struct c4_segment *segment,
                                 struct c4_row_list *rows, struct c4_known_checkpoint *last,
                                 bool *faulty) {
    if (!ex->has_run || strcmp(ex->run.key, segment->run.key) != 0 || ex->done != segment->from)
        C4_TRY(enter_run(ex, segment));
    for (int64_t epoch = segment->from + 1; epoch <= segment->to; epoch++) {
        enum c4_status status = do_epoch(ex, (uint32_t)epoch, rows);
        *faulty = is_faulty(status);
        C4_TRY(status);
    }
    int64_t start_ns = c4_clock_ns();
    C4_TRY(save(ex, last));
    C4_TRY(c4_out_seconds(rows, C4_COST_CHECKPOINT, (double)(c4_clock_ns() - start_ns) * 1e-9));
    char now[C4_CLOCK_UTC_BYTES];
    c4_clock_utc(now);
    struct c4_cost_row *row = &rows->costs[rows->cost_count - 1];
    snprintf(row->started, sizeof row->started, "%s", now);
    snprintf(row->ended, sizeof row->ended, "%s", now);
    return C4_OK;
}

enum c4_status c4_execution_segment(struct c4_execution *ex, const struct c4_segment *segment,
                                    struct c4_row_list *rows, struct c4_known_checkpoint *last,
                                    bool *faulty) {
    *faulty = false;
    enum c4_status status = do_segment(ex, segment, rows, last, faulty);
    if (status != C4_OK) leave_run(ex);
    return status;
}
