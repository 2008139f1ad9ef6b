/* The head of a native step: pool4, linear layer, loss, and their backward down to block 4. */
#ifndef C4_SIMD_BODY_PHASE_HEAD_H
#define C4_SIMD_BODY_PHASE_HEAD_H

#include "simd/body/linear.h"
#include "simd/body/phase_forward.h"

/* `count` pixels of ds: dp, passed back through ReLU if `masked`. dp may be ds. */
INLINE void mask_pixels(int count, bool masked, const float *scale, const float *shift,
                        const float *selected, const float *dp, float *ds) {
    for (int i = 0; i < count * C; i += C) UNROLL for (int c = 0; c < C; c += VF_LANES) {
            vf p = vf_fma(vf_loadu(scale + c), vf_load(selected + i + c), vf_loadu(shift + c));
            vf d = vf_load(dp + i + c);
            vf_store(ds + i + c, masked ? vf_select(vf_gt(p, vf_zero()), d, vf_zero()) : d);
        }
}

/* Rows [from, end) of one map's ds, computed from dp, and their sums, tile by tile. dp and ds point
 * to row `from`; rows of dp are `row` floats apart; dp may be ds. */
static void mask_rows(struct c4_plan *plan, int b, int image, int from, int end, const float *dp,
                      ptrdiff_t row, float *ds) {
    struct c4_native_block *block = &plan->block[b];
    const int half = block->side / 2, w = half < 4 ? half : 4;
    const float *selected = block->selected + ((ptrdiff_t)image * half + from) * half * C;
    const bool masked = plan->config.order == C4_BN_RELU;
    double(*sum)[C] = block->sum[slice_of(plan->n, image)];
    for (int i = 0; i < end - from; i += w)
        for (int j = 0; j < half; j += w) {
            const ptrdiff_t tile = ((ptrdiff_t)i * half + j) * C;
            for (int k = 0; k < w; k++) {
                const ptrdiff_t at = tile + k * half * C;
                mask_pixels(w, masked, block->scale, block->shift, selected + at,
                            dp + (i + k) * row + j * C, ds + at);
            }
            if (w == 4) /* a constant: whether a pixel exists is not asked */
                tile_sums(ds + tile, selected + tile, half * C, 4, 4, sum[0], sum[1]);
            else
                tile_sums(ds + tile, selected + tile, half * C, w, w, sum[0], sum[1]);
        }
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

/* Loss and hits of one image's logits, and with `gradients` their gradient. */
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

static void phase_head(struct c4_plan *plan, int from, int to) {
    enum { TOP = C4_BLOCKS - 1, PART = (C4_FLAT + 1) * C4_LOGITS_STRIDE };
    clear_sums(plan->block[TOP].sum, from, to);
    for (int s = from; s < to; s++) {
        int begin = c4_slice_begin(plan->n, s), n = c4_slice_begin(plan->n, s + 1) - begin;
        ptrdiff_t flat = (ptrdiff_t)begin * C4_FLAT, line = (ptrdiff_t)begin * C4_LOGITS_STRIDE;
        phase_pool(plan, TOP, (int64_t)n * 4, plan->block[TOP].selected + flat, plan->pool4 + flat);
        linear_fwd(n, plan->pool4 + flat, plan->parameters + c4_native_layout.linear_weight,
                   plan->parameters + c4_native_layout.linear_bias, plan->logits + line);
        plan->part[s].loss = 0;
        plan->part[s].hits = 0;
        for (int i = 0; i < n; i++) image_loss(plan, &plan->part[s], begin + i, true);
        float *dw = plan->linear_dw + (ptrdiff_t)s * PART, *ds = plan->block[TOP].ds + flat;
        linear_bwd_data(n, plan->d_logits + line, plan->linear_wt, ds);
        linear_bwd_weights(n, plan->pool4 + flat, plan->d_logits + line, dw,
                           dw + C4_FLAT * C4_LOGITS_STRIDE);
        for (int i = 0; i < n; i++)
            mask_rows(plan, TOP, begin + i, 0, 2, ds + i * C4_FLAT, 2 * C, ds + i * C4_FLAT);
    }
}

#endif
