/* The step API of the reference. */
#include <stdio.h>
#include <string.h>

#include "core/op/backend.h"
#include "simd/ref/ref_plan.h"

enum { C = C4_CHANNELS };

static enum c4_status load(struct c4_plan *plan, const double *state, const double *momentum) {
    for (size_t i = 0; i < C4_STATE_COUNT; i++) plan->state[i] = (c4_real)state[i];
    for (size_t i = 0; i < C4_LEARNED_COUNT; i++)
        plan->momentum[i] = momentum ? (c4_real)momentum[i] : 0;
    C4_REF(c4_ref_plan_pack)(plan);
    return C4_OK;
}

static enum c4_status store(const struct c4_plan *plan, double *state, double *momentum) {
    for (size_t i = 0; i < C4_STATE_COUNT; i++) state[i] = (double)plan->state[i];
    for (size_t i = 0; momentum && i < C4_LEARNED_COUNT; i++)
        momentum[i] = (double)plan->momentum[i];
    return C4_OK;
}

static enum c4_status start_batch(struct c4_plan *plan, const struct c4_batch *batch) {
    if (batch->n < 1 || batch->n > plan->config.max_batch)
        return c4_fail(C4_ERR_USAGE, "a batch of %d images does not fit a plan for 1 to %d",
                       batch->n, plan->config.max_batch);
    plan->n = batch->n;
    return C4_OK;
}

/* Running statistics describe y + bias; bn-relu never adds the bias to y, so it is added here. */
static void update_running(struct c4_plan *plan) {
    for (int b = 0; b < C4_BLOCKS; b++) {
        const struct ref_block *block = &plan->block[b];
        c4_real *mean = plan->state + c4_block_running(b, C4_PARAM_RUNNING_MEAN)->offset;
        c4_real *var = plan->state + c4_block_running(b, C4_PARAM_RUNNING_VAR)->offset;
        double count = (double)plan->n * block->side * block->side;
        for (int c = 0; c < C; c++) {
            double bias = plan->config.order == C4_BN_RELU ? (double)block->bias[c] : 0.0;
            double unbiased = block->bn[c].var * (count / (count - 1.0));
            mean[c] = (c4_real)c4_bn_running((double)mean[c], block->bn[c].mean + bias);
            var[c] = (c4_real)c4_bn_running((double)var[c], unbiased);
        }
    }
}

static enum c4_status step(struct c4_plan *plan, const struct c4_batch *batch,
                           const struct c4_sgd *sgd, struct c4_step_result *result) {
    C4_TRY(start_batch(plan, batch));
    C4_REF(c4_ref_forward)(plan, batch->images, C4_BN_BATCH);
    *result = C4_REF(c4_ref_loss)(plan, batch->labels, true);
    C4_REF(c4_ref_backward)(plan);
    if (!sgd) return C4_OK;
    update_running(plan);
    C4_REF(c4_sgd_update)
    (C4_LEARNED_COUNT, (c4_real)sgd->lr, (c4_real)sgd->momentum, plan->grad, plan->momentum,
     plan->state);
    C4_REF(c4_ref_plan_pack)(plan);
    return C4_OK;
}

static enum c4_status evaluate(struct c4_plan *plan, const struct c4_batch *batch,
                               enum c4_bn_statistics statistics, struct c4_step_result *result,
                               float *const features[C4_LAYERS]) {
    C4_TRY(start_batch(plan, batch));
    C4_REF(c4_ref_forward)(plan, batch->images, statistics);
    *result = C4_REF(c4_ref_loss)(plan, batch->labels, false);
    for (int layer = 0; features && layer < C4_LAYERS; layer++) {
        if (!features[layer]) continue;
        size_t width = c4_layer_features(layer);
        bool logits = layer == C4_LAYERS - 1;
        const c4_real *from = logits ? plan->logits : plan->block[layer].pool;
        size_t stride = logits ? C4_LOGITS_STRIDE : width;
        for (size_t image = 0; image < (size_t)plan->n; image++)
            for (size_t i = 0; i < width; i++)
                features[layer][image * width + i] = (float)from[image * stride + i];
    }
    return C4_OK;
}

/* One readable tensor: reals or bytes, `rows` rows of `width` values `stride` apart. */
struct view {
    const c4_real *reals;
    const uint8_t *bytes;
    size_t rows, width, stride;
};

static bool find_view(const struct c4_plan *plan, const char *name, double *channel,
                      struct view *view) {
    size_t n = (size_t)plan->n;
    if (strcmp(name, "grad") == 0) {
        *view = (struct view){.reals = plan->grad, .rows = 1, .width = C4_LEARNED_COUNT};
        return true;
    }
    if (strcmp(name, "logits") == 0) {
        *view = (struct view){plan->logits, NULL, n, C4_CLASSES, C4_LOGITS_STRIDE};
        return true;
    }
    for (int b = 0; b < C4_BLOCKS; b++) {
        const struct ref_block *block = &plan->block[b];
        size_t map = n * (size_t)block->side * (size_t)block->side * C;
        const struct {
            const char *name;
            struct view view;
        } views[] = {
            {"conv", {.reals = block->y, .rows = 1, .width = map}},
            {"selected", {.reals = block->selected, .rows = 1, .width = map / 4}},
            {"arg", {.bytes = block->arg, .rows = 1, .width = map / 4}},
            {"pool", {.reals = block->pool, .rows = 1, .width = map / 4}},
            {"mean", {.rows = 1, .width = C}},
            {"var", {.rows = 1, .width = C}},
        };
        for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
            char full[16];
            snprintf(full, sizeof full, "%s%d", views[i].name, b + 1);
            if (strcmp(name, full) != 0) continue;
            *view = views[i].view;
            for (int c = 0; c < C; c++)
                channel[c] = name[0] == 'm' ? block->bn[c].mean : block->bn[c].var;
            return true;
        }
    }
    return false;
}

static enum c4_status read(const struct c4_plan *plan, const char *name, double *values,
                           size_t capacity, size_t *count) {
    struct view view;
    double channel[C] = {0};
    if (!find_view(plan, name, channel, &view))
        return c4_fail(C4_ERR_USAGE, "the reference keeps no intermediate named '%s'", name);
    *count = view.rows * view.width;
    if (*count > capacity)
        return c4_fail(C4_ERR_USAGE, "'%s' has %zu values, there is room for %zu", name, *count,
                       capacity);
    for (size_t row = 0; row < view.rows; row++)
        for (size_t i = 0; i < view.width; i++) {
            size_t at = row * view.stride + i;
            values[row * view.width + i] = view.reals   ? (double)view.reals[at]
                                           : view.bytes ? (double)view.bytes[at]
                                                        : channel[i];
        }
    return C4_OK;
}

const struct c4_step_api C4_REF(c4_step) = {
    .create = C4_REF(c4_ref_plan_create),
    .destroy = C4_REF(c4_ref_plan_destroy),
    .load = load,
    .store = store,
    .step = step,
    .evaluate = evaluate,
    .read = read,
};
