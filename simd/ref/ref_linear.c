/* The linear head. */
#include <string.h>

#include "simd/ref/ref_ops.h"

enum { K = C4_FLAT, O = C4_LOGITS_STRIDE };

void C4_REF(c4_linear_fwd)(int n, const c4_real *x, const c4_real *w, const c4_real *bias,
                           c4_real *logits) {
    for (int image = 0; image < n; image++) {
        c4_real acc[O] = {0};
        for (int k = 0; k < K; k++)
            for (int o = 0; o < O; o++)
                acc[o] = c4_fma(x[(int64_t)image * K + k], w[k * O + o], acc[o]);
        for (int o = 0; o < O; o++) logits[(int64_t)image * O + o] = acc[o] + bias[o];
    }
}

void C4_REF(c4_linear_bwd_data)(int n, const c4_real *dlogits, const c4_real *wt, c4_real *dx) {
    for (int image = 0; image < n; image++) {
        c4_real acc[K] = {0};
        for (int o = 0; o < C4_CLASSES; o++)
            for (int k = 0; k < K; k++)
                acc[k] = c4_fma(dlogits[(int64_t)image * O + o], wt[o * K + k], acc[k]);
        memcpy(dx + (int64_t)image * K, acc, sizeof acc);
    }
}

void C4_REF(c4_linear_bwd_weights)(int n, const c4_real *x, const c4_real *dlogits,
                                   c4_real *restrict dw, c4_real *restrict dbias) {
    memset(dw, 0, (size_t)K * O * sizeof *dw);
    memset(dbias, 0, O * sizeof *dbias);
    for (int image = 0; image < n; image++) {
        const c4_real *d = dlogits + (int64_t)image * O;
        for (int k = 0; k < K; k++)
            for (int o = 0; o < O; o++)
                dw[k * O + o] = c4_fma(x[(int64_t)image * K + k], d[o], dw[k * O + o]);
        for (int o = 0; o < O; o++) dbias[o] += d[o];
    }
}
