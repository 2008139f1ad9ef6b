/* The linear layer: logits and gradients. Too small for its speed to matter. */
#ifndef C4_SIMD_BODY_LINEAR_H
#define C4_SIMD_BODY_LINEAR_H

#include "core/op/linear.h"
#include "simd/body/body.h"

enum { LOGIT_VECS = C4_LOGITS_STRIDE / VF_LANES, LINEAR_ROWS = 4 };

/* Chains of a[r * a_row + k * a_step] b[k][16] over k. */
INLINE void linear_chain(int rows, int count, const float *a, ptrdiff_t a_row, ptrdiff_t a_step,
                         const float *b, vf acc[LINEAR_ROWS][LOGIT_VECS]) {
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < LOGIT_VECS; v++) acc[r][v] =
        vf_zero();
    for (int k = 0; k < count; k++) {
        vf bv[LOGIT_VECS];
        UNROLL for (int v = 0; v < LOGIT_VECS; v++) bv[v] =
            vf_load(b + k * C4_LOGITS_STRIDE + v * VF_LANES);
        UNROLL for (int r = 0; r < rows; r++) {
            vf ar = vf_set1(a[r * a_row + k * a_step]);
            UNROLL for (int v = 0; v < LOGIT_VECS; v++) acc[r][v] = vf_fma(ar, bv[v], acc[r][v]);
        }
    }
}

INLINE void linear_logits(int rows, const float *x, const float *w, const float *bias,
                          float *logits) {
    vf acc[LINEAR_ROWS][LOGIT_VECS];
    linear_chain(rows, C4_FLAT, x, C4_FLAT, 1, w, acc);
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < LOGIT_VECS; v++)
        vf_store(logits + r * C4_LOGITS_STRIDE + v * VF_LANES,
                 vf_add(acc[r][v], vf_load(bias + v * VF_LANES)));
}

static void linear_fwd(int n, const float *x, const float *w, const float *bias, float *logits) {
    int i = 0;
    for (; i + LINEAR_ROWS <= n; i += LINEAR_ROWS)
        linear_logits(LINEAR_ROWS, x + i * C4_FLAT, w, bias, logits + i * C4_LOGITS_STRIDE);
    for (; i < n; i++) linear_logits(1, x + i * C4_FLAT, w, bias, logits + i * C4_LOGITS_STRIDE);
}

static void linear_bwd_data(int n, const float *dlogits, const float *wt, float *dx) {
    for (int i = 0; i < n; i++)
        for (int k = 0; k < C4_FLAT; k += VF_LANES) {
            vf acc = vf_zero();
            for (int o = 0; o < C4_CLASSES; o++)
                acc = vf_fma(vf_set1(dlogits[i * C4_LOGITS_STRIDE + o]),
                             vf_load(wt + o * C4_FLAT + k), acc);
            vf_store(dx + i * C4_FLAT + k, acc);
        }
}

static void linear_bwd_weights(int n, const float *x, const float *dlogits, float *dw,
                               float *dbias) {
    for (int k = 0; k < C4_FLAT; k += LINEAR_ROWS) {
        vf acc[LINEAR_ROWS][LOGIT_VECS];
        linear_chain(LINEAR_ROWS, n, x + k, 1, C4_FLAT, dlogits, acc);
        UNROLL for (int r = 0; r < LINEAR_ROWS; r++) UNROLL for (int v = 0; v < LOGIT_VECS; v++)
            vf_store(dw + (k + r) * C4_LOGITS_STRIDE + v * VF_LANES, acc[r][v]);
    }
    UNROLL for (int v = 0; v < LOGIT_VECS; v++) {
        vf sum = vf_zero();
        for (int i = 0; i < n; i++)
            sum = vf_add(sum, vf_load(dlogits + i * C4_LOGITS_STRIDE + v * VF_LANES));
        vf_store(dbias + v * VF_LANES, sum);
    }
}

#endif
