#include <stdlib.h>

#include "core/host/clock.h"
#include "core/net/init.h"
#include "repro/run_measure.h"

uint32_t c4_run_train_accuracy_images(const struct c4_runner *runner, const struct c4_run *run) {
    uint32_t most = runner->scale->train_accuracy_images;
    return run->images < most ? run->images : most;
}

uint64_t c4_run_images(const struct c4_runner *runner, const struct c4_run *run, int64_t done) {
    uint64_t measurements = (uint64_t)(run->epochs - done);
    uint64_t trained = measurements - (done < 0); /* epoch 0 is only measured */
    uint64_t forwarded = c4_run_forwarded(runner->protocol, runner->evaluation->count);
    if (done >= run->epochs) return 0;
    return trained * run->images + forwarded /* of the reference */ +
           measurements * (c4_run_train_accuracy_images(runner, run) +
                           runner->scale->accuracy_images + forwarded);
}

double c4_run_predict(const struct c4_runner *runner, const struct c4_run *run, int64_t done,
                      const struct c4_run_speed *speed) {
    if (done >= run->epochs) return 0;
    double measurements = (double)(run->epochs - done);
    double trained = (measurements - (done < 0)) * run->images;
    double images = (double)c4_run_images(runner, run, done);
    return trained * speed->train_seconds + (images - trained) * speed->evaluate_seconds +
           (measurements + 1) * speed->cka_seconds;
}

/* A batch again and again until it took long enough to be timed; the first one builds primitives
 * and fills caches, and does not count. */
static enum c4_status time_batches(const struct c4_runner *runner, struct c4_plan *plan,
                                   const struct c4_sgd *sgd, double enough_seconds,
                                   double *per_image) {
    const struct c4_dataset *data = runner->training;
    uint32_t batch = runner->protocol->batch < data->count ? runner->protocol->batch : data->count;
    const struct c4_batch part = {data->images, data->labels, (int)batch};
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

/* One round of CKA on features of constant size; their values do not matter for its time. */
static enum c4_status time_cka(const struct c4_runner *runner, double *seconds) {
    size_t rows = runner->protocol->cka_images;
    *seconds = 0;
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        size_t count = rows * c4_layer_features(layer);
        float *values = malloc(count * sizeof *values);
        if (!values) return c4_fail(C4_ERR_MEMORY, "out of memory for a trial of CKA");
        for (size_t i = 0; i < count; i++) values[i] = (float)((i * 2654435761u >> 7) & 1023);
        struct c4_cka_options options = {.gram = runner->gram, .threads = runner->threads};
        struct c4_features features = {.data = values,
                                       .type = C4_FEATURES_FLOAT,
                                       .rows = rows,
                                       .features = c4_layer_features(layer),
                                       .name = c4_layer_name[layer]};
        struct c4_cka_reference *reference = NULL;
        int64_t start_ns = c4_clock_ns();
        enum c4_status status = c4_cka_prepare(&features, &options, &reference);
        if (status == C4_OK) *seconds += (double)(c4_clock_ns() - start_ns) * 1e-9;
        c4_cka_reference_free(reference);
        free(values);
        C4_TRY(status);
        C4_TRY(runner->advance(runner->context, 0));
    }
    return C4_OK;
}

enum c4_status c4_run_calibrate(const struct c4_runner *runner, struct c4_run_speed *speed) {
    const struct c4_protocol *protocol = runner->protocol;
    const struct c4_plan_config config = {.order = protocol->order,
                                          .conv = protocol->conv,
                                          .max_batch = (int)protocol->batch,
                                          .threads = runner->threads,
                                          .l2_bytes = runner->l2_bytes};
    const struct c4_sgd sgd = {0, 0}; /* the trial has nothing to learn and must not diverge */
    double *state = malloc(C4_STATE_COUNT * sizeof *state);
    struct c4_plan *plan = NULL;
    if (!state) return c4_fail(C4_ERR_MEMORY, "out of memory for a trial of speed");
    c4_net_init(0, state);
    enum c4_status status = runner->step->create(&config, &plan);
    if (status == C4_OK) status = runner->step->load(plan, state, NULL);
    if (status == C4_OK) status = time_batches(runner, plan, &sgd, 0.5, &speed->train_seconds);
    if (status == C4_OK) status = time_batches(runner, plan, NULL, 0.2, &speed->evaluate_seconds);
    if (status == C4_OK) status = time_cka(runner, &speed->cka_seconds);
    runner->step->destroy(plan);
    free(state);
    return status;
}
