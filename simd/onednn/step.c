/* The step API over oneDNN. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "core/op/backend.h"
#include "core/op/scalar.h"
#include "simd/onednn/plan.h"

enum { C = C4_CHANNELS, O = C4_CLASSES, FLAT = C4_FLAT };

extern const struct c4_step_api c4_step_onednn;

int c4_dnn_enter(const struct c4_plan *plan) {
    int threads = omp_get_max_threads();
    omp_set_num_threads(plan->shared.config.threads);
    return threads;
}

void c4_dnn_leave(int threads) {
    omp_set_num_threads(threads);
}

static void destroy(struct c4_plan *plan) {
    if (!plan) return;
    for (int i = 0; i < C4_DNN_NETS; i++) c4_dnn_net_destroy(plan->net[i]);
    c4_dnn_close(&plan->shared.dnn);
    free(plan->loss);
    free(plan->hit);
    free(plan->memory);
    free(plan);
}

static size_t padded(size_t count) {
    return (count + 15) / 16 * 16;
} /* whole cache lines */

static enum c4_status create(const struct c4_plan_config *config, struct c4_plan **out) {
    if (config->max_batch < 1 || config->threads < 1)
        return c4_fail(C4_ERR_USAGE,
                       "a plan needs at least one image and one thread, not %d and %d",
                       config->max_batch, config->threads);
    struct c4_plan *plan = calloc(1, sizeof *plan);
    if (!plan) return c4_fail(C4_ERR_MEMORY, "out of memory for a training plan");
    size_t n = (size_t)config->max_batch, logits = padded(n * O);
    size_t count = padded(C4_STATE_COUNT) + 2 * padded(C4_LEARNED_COUNT) + 2 * logits;
    plan->memory = aligned_alloc(64, count * sizeof *plan->memory);
    plan->loss = malloc(n * sizeof *plan->loss);
    plan->hit = malloc(n * sizeof *plan->hit);
    if (!plan->memory || !plan->loss || !plan->hit) {
        destroy(plan);
        return c4_fail(C4_ERR_MEMORY, "out of memory for a plan of %d images", config->max_batch);
    }
    memset(plan->memory, 0, (count - 2 * logits) * sizeof *plan->memory);
    struct c4_dnn_shared *shared = &plan->shared;
    shared->config = *config;
    shared->state = plan->memory;
    shared->momentum = shared->state + padded(C4_STATE_COUNT);
    shared->grad = shared->momentum + padded(C4_LEARNED_COUNT);
    plan->logits = shared->grad + padded(C4_LEARNED_COUNT);
    plan->d_logits = plan->logits + logits;
    plan->version = 1;
    enum c4_status status = c4_dnn_open(&shared->dnn);
    if (status != C4_OK) {
        destroy(plan);
        return status;
    }
    *out = plan;
    return C4_OK;
}

static enum c4_status load(struct c4_plan *plan, const double *state, const double *momentum) {
    for (size_t i = 0; i < C4_STATE_COUNT; i++) plan->shared.state[i] = (float)state[i];
    for (size_t i = 0; i < C4_LEARNED_COUNT; i++)
        plan->shared.momentum[i] = momentum ? (float)momentum[i] : 0;
    plan->version++;
    return C4_OK;
}

static enum c4_status store(const struct c4_plan *plan, double *state, double *momentum) {
    for (size_t i = 0; i < C4_STATE_COUNT; i++) state[i] = (double)plan->shared.state[i];
    for (size_t i = 0; momentum && i < C4_LEARNED_COUNT; i++)
        momentum[i] = (double)plan->shared.momentum[i];
    return C4_OK;
}

/* The net for n images: one that is there, or a new one in place of the longest unused. */
static enum c4_status take_net(struct c4_plan *plan, int n) {
    int oldest = 0;
    for (int i = 0; i < C4_DNN_NETS; i++) {
        struct c4_dnn_net *net = plan->net[i];
        if (net && net->n == n) {
            net->used = ++plan->clock;
            plan->last = net;
            return C4_OK;
        }
        uint64_t used = net ? net->used : 0,
                 least = plan->net[oldest] ? plan->net[oldest]->used : 0;
        if (used < least) oldest = i;
    }
    struct c4_dnn_net *made = NULL;
    C4_TRY(c4_dnn_net_create(&plan->shared, n, &made));
    c4_dnn_net_destroy(plan->net[oldest]);
    plan->net[oldest] = plan->last = made;
    made->used = ++plan->clock;
    return C4_OK;
}

static enum c4_status take_backward(struct c4_plan *plan) {
    struct c4_dnn_net *net = plan->last;
    if (net->has_backward) return C4_OK;
    enum c4_status status = c4_dnn_net_add_backward(net);
    if (status == C4_OK) return C4_OK;
    for (int i = 0; i < C4_DNN_NETS; i++)
        if (plan->net[i] == net) plan->net[i] = NULL;
    plan->last = NULL;
    c4_dnn_net_destroy(net);
    return status;
}

static enum c4_status start_batch(struct c4_plan *plan, const struct c4_batch *batch) {
    if (batch->n < 1 || batch->n > plan->shared.config.max_batch)
        return c4_fail(C4_ERR_USAGE, "a batch of %d images does not fit a plan for 1 to %d",
                       batch->n, plan->shared.config.max_batch);
    return take_net(plan, batch->n);
}

/* Running statistics describe y + bias; bn-relu never adds the bias to y. */
static void pack_running(struct c4_plan *plan) {
    struct c4_dnn_shared *shared = &plan->shared;
    for (int b = 0; b < C4_BLOCKS; b++) {
        const float *mean = shared->state + c4_block_running(b, C4_PARAM_RUNNING_MEAN)->offset;
        const float *var = shared->state + c4_block_running(b, C4_PARAM_RUNNING_VAR)->offset;
        const float *bias = shared->state + c4_block_param(b, C4_PARAM_BIAS)->offset;
        for (int c = 0; c < C; c++) {
            float own = shared->config.order == C4_BN_RELU ? bias[c] : 0;
            shared->running_mean[b][c] = mean[c] - own;
            shared->running_var[b][c] = var[c];
        }
    }
}

static enum c4_status forward(struct c4_plan *plan, const struct c4_batch *batch,
                              enum c4_bn_statistics statistics) {
    struct c4_dnn_net *net = plan->last;
    if (net->packed_forward != plan->version) {
        C4_TRY(c4_dnn_net_run(net, C4_DNN_PACK_FORWARD));
        net->packed_forward = plan->version;
    }
    if (statistics == C4_BN_RUNNING) pack_running(plan);
#pragma omp parallel for schedule(static)
    for (int image = 0; image < net->n; image++) {
        const uint8_t *bytes = batch->images + (size_t)image * C4_IMAGE_BYTES;
        float *x = net->images + (size_t)image * C4_IMAGE_BYTES;
        for (int i = 0; i < C4_IMAGE_BYTES; i++) x[i] = (float)(2 * bytes[i] - 255) / 255.0F;
    }
    C4_TRY(c4_dnn_net_run(net, statistics == C4_BN_BATCH ? C4_DNN_FORWARD_BATCH
                                                         : C4_DNN_FORWARD_RUNNING));

    const float *weight = plan->shared.state + c4_params[C4_PARAM_LINEAR_WEIGHT].offset;
    const float *bias = plan->shared.state + c4_params[C4_PARAM_LINEAR_BIAS].offset;
    for (int image = 0; image < net->n; image++)
        memcpy(plan->logits + (size_t)image * O, bias, O * sizeof *bias);
    return c4_dnn_check(dnnl_sgemm('N', 'T', net->n, O, FLAT, 1.0F, net->flat, FLAT, weight, FLAT,
                                   1.0F, plan->logits, O),
                        "multiply the linear layer");
}

static struct c4_step_result loss(struct c4_plan *plan, const uint8_t *labels, bool gradients) {
    int n = plan->last->n;
#pragma omp parallel for schedule(static)
    for (int image = 0; image < n; image++) {
        double logits[O], d[O];
        for (int o = 0; o < O; o++) logits[o] = (double)plan->logits[image * O + o];
        plan->loss[image] =
            c4_softmax_xent(logits, labels[image], n, gradients ? d : NULL, &plan->hit[image]);
        for (int o = 0; gradients && o < O; o++) plan->d_logits[image * O + o] = (float)d[o];
    }
    struct c4_step_result result = {0.0, 0};
    for (int image = 0; image < n; image++) {
        result.loss += plan->loss[image];
        result.hits += plan->hit[image];
    }
    result.loss /= n;
    return result;
}

static enum c4_status backward(struct c4_plan *plan) {
    struct c4_dnn_net *net = plan->last;
    struct c4_dnn_shared *shared = &plan->shared;
    if (net->packed_backward != plan->version) {
        C4_TRY(c4_dnn_net_run(net, C4_DNN_PACK_BACKWARD));
        net->packed_backward = plan->version;
    }
    const struct c4_param *linear = &c4_params[C4_PARAM_LINEAR_WEIGHT];
    float *d_bias = shared->grad + c4_params[C4_PARAM_LINEAR_BIAS].offset;
    memset(d_bias, 0, O * sizeof *d_bias);
    for (int image = 0; image < net->n; image++)
        for (int o = 0; o < O; o++) d_bias[o] += plan->d_logits[image * O + o];
    dnnl_status_t status = dnnl_sgemm('T', 'N', O, FLAT, net->n, 1.0F, plan->d_logits, O, net->flat,
                                      FLAT, 0.0F, shared->grad + linear->offset, FLAT);
    if (status == dnnl_success)
        status = dnnl_sgemm('N', 'N', net->n, FLAT, O, 1.0F, plan->d_logits, O,
                            shared->state + linear->offset, FLAT, 0.0F, net->d_flat, FLAT);
    C4_TRY(c4_dnn_check(status, "multiply the linear layer's gradient"));
    return c4_dnn_net_run(net, C4_DNN_BACKWARD);
}

static void update_running(struct c4_plan *plan) {
    struct c4_dnn_shared *shared = &plan->shared;
    for (int b = 0; b < C4_BLOCKS; b++) {
        float *mean = shared->state + c4_block_running(b, C4_PARAM_RUNNING_MEAN)->offset;
        float *var = shared->state + c4_block_running(b, C4_PARAM_RUNNING_VAR)->offset;
        const float *bias = shared->state + c4_block_param(b, C4_PARAM_BIAS)->offset;
        const float *batch_mean = c4_dnn_memory_data(plan->last->block[b].mean);
        const float *batch_var = c4_dnn_memory_data(plan->last->block[b].var);
        double count = (double)plan->last->n * c4_block_side(b) * c4_block_side(b);
        for (int c = 0; c < C; c++) {
            double own = shared->config.order == C4_BN_RELU ? (double)bias[c] : 0.0;
            double unbiased = (double)batch_var[c] * (count / (count - 1.0));
            mean[c] = (float)c4_bn_running((double)mean[c], (double)batch_mean[c] + own);
            var[c] = (float)c4_bn_running((double)var[c], unbiased);
        }
    }
}

static void update(struct c4_plan *plan, const struct c4_sgd *sgd) {
    const float lr = (float)sgd->lr, momentum = (float)sgd->momentum;
    const float *restrict g = plan->shared.grad;
    float *restrict v = plan->shared.momentum, *restrict w = plan->shared.state;
#pragma omp parallel for schedule(static)
    for (int i = 0; i < C4_LEARNED_COUNT; i++) {
        float velocity = momentum * v[i] + g[i];
        velocity = fabsf(velocity) < 0x1p-100F ? 0 : velocity;
        v[i] = velocity;
        w[i] -= lr * velocity;
    }
    plan->version++;
}

static enum c4_status run_step(struct c4_plan *plan, const struct c4_batch *batch,
                               const struct c4_sgd *sgd, struct c4_step_result *result) {
    C4_TRY(start_batch(plan, batch));
    C4_TRY(take_backward(plan));
    C4_TRY(forward(plan, batch, C4_BN_BATCH));
    *result = loss(plan, batch->labels, true);
    C4_TRY(backward(plan));
    if (!sgd) return C4_OK;
    update_running(plan);
    update(plan, sgd);
    return C4_OK;
}

static enum c4_status step(struct c4_plan *plan, const struct c4_batch *batch,
                           const struct c4_sgd *sgd, struct c4_step_result *result) {
    int threads = c4_dnn_enter(plan);
    enum c4_status status = run_step(plan, batch, sgd, result);
    c4_dnn_leave(threads);
    return status;
}

static enum c4_status run_evaluate(struct c4_plan *plan, const struct c4_batch *batch,
                                   enum c4_bn_statistics statistics, struct c4_step_result *result,
                                   float *const features[C4_LAYERS]) {
    C4_TRY(start_batch(plan, batch));
    C4_TRY(forward(plan, batch, statistics));
    *result = loss(plan, batch->labels, false);
    return features ? c4_dnn_features(plan, features) : C4_OK;
}

static enum c4_status evaluate(struct c4_plan *plan, const struct c4_batch *batch,
                               enum c4_bn_statistics statistics, struct c4_step_result *result,
                               float *const features[C4_LAYERS]) {
    int threads = c4_dnn_enter(plan);
    enum c4_status status = run_evaluate(plan, batch, statistics, result, features);
    c4_dnn_leave(threads);
    return status;
}

const struct c4_step_api c4_step_onednn = {
    .create = create,
    .destroy = destroy,
    .load = load,
    .store = store,
    .step = step,
    .evaluate = evaluate,
    .read = c4_dnn_read,
};
