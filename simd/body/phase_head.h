/* The head of a native step: pool4, linear layer, loss, and the way back to block 4. */
#ifndef C4_SIMD_BODY_PHASE_HEAD_H
#define C4_SIMD_BODY_PHASE_HEAD_H

#include "simd/body/linear.h"
#include "simd/body/phase_forward.h"

/* ds of one map behind pooling and ReLU, from dp; its sums. dp may be ds; rows of dp are `row`
 * floats apart. */
static void mask_image(struct c4_plan *plan, int b, int image, const float *dp, ptrdiff_t row,
                       float *ds) {
    struct c4_native_block *block = &plan->block[b];
    const int half = block->side / 2;
    const float *selected = block->selected + (ptrdiff_t)image * half * half * C;
    const bool masked = plan->config.order == C4_BN_RELU;
    for (int i = 0; i < half; i++)
        for (int j = 0; j < half; j++)
            for (int c = 0; c < C; c += VF_LANES) {
                ptrdiff_t pixel = ((ptrdiff_t)i * half + j) * C + c;
                vf d = vf_load(dp + i * row + j * C + c);
                vf p = vf_fma(vf_loadu(block->scale + c), vf_load(selected + pixel),
                              vf_loadu(block->shift + c));
                if (masked) d = vf_select(vf_gt(p, vf_zero()), d, vf_zero());
                vf_store(ds + pixel, d);
            }
    double(*sum)[C] = block->sum[slice_of(plan->n, image)];
    map_sums(half, half, ds, selected, sum[0], sum[1]);
}

static void phase_pool(const struct c4_plan *plan, int b, int64_t pixels, const float *selected,
                       float *pool) {
    const struct c4_native_block *block = &plan->block[b];
    const bool relu = plan->config.order == C4_BN_RELU;
    for (int64_t i = 0; i < pixels * C; i += C)
        for (int c = 0; c < C; c += VF_LANES)
            vf_storeu(pool + i + c,
                      bn_relu(relu, vf_loadu(block->scale + c), vf_loadu(selected + i + c),
                              vf_loadu(block->shift + c)));
}

/* Loss, hits and the gradient of one image's logits. */
static void image_loss(struct c4_plan *plan, struct c4_native_part *part, int image,
                       bool gradients) {
    const float *logits = plan->logits + image * C4_LOGITS_STRIDE;
    double wide[C4_CLASSES], d[C4_CLASSES];
    int hit;
    for (int o = 0; o < C4_CLASSES; o++) wide[o] = (double)logits[o];
    part->loss += c4_softmax_xent(wide, plan->labels[image], plan->n, gradients ? d : NULL, &hit);
    part->hits += hit;
    for (int o = 0; gradients && o < C4_CLASSES; o++)
        plan->d_logits[image * C4_LOGITS_STRIDE + o] = (float)d[o];
}

static void phase_head(struct c4_plan *plan, bool gradients, int from, int to) {
    enum { TOP = C4_BLOCKS - 1, PART = (C4_FLAT + 1) * C4_LOGITS_STRIDE };
    if (gradients) clear_sums(plan->block[TOP].sum, from, to);
    for (int s = from; s < to; s++) {
        int begin = c4_slice_begin(plan->n, s), n = c4_slice_begin(plan->n, s + 1) - begin;
        ptrdiff_t flat = (ptrdiff_t)begin * C4_FLAT, line = (ptrdiff_t)begin * C4_LOGITS_STRIDE;
        phase_pool(plan, TOP, (int64_t)n * 4, plan->block[TOP].selected + flat, plan->pool4 + flat);
        linear_fwd(n, plan->pool4 + flat, plan->parameters + c4_native_layout.linear_weight,
                   plan->parameters + c4_native_layout.linear_bias, plan->logits + line);
        plan->part[s].loss = 0;
        plan->part[s].hits = 0;
        for (int i = 0; i < n; i++) image_loss(plan, &plan->part[s], begin + i, gradients);
        if (!gradients) continue;
        float *dw = plan->linear_dw + (ptrdiff_t)s * PART, *ds = plan->block[TOP].ds + flat;
        linear_bwd_data(n, plan->d_logits + line, plan->linear_wt, ds);
        linear_bwd_weights(n, plan->pool4 + flat, plan->d_logits + line, dw,
                           dw + C4_FLAT * C4_LOGITS_STRIDE);
        for (int i = 0; i < n; i++)
            mask_image(plan, TOP, begin + i, ds + i * C4_FLAT, 2 * C, ds + i * C4_FLAT);
    }
}

#endif
