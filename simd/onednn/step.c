/* A step and an evaluation: the net's operations, and in plain C the cheap work around them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/op/scalar.h"
#include "simd/onednn/plan.h"

enum { C = C4_CHANNELS, O = C4_CLASSES, FLAT = C4_FLAT };

static enum c4_status start_batch(struct c4_plan *plan, const struct c4_batch *batch) {
    if (batch->n < 1 || batch->n > plan->shared.config.max_batch)
        return c4_fail(C4_ERR_USAGE, "a batch of %d images does not fit a plan for 1 to %d",
                       batch->n, plan->shared.config.max_batch);
    return c4_dnn_take_net(plan, batch->n);
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
    C4_TRY(c4_dnn_take_backward(plan));
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
    .create = c4_dnn_plan_create,
    .destroy = c4_dnn_plan_destroy,
    .load = c4_dnn_plan_load,
    .store = c4_dnn_plan_store,
    .step = step,
    .evaluate = evaluate,
    .read = c4_dnn_read,
    .choose = c4_dnn_plan_choose,
    .describe = c4_dnn_plan_describe,
};
