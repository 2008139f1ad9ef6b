/* The scalar mathematics of a step, in double, without FMA and without libm's exp and log, so that
 * every backend and every machine gets the same bits. Compiled once, in core; not a slot.
 * Sequences of operations: ARITHMETIC.md, "Scalar mathematics".
 */
#ifndef C4_OP_SCALAR_H
#define C4_OP_SCALAR_H

#include <stdint.h>

#include "core/op/conv4.h"
#include "core/op/stem.h"

/* exp and log to about one unit in the last place. exp: 0 below -745.2, infinity above 709.8.
 * log: x > 0 finite; 0 -> -infinity; negative or NaN -> NaN. */
double c4_exp(double x);
double c4_log(double x);

/* Softmax cross-entropy of one image: returns the loss, writes dlogits[10] = (p - [label]) / n
 * where |dlogit| < 2^-64 becomes 0, and *hit = the largest logit (first on ties) is the label.
 * dlogits may be NULL. */
double c4_softmax_xent(const double logits[C4_CLASSES], int label, int n,
                       double dlogits[C4_CLASSES], int *hit);

struct c4_bn_channel {
    double mean, var, inv_std; /* var is biased; inv_std = 1 / sqrt(var + epsilon) */
    double scale, shift;       /* BN(y) = scale * y + shift */
};

/* From sums over `count` values; var = max(0, sum_sq / count - mean^2). */
struct c4_bn_channel c4_bn_from_sums(double sum, double sum_sq, double count, double gamma,
                                     double beta);
/* From a known mean and variance. */
struct c4_bn_channel c4_bn_from_patch_sums(double mean, double var, double gamma, double beta);

/* dy = c0 * ds + c1 + c2 * y, and the parameters' gradients. */
struct c4_bn_gradient {
    double dgamma, dbeta;
    double c0, c1, c2;
};

/* sum_ds, sum_ds_y: sums of ds and ds * y over the pooled positions; count: values normalised. */
struct c4_bn_gradient c4_bn_backward(const struct c4_bn_channel *bn, double gamma, double sum_ds,
                                     double sum_ds_y, double count);

/* (1 - 0.1) * running + 0.1 * batch. */
double c4_bn_running(double running, double batch);

/* Mean and biased variance of conv1's output over `pixels` positions, from patch sums
 * (stem.h): with mu = first / (255 pixels), C = second / (255^2 pixels) - mu mu',
 * mean[c] = w[:,c].mu, var[c] = max(0, w[:,c]' C w[:,c]). w [27, 64]. */
void c4_stem_statistics(const int64_t *first, const int64_t *second, double pixels, const double *w,
                        double *mean, double *var);

/* dw[k, c] = (c0[c] * r[k, c] + c1[c] * first[k] / 255) + c2[c] * sum_l second[k, l] / 255^2 * w[l,
 * c]: conv1's weight gradient from the selected pixels alone (stem.h). dw, r, w [27, 64]; rows
 * [from, to) of r are read, and those of dw written. */
void c4_stem_weight_grad(const int64_t *first, const int64_t *second, const double *w,
                         const double *r, const struct c4_bn_gradient bn[C4_CHANNELS], int from,
                         int to, double *dw);

#endif
