/* The trial that predicted times are based on. */
#include "repro/workers/speed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/data/batch.h"
#include "core/file/file.h"
#include "core/file/temporary.h"
#include "core/host/clock.h"
#include "core/net/checkpoint.h"
#include "core/net/init.h"
#include "repro/run/prepared_features.h"

/* Long enough that a core's clock and caches have settled, short beside the shortest study. */
#define TRAINING_SECONDS 0.4
#define EVALUATION_SECONDS 0.2

/* Repeats a batch until it has run long enough to be timed. The first pass creates primitives and
 * fills caches, and does not count. */
static enum c4_status time_batches(const struct c4_runner *runner, struct c4_plan *plan,
                                   const struct c4_sgd *sgd, double enough_seconds,
                                   double *per_image) {
    const struct c4_dataset *data = c4_images_training(runner->images);
    uint32_t batch = runner->protocol->batch < data->count ? runner->protocol->batch : data->count;
    const struct c4_batch part = c4_batch_in_place(data, NULL, 0, batch);
    struct c4_step_result result;
    int64_t start_ns = 0, now_ns = 0;
    int count = -1;
    do {
        if (sgd)
            C4_TRY(runner->step->step(plan, &part, sgd, &result));
        else
            C4_TRY(
                runner->step->evaluate(plan, &part, runner->protocol->statistics, &result, NULL));
        now_ns = c4_clock_ns();
        if (++count == 0) start_ns = now_ns;
        C4_TRY(runner->advance(runner->context, 0));
    } while (count < 2 || (double)(now_ns - start_ns) * 1e-9 < enough_seconds);
    *per_image = (double)(now_ns - start_ns) * 1e-9 / count / batch;
    return C4_OK;
}

/* Prepares arbitrary features; the time does not depend on their values. */
static enum c4_status time_cka(const struct c4_runner *runner, struct c4_speed *speed) {
    uint32_t rows = runner->protocol->cka_images;
    struct c4_feature_space space = {.images = 0};
    C4_TRY(c4_feature_space_reserve(&space, rows));
    for (int layer = 0; layer < C4_LAYERS; layer++)
        for (size_t i = 0; i < rows * c4_layer_features(layer); i++)
            space.layer[layer][i] = (float)((i * 2654435761u >> 7) & 1023);
    struct c4_prepared_features sides;
    struct c4_row_counts counts = {.count = 0};
    c4_row_counts_add(&counts, rows);
    int64_t start_ns = c4_clock_ns();
    enum c4_status status = c4_prepared_features_make(runner, &space, &counts, &sides);
    speed->cka_seconds = (double)(c4_clock_ns() - start_ns) * 1e-9;
    speed->cka_flops = c4_forecast_prepare_flops(runner->protocol, rows);
    if (status == C4_OK) c4_prepared_features_free(&sides);
    c4_feature_space_free(&space);
    return status;
}

static enum c4_status time_checkpoint(const struct c4_runner *runner,
                                      struct c4_checkpoint *checkpoint, struct c4_speed *speed) {
    char path[C4_STORE_PATH_SIZE], name[64], mark[C4_TEMPORARY_MARK_SIZE];
    c4_temporary_mark(mark);
    snprintf(name, sizeof name, "trial%s", mark);
    C4_TRY(c4_path_join(path, sizeof path, runner->folder, name));
    checkpoint->has_momentum = true;
    int64_t start_ns = c4_clock_ns();
    C4_TRY(c4_checkpoint_write(path, checkpoint));
    /* Doubled, because committing the rows syncs about as much again. */
    speed->segment_seconds = 2e-9 * (double)(c4_clock_ns() - start_ns);
    unlink(path);
    return C4_OK;
}

/* Traffic of the training steps before. */
static enum c4_status count_traffic(const struct c4_runner *runner, const struct c4_plan *plan,
                                    struct c4_speed *speed) {
    enum { MOST = 64 };
    struct c4_phase_time phases[MOST];
    int count = 0;
    if (!runner->step->phases) return C4_OK;
    C4_TRY(runner->step->phases(plan, phases, MOST, &count));
    for (int i = 0; i < count && i < MOST; i++) speed->train_bytes += phases[i].bytes;
    return C4_OK;
}

/* Training steps of `enough_seconds`; then, unless only training is wanted, the rest. */
static enum c4_status measure(const struct c4_runner *runner, struct c4_plan *plan,
                              struct c4_checkpoint *checkpoint, bool training_only,
                              struct c4_speed *speed) {
    const struct c4_sgd sgd = {0, 0}; /* a learning rate of 0, so that the trial cannot diverge */
    C4_TRY(runner->step->load(plan, checkpoint->state, NULL));
    C4_TRY(time_batches(runner, plan, &sgd, TRAINING_SECONDS, &speed->train_seconds));
    if (training_only) return C4_OK;
    C4_TRY(count_traffic(runner, plan, speed));
    C4_TRY(time_batches(runner, plan, NULL, EVALUATION_SECONDS, &speed->evaluate_seconds));
    C4_TRY(time_cka(runner, speed));
    return runner->folder ? time_checkpoint(runner, checkpoint, speed) : C4_OK;
}

static enum c4_status measure_with_plan(const struct c4_runner *runner, bool training_only,
                                        struct c4_speed *speed) {
    const struct c4_plan_config config = c4_runner_plan_config(runner, runner->protocol->order);
    struct c4_checkpoint *checkpoint = c4_checkpoint_new();
    struct c4_plan *plan = NULL;
    *speed = (struct c4_speed){0};
    if (!checkpoint) return C4_ERR_MEMORY;
    c4_net_init(0, checkpoint->state);
    enum c4_status status = runner->step->create(&config, &plan);
    if (status == C4_OK) status = measure(runner, plan, checkpoint, training_only, speed);
    runner->step->destroy(plan);
    c4_checkpoint_free(checkpoint);
    return status;
}

enum c4_status c4_speed_measure(const struct c4_runner *runner, struct c4_speed *speed) {
    return measure_with_plan(runner, false, speed);
}

enum c4_status c4_speed_measure_training(const struct c4_runner *runner, struct c4_speed *speed) {
    return measure_with_plan(runner, true, speed);
}
