#include "core/op/scalar.h"

#include <math.h>
#include <string.h>

static const double ln2_high = 0x1.62e42fee00000p-1; /* 32 bits: k * ln2_high is exact */
static const double ln2_low = 0x1.a39ef35793c76p-33;

/* 2^k for -1022 <= k <= 1023. */
static double power_of_two(int k) {
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double c4_exp(double x) {
    if (!(x == x)) return x;
    if (x > 709.79) return HUGE_VAL;
    if (x < -745.2) return 0.0;
    int k = (int)(x * 0x1.71547652b82fep+0 + (x < 0 ? -0.5 : 0.5));
    double r = (x - k * ln2_high) - k * ln2_low;
    /* Taylor's series to r^13: |r| < 0.35, so the remainder is below 2^-57. */
    static const double inverse_factorial[] = {1.0 / 6227020800,
                                               1.0 / 479001600,
                                               1.0 / 39916800,
                                               1.0 / 3628800,
                                               1.0 / 362880,
                                               1.0 / 40320,
                                               1.0 / 5040,
                                               1.0 / 720,
                                               1.0 / 120,
                                               1.0 / 24,
                                               1.0 / 6,
                                               0.5,
                                               1.0,
                                               1.0};
    double p = inverse_factorial[0];
    for (int i = 1; i < 14; i++) p = p * r + inverse_factorial[i];
    int half = k / 2; /* in two steps, so that subnormal results round once */
    return p * power_of_two(half) * power_of_two(k - half);
}

double c4_log(double x) {
    if (!(x >= 0)) return NAN;
    if (x == 0) return -HUGE_VAL;
    if (x == HUGE_VAL) return x;
    int e = 0;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        e = -54;
    }
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    e += (int)(bits >> 52) - 1023;
    bits = (bits & 0xfffffffffffffu) | (uint64_t)1023 << 52;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 0x1.6a09e667f3bcdp+0) {
        m *= 0.5;
        e += 1;
    }
    /* log m = 2 atanh(s), s = (m - 1) / (m + 1), |s| < 0.172: s^2 to the 11th is below 2^-55. */
    double s = (m - 1.0) / (m + 1.0), s2 = s * s, p = 0.0;
    for (int i = 23; i >= 3; i -= 2) p = p * s2 + 1.0 / i;
    p = s + s * (s2 * p);
    return e * ln2_high + (2.0 * p + e * ln2_low);
}

double c4_softmax_xent(const double logits[C4_CLASSES], int label, int n,
                       double dlogits[C4_CLASSES], int *hit) {
    int best = 0;
    for (int o = 1; o < C4_CLASSES; o++)
        if (logits[o] > logits[best]) best = o;
    double e[C4_CLASSES], sum = 0.0;
    for (int o = 0; o < C4_CLASSES; o++) {
        e[o] = c4_exp(logits[o] - logits[best]);
        sum += e[o];
    }
    *hit = best == label;
    for (int o = 0; dlogits && o < C4_CLASSES; o++) {
        double d = (e[o] / sum - (o == label ? 1.0 : 0.0)) / n;
        dlogits[o] = fabs(d) < 0x1p-64 ? 0.0 : d;
    }
    return c4_log(sum) - (logits[label] - logits[best]);
}

struct c4_bn_channel c4_bn_from_patch_sums(double mean, double var, double gamma, double beta) {
    struct c4_bn_channel bn = {.mean = mean, .var = var};
    bn.inv_std = 1.0 / sqrt(var + C4_BN_EPSILON);
    bn.scale = gamma * bn.inv_std;
    bn.shift = beta - mean * bn.scale;
    return bn;
}

struct c4_bn_channel c4_bn_from_sums(double sum, double sum_sq, double count, double gamma,
                                     double beta) {
    double mean = sum / count, var = sum_sq / count - mean * mean;
    return c4_bn_from_patch_sums(mean, 0.0 > var ? 0.0 : var, gamma, beta);
}

struct c4_bn_gradient c4_bn_backward(const struct c4_bn_channel *bn, double gamma, double sum_ds,
                                     double sum_ds_y, double count) {
    struct c4_bn_gradient g;
    g.dbeta = sum_ds;
    g.dgamma = (sum_ds_y - bn->mean * sum_ds) * bn->inv_std;
    g.c0 = gamma * bn->inv_std;
    g.c2 = -(g.c0 * (g.dgamma / count)) * bn->inv_std;
    g.c1 = -(g.c0 * (g.dbeta / count)) - g.c2 * bn->mean;
    return g;
}

double c4_bn_running(double running, double batch) {
    return (1.0 - C4_BN_MOMENTUM) * running + C4_BN_MOMENTUM * batch;
}

void c4_stem_statistics(const int64_t *first, const int64_t *second, double pixels, const double *w,
                        double *mean, double *var) {
    double mu[C4_PATCH], covariance[C4_PATCH][C4_PATCH];
    for (int k = 0; k < C4_PATCH; k++) mu[k] = (double)first[k] / (255.0 * pixels);
    for (int k = 0; k < C4_PATCH; k++)
        for (int l = 0; l < C4_PATCH; l++)
            covariance[k][l] =
                (double)second[k * C4_PATCH + l] / (65025.0 * pixels) - mu[k] * mu[l];
    /* Channels innermost: each keeps its order of additions, and many are computed at once. */
    for (int c = 0; c < C4_CHANNELS; c++) mean[c] = var[c] = 0.0;
    for (int k = 0; k < C4_PATCH; k++) {
        double t[C4_CHANNELS] = {0};
        for (int l = 0; l < C4_PATCH; l++)
            for (int c = 0; c < C4_CHANNELS; c++) t[c] += covariance[k][l] * w[l * C4_CHANNELS + c];
        for (int c = 0; c < C4_CHANNELS; c++) {
            mean[c] += w[k * C4_CHANNELS + c] * mu[k];
            var[c] += w[k * C4_CHANNELS + c] * t[c];
        }
    }
    for (int c = 0; c < C4_CHANNELS; c++) var[c] = 0.0 > var[c] ? 0.0 : var[c];
}

void c4_stem_weight_grad(const int64_t *first, const int64_t *second, const double *w,
                         const double *r, const struct c4_bn_gradient bn[C4_CHANNELS], int from,
                         int to, double *dw) {
    for (int k = from; k < to; k++) {
        double sum = (double)first[k] / 255.0, t[C4_CHANNELS] = {0};
        for (int l = 0; l < C4_PATCH; l++) {
            double product = (double)second[k * C4_PATCH + l] / 65025.0;
            for (int c = 0; c < C4_CHANNELS; c++) t[c] += product * w[l * C4_CHANNELS + c];
        }
        for (int c = 0; c < C4_CHANNELS; c++)
            dw[k * C4_CHANNELS + c] =
                (bn[c].c0 * r[k * C4_CHANNELS + c] + bn[c].c1 * sum) + bn[c].c2 * t[c];
    }
}
