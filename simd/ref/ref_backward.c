/* Backward pass, op by op over the slices of the batch. */
#include <string.h>

#include "simd/ref/ref_plan.h"

enum { C = C4_CHANNELS };

/* out = the slices' parts added from the left; `part` is an expression in s. */
#define SUM_SLICES(plan, type, out, part)                                                          \
    do {                                                                                           \
        int s = 0;                                                                                 \
        type total_ = (part);                                                                      \
        for (s = 1; s < c4_slice_count((plan)->n); s++) total_ += (part);                          \
        (out) = total_;                                                                            \
    } while (0)

static void linear_backward(struct c4_plan *plan) {
    const struct ref_block *top = &plan->block[C4_BLOCKS - 1];
    FOR_EACH_SLICE(plan, s) {
        struct ref_range r = ref_slice_range(plan, s);
        const c4_real *d = plan->d_logits + (int64_t)r.begin * C4_LOGITS_STRIDE;
        int64_t at = (int64_t)r.begin * C4_FLAT;
        C4_REF(c4_linear_bwd_data)(r.n, d, plan->linear_wt, top->d_pool + at);
        C4_REF(c4_linear_bwd_weights)
        (r.n, top->pool + at, d, plan->slice[s].dw, plan->slice[s].dw + C4_FLAT * C4_LOGITS_STRIDE);
    }
    c4_real *dw = plan->grad + c4_params[C4_PARAM_LINEAR_WEIGHT].offset;
    c4_real *dbias = plan->grad + c4_params[C4_PARAM_LINEAR_BIAS].offset;
    for (int o = 0; o < C4_CLASSES; o++) {
        for (int position = 0; position < 4; position++)
            for (int c = 0; c < C; c++)
                SUM_SLICES(plan, c4_real, dw[o * C4_FLAT + c * 4 + position],
                           plan->slice[s].dw[(position * C + c) * C4_LOGITS_STRIDE + o]);
        SUM_SLICES(plan, c4_real, dbias[o], plan->slice[s].dw[C4_FLAT * C4_LOGITS_STRIDE + o]);
    }
}

/* Passes the gradient in d_pool back through pooling and ReLU in place, and sums what batch norm
 * needs. */
static void pool_gradient(struct c4_plan *plan, int b, struct c4_bn_gradient bn[C]) {
    struct ref_block *block = &plan->block[b];
    int half = block->side / 2;
    FOR_EACH_SLICE(plan, s) {
        struct ref_range r = ref_slice_range(plan, s);
        int64_t pixels = (int64_t)r.n * half * half, at = (int64_t)r.begin * half * half * C;
        c4_real *ds = block->d_pool + at;
        if (plan->config.order == C4_BN_RELU)
            C4_REF(c4_relu_mask)(pixels, block->pool + at, ds, ds);
        C4_REF(c4_channel_sums)
        (r.n, half, half, ds, block->selected + at, plan->slice[s].sum_a, plan->slice[s].sum_b);
    }
    double count = (double)plan->n * block->side * block->side;
    c4_real *dgamma = plan->grad + c4_block_param(b, C4_PARAM_GAMMA)->offset;
    c4_real *dbeta = plan->grad + c4_block_param(b, C4_PARAM_BETA)->offset;
    for (int c = 0; c < C; c++) {
        double sum_ds, sum_ds_y;
        SUM_SLICES(plan, double, sum_ds, plan->slice[s].sum_a[c]);
        SUM_SLICES(plan, double, sum_ds_y, plan->slice[s].sum_b[c]);
        bn[c] = c4_bn_backward(&block->bn[c], (double)block->gamma[c], sum_ds, sum_ds_y, count);
        dgamma[c] = (c4_real)bn[c].dgamma;
        dbeta[c] = (c4_real)bn[c].dbeta;
    }
}

/* Slice sums of dw [9, ci, 64] -> the canonical [64, ci, 3, 3]. */
static void store_weight_gradient(struct c4_plan *plan, int b) {
    int inputs = plan->block[b].inputs;
    c4_real *grad = plan->grad + c4_block_param(b, C4_PARAM_WEIGHT)->offset;
    for (int co = 0; co < C; co++)
        for (int ci = 0; ci < inputs; ci++)
            for (int tap = 0; tap < 9; tap++)
                SUM_SLICES(plan, c4_real, grad[(co * inputs + ci) * 9 + tap],
                           plan->slice[s].dw[(tap * inputs + ci) * C + co]);
}

/* conv1 of bn-relu: the dense gradient follows from the selected pixels and the patch sums. */
static void stem_backward(struct c4_plan *plan, const struct c4_bn_gradient bn[C]) {
    struct ref_block *block = &plan->block[0];
    FOR_EACH_SLICE(plan, s) {
        struct ref_range r = ref_slice_range(plan, s);
        int64_t at = (int64_t)r.begin * (block->side / 2) * (block->side / 2) * C;
        C4_REF(c4_stem_select_grad)
        (r.n, plan->x + (int64_t)r.begin * C4_IMAGE_BYTES, block->d_pool + at, block->arg + at,
         plan->slice[s].dw, plan->slice[s].scratch);
    }
    double *w = plan->stem_w, *r = plan->stem_r, *dw = plan->stem_dw;
    for (int i = 0; i < C4_PATCH * C; i++) {
        c4_real sum;
        SUM_SLICES(plan, c4_real, sum, plan->slice[s].dw[i]);
        r[i] = (double)sum;
        w[i] = (double)block->w[i];
    }
    c4_stem_weight_grad(plan->first, plan->second, w, r, bn, 0, C4_PATCH, dw);
    c4_real *grad = plan->grad + c4_block_param(0, C4_PARAM_WEIGHT)->offset;
    for (int co = 0; co < C; co++)
        for (int ci = 0; ci < C4_IMAGE_CHANNELS; ci++)
            for (int tap = 0; tap < 9; tap++)
                grad[(co * C4_IMAGE_CHANNELS + ci) * 9 + tap] =
                    (c4_real)dw[(tap * C4_IMAGE_CHANNELS + ci) * C + co];
}

static void block_backward(struct c4_plan *plan, int b, const struct c4_bn_gradient bn[C]) {
    struct ref_block *block = &plan->block[b];
    bool relu = plan->config.order == C4_RELU_BN;
    c4_real c0[C], c1[C], c2[C];
    for (int c = 0; c < C; c++) {
        c0[c] = (c4_real)bn[c].c0;
        c1[c] = (c4_real)bn[c].c1;
        c2[c] = (c4_real)bn[c].c2;
    }
    int64_t plane = (int64_t)block->side * block->side;
    FOR_EACH_SLICE(plan, s) {
        struct ref_range r = ref_slice_range(plan, s);
        struct ref_slice *slice = &plan->slice[s];
        const struct c4_conv_shape shape = {r.n, block->side, block->side, block->inputs};
        int64_t at = r.begin * plane * C, pooled = r.begin * (plane / 4) * C;
        const c4_real *in =
            (b == 0 ? plan->x : plan->block[b - 1].pool) + r.begin * plane * block->inputs;
        c4_real *dy = plan->dy + at, *room = slice->scratch;
        C4_REF(c4_bn_rebuild)
        (r.n, block->side, block->side, relu, block->y + at, block->d_pool + pooled,
         block->arg + pooled, c0, c1, c2, dy);
        if (relu) C4_REF(c4_channel_sums)
        (r.n, block->side, block->side, dy, dy, slice->bias, slice->sum_b);
        if (block->u)
            C4_REF(c4_conv_bwd_weights_winograd)(&shape, in, dy, slice->du, slice->dw, room);
        else
            C4_REF(c4_conv_bwd_weights_direct)(&shape, in, dy, slice->dw);
        if (b == 0) continue;
        c4_real *dx = plan->block[b - 1].d_pool + at;
        if (block->u)
            C4_REF(c4_conv_bwd_data_winograd)(&shape, dy, block->ut, dx, room);
        else
            C4_REF(c4_conv_bwd_data_direct)(&shape, dy, block->wt, dx);
    }
    store_weight_gradient(plan, b);
    c4_real *dbias = plan->grad + c4_block_param(b, C4_PARAM_BIAS)->offset;
    for (int c = 0; relu && c < C; c++) {
        double sum;
        SUM_SLICES(plan, double, sum, plan->slice[s].bias[c]);
        dbias[c] = (c4_real)sum;
    }
}

void C4_REF(c4_ref_backward)(struct c4_plan *plan) {
    memset(plan->grad, 0,
           C4_LEARNED_COUNT * sizeof *plan->grad); /* bn-relu: bias gradients are 0 */
    linear_backward(plan);
    for (int b = C4_BLOCKS - 1; b >= 0; b--) {
        struct c4_bn_gradient bn[C];
        pool_gradient(plan, b, bn);
        if (b == 0 && plan->config.order == C4_BN_RELU)
            stem_backward(plan, bn);
        else
            block_backward(plan, b, bn);
    }
}
