/* Forward pass and loss, op by op over the slices of the batch. */
#include "simd/ref/ref_plan.h"

enum { C = C4_CHANNELS };

/* Convolution of one slice, bias and ReLU if they come first, and channel sums. */
static void convolve(struct c4_plan *plan, int b, int s, bool sums) {
    struct ref_block *block = &plan->block[b];
    struct ref_range r = ref_slice_range(plan, s);
    int64_t plane = (int64_t)block->side * block->side;
    const c4_real *in = b == 0 ? plan->x : plan->block[b - 1].pool;
    const struct c4_conv_shape shape = {r.n, block->side, block->side, block->inputs};
    in += r.begin * plane * block->inputs;
    c4_real *y = block->y + r.begin * plane * C;
    if (block->u)
        C4_REF(c4_conv_fwd_winograd)(&shape, in, block->u, y, plan->slice[s].scratch);
    else
        C4_REF(c4_conv_fwd_direct)(&shape, in, block->w, y);
    if (plan->config.order == C4_RELU_BN) C4_REF(c4_bias_relu)(r.n * plane, y, block->bias, y);
    if (sums) C4_REF(c4_channel_sums)
    (r.n, block->side, block->side, y, y, plan->slice[s].sum_a, plan->slice[s].sum_b);
}

/* Batch statistics of a block: from sums over y, or for the bn-relu stem from patch sums. */
static void batch_statistics(struct c4_plan *plan, int b) {
    struct ref_block *block = &plan->block[b];
    const c4_real *beta = plan->state + c4_block_param(b, C4_PARAM_BETA)->offset;
    double count = (double)plan->n * block->side * block->side;
    if (b == 0 && plan->config.order == C4_BN_RELU) {
        double *w = plan->stem_w, mean[C], var[C];
        for (int i = 0; i < C4_PATCH * C; i++) w[i] = (double)block->w[i];
        c4_stem_statistics(plan->first, plan->second, count, w, mean, var);
        for (int c = 0; c < C; c++)
            block->bn[c] =
                c4_bn_from_patch_sums(mean[c], var[c], (double)block->gamma[c], (double)beta[c]);
        return;
    }
    for (int c = 0; c < C; c++) {
        double sum = plan->slice[0].sum_a[c], sum_sq = plan->slice[0].sum_b[c];
        for (int s = 1; s < c4_slice_count(plan->n); s++) {
            sum += plan->slice[s].sum_a[c];
            sum_sq += plan->slice[s].sum_b[c];
        }
        block->bn[c] =
            c4_bn_from_sums(sum, sum_sq, count, (double)block->gamma[c], (double)beta[c]);
    }
}

static void running_statistics(struct c4_plan *plan, int b) {
    struct ref_block *block = &plan->block[b];
    const c4_real *mean = plan->state + c4_block_running(b, C4_PARAM_RUNNING_MEAN)->offset;
    const c4_real *var = plan->state + c4_block_running(b, C4_PARAM_RUNNING_VAR)->offset;
    const c4_real *beta = plan->state + c4_block_param(b, C4_PARAM_BETA)->offset;
    for (int c = 0; c < C; c++) {
        /* The running mean is that of y + bias; bn-relu never adds the bias to y. */
        double bias = plan->config.order == C4_BN_RELU ? (double)block->bias[c] : 0.0;
        block->bn[c] = c4_bn_from_patch_sums((double)mean[c] - bias, (double)var[c],
                                             (double)block->gamma[c], (double)beta[c]);
    }
}

static void stem_moments(struct c4_plan *plan, const uint8_t *images) {
    FOR_EACH_SLICE(plan, s) {
        struct ref_range r = ref_slice_range(plan, s);
        C4_REF(c4_stem_moments)
        (r.n, images + (int64_t)r.begin * C4_IMAGE_BYTES, plan->slice[s].first,
         plan->slice[s].second);
    }
    for (int k = 0; k < C4_PATCH; k++) {
        plan->first[k] = 0;
        for (int s = 0; s < c4_slice_count(plan->n); s++) plan->first[k] += plan->slice[s].first[k];
    }
    for (int k = 0; k < C4_PATCH * C4_PATCH; k++) {
        plan->second[k] = 0;
        for (int s = 0; s < c4_slice_count(plan->n); s++)
            plan->second[k] += plan->slice[s].second[k];
    }
}

void C4_REF(c4_ref_forward)(struct c4_plan *plan, const uint8_t *images,
                            enum c4_bn_statistics statistics) {
    bool from_patch_sums = plan->config.order == C4_BN_RELU && statistics == C4_BN_BATCH;
    if (from_patch_sums) stem_moments(plan, images);
    FOR_EACH_SLICE(plan, s) {
        struct ref_range r = ref_slice_range(plan, s);
        C4_REF(c4_stem_input)
        (r.n, images + (int64_t)r.begin * C4_IMAGE_BYTES,
         plan->x + (int64_t)r.begin * C4_IMAGE_BYTES);
    }
    for (int b = 0; b < C4_BLOCKS; b++) {
        struct ref_block *block = &plan->block[b];
        bool sums = statistics == C4_BN_BATCH && !(b == 0 && from_patch_sums);
        FOR_EACH_SLICE(plan, s) convolve(plan, b, s, sums);
        if (statistics == C4_BN_BATCH)
            batch_statistics(plan, b);
        else
            running_statistics(plan, b);
        c4_real scale[C], shift[C];
        for (int c = 0; c < C; c++) {
            scale[c] = (c4_real)block->bn[c].scale;
            shift[c] = (c4_real)block->bn[c].shift;
        }
        FOR_EACH_SLICE(plan, s) {
            struct ref_range r = ref_slice_range(plan, s);
            int64_t plane = (int64_t)block->side * block->side;
            int64_t pooled = r.begin * (plane / 4) * C;
            C4_REF(c4_pool_select)
            (r.n, block->side, block->side, block->y + r.begin * plane * C, block->gamma,
             block->selected + pooled, block->arg + pooled);
            C4_REF(c4_bn_apply)
            (r.n * (plane / 4), plan->config.order == C4_BN_RELU, block->selected + pooled, scale,
             shift, block->pool + pooled);
        }
    }
    FOR_EACH_SLICE(plan, s) {
        struct ref_range r = ref_slice_range(plan, s);
        C4_REF(c4_linear_fwd)
        (r.n, plan->block[C4_BLOCKS - 1].pool + (int64_t)r.begin * C4_FLAT, plan->linear_w,
         plan->linear_bias, plan->logits + (int64_t)r.begin * C4_LOGITS_STRIDE);
    }
}

struct c4_step_result C4_REF(c4_ref_loss)(struct c4_plan *plan, const uint8_t *labels,
                                          bool gradients) {
    FOR_EACH_SLICE(plan, s) {
        struct ref_range r = ref_slice_range(plan, s);
        plan->slice[s].loss = 0.0;
        plan->slice[s].hits = 0;
        for (int image = r.begin; image < r.begin + r.n; image++) {
            double logits[C4_CLASSES], d[C4_CLASSES];
            int hit, at = image * C4_LOGITS_STRIDE;
            for (int o = 0; o < C4_CLASSES; o++) logits[o] = (double)plan->logits[at + o];
            plan->slice[s].loss +=
                c4_softmax_xent(logits, labels[image], plan->n, gradients ? d : NULL, &hit);
            plan->slice[s].hits += hit;
            for (int o = 0; gradients && o < C4_CLASSES; o++)
                plan->d_logits[at + o] = (c4_real)d[o];
        }
    }
    struct c4_step_result result = {plan->slice[0].loss, plan->slice[0].hits};
    for (int s = 1; s < c4_slice_count(plan->n); s++) {
        result.loss += plan->slice[s].loss;
        result.hits += plan->slice[s].hits;
    }
    result.loss /= plan->n;
    return result;
}
