/* Creating and destroying a plan, and choosing its nets. */
#include "simd/onednn/plan.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int c4_dnn_enter(const struct c4_plan *plan) {
    int threads = omp_get_max_threads();
    omp_set_num_threads(plan->shared.config.threads);
    return threads;
}

void c4_dnn_leave(int threads) {
    omp_set_num_threads(threads);
}

void c4_dnn_plan_destroy(struct c4_plan *plan) {
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

static enum c4_status check(const struct c4_plan_config *config) {
    if (config->max_batch < 1 || config->threads < 1)
        return c4_fail(C4_ERR_USAGE,
                       "a plan needs at least one image and one thread, not %d and %d",
                       config->max_batch, config->threads);
    return c4_dnn_choice_check(config);
}

enum c4_status c4_dnn_plan_create(const struct c4_plan_config *config, struct c4_plan **out) {
    C4_TRY(check(config));
    struct c4_plan *plan = calloc(1, sizeof *plan);
    if (!plan) return c4_fail(C4_ERR_MEMORY, "out of memory for a training plan");
    size_t n = (size_t)config->max_batch, logits = padded(n * C4_CLASSES);
    size_t count = padded(C4_STATE_COUNT) + 2 * padded(C4_LEARNED_COUNT) + 2 * logits;
    plan->memory = aligned_alloc(64, count * sizeof *plan->memory);
    plan->loss = malloc(n * sizeof *plan->loss);
    plan->hit = malloc(n * sizeof *plan->hit);
    if (!plan->memory || !plan->loss || !plan->hit) {
        c4_dnn_plan_destroy(plan);
        return c4_fail(C4_ERR_MEMORY, "out of memory for a plan of %d images", config->max_batch);
    }
    memset(plan->memory, 0, (count - 2 * logits) * sizeof *plan->memory);
    struct c4_dnn_shared *shared = &plan->shared;
    shared->config = *config;
    shared->lane_sums = c4_dispatch_lane_sums();
    if (config->kernels) {
        snprintf(plan->kernels, sizeof plan->kernels, "%s", config->kernels);
        shared->config.kernels = plan->kernels;
    }
    shared->state = plan->memory;
    shared->momentum = shared->state + padded(C4_STATE_COUNT);
    shared->grad = shared->momentum + padded(C4_LEARNED_COUNT);
    plan->logits = shared->grad + padded(C4_LEARNED_COUNT);
    plan->d_logits = plan->logits + logits;
    plan->version = 1;
    enum c4_status status = c4_dnn_open(&shared->dnn);
    if (status != C4_OK) {
        c4_dnn_plan_destroy(plan);
        return status;
    }
    *out = plan;
    return C4_OK;
}

enum c4_status c4_dnn_plan_load(struct c4_plan *plan, const double *state, const double *momentum) {
    for (size_t i = 0; i < C4_STATE_COUNT; i++) plan->shared.state[i] = (float)state[i];
    for (size_t i = 0; i < C4_LEARNED_COUNT; i++)
        plan->shared.momentum[i] = momentum ? (float)momentum[i] : 0;
    plan->version++;
    return C4_OK;
}

enum c4_status c4_dnn_plan_store(const struct c4_plan *plan, double *state, double *momentum) {
    for (size_t i = 0; i < C4_STATE_COUNT; i++) state[i] = (double)plan->shared.state[i];
    for (size_t i = 0; momentum && i < C4_LEARNED_COUNT; i++)
        momentum[i] = (double)plan->shared.momentum[i];
    return C4_OK;
}

enum c4_status c4_dnn_take_net(struct c4_plan *plan, int n) {
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

enum c4_status c4_dnn_take_backward(struct c4_plan *plan) {
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

enum c4_status c4_dnn_plan_choose(const struct c4_plan_config *config,
                                  char kernels[C4_KERNELS_SIZE]) {
    struct c4_dnn dnn;
    struct c4_dnn_choice choice;
    C4_TRY(check(config));
    C4_TRY(c4_dnn_open(&dnn));
    int threads = omp_get_max_threads();
    omp_set_num_threads(config->threads);
    enum c4_status status = c4_dnn_choose(&dnn, config, config->max_batch, &choice);
    omp_set_num_threads(threads);
    c4_dnn_close(&dnn);
    if (status == C4_OK) c4_dnn_choice_write(&choice, kernels);
    return status;
}

static bool holds(const struct c4_plan *plan, const struct c4_dnn_net *net) {
    for (int i = 0; i < C4_DNN_NETS; i++)
        if (plan->net[i] == net) return true;
    return false;
}

enum c4_status c4_dnn_plan_describe(struct c4_plan *plan, const char **text) {
    struct c4_dnn_net *before = plan->last;
    int threads = c4_dnn_enter(plan);
    enum c4_status status = c4_dnn_take_net(plan, plan->shared.config.max_batch);
    if (status == C4_OK) status = c4_dnn_take_backward(plan);
    c4_dnn_leave(threads);
    if (status == C4_OK) status = c4_text_add_bytes(&plan->last->text, "", 0); /* fails if lost */
    if (status == C4_OK) *text = c4_text_string(&plan->last->text);
    plan->last = before && holds(plan, before) ? before : NULL;
    return status;
}
