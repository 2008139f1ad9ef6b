/* Batch normalisation around ReLU and max pooling, split into the parts that a training step needs.
 *
 * Coefficients are computed in double by scalar.h and rounded once to c4_real. All maps are
 * [n, h, w, 64] NHWC, 64-byte aligned, and do not overlap unless stated. n, h, w >= 1.
 * Calls are single-threaded and cannot fail.
 */
#ifndef C4_OP_BATCHNORM_H
#define C4_OP_BATCHNORM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/op/real.h"

/* sum_a[c] = sum of a, sum_ab[c] = sum of a * b over one slice of n images; both overwritten.
 * a and b may be the same. Order: each 4x4 tile (clipped at the border) by a fixed tree, tiles in
 * raster order, images in order, in double (ARITHMETIC.md, "Channel sums"). */
typedef void c4_channel_sums_fn(int n, int h, int w, const c4_real *a, const c4_real *b,
                                double *sum_a, double *sum_ab);

/* r = relu(y + bias[c]), relu(v) = 0 > v ? 0 : v. In place allowed. relu-bn only. */
typedef void c4_bias_relu_fn(int64_t pixels, const c4_real *y, const c4_real *bias, c4_real *r);

/* p = scale[c] * selected + shift[c], one fma; then relu(p) if `relu`. */
typedef void c4_bn_apply_fn(int64_t pixels, bool relu, const c4_real *selected,
                            const c4_real *scale, const c4_real *shift, c4_real *p);

/* ds = p > 0 ? dp : 0: the gradient through the ReLU of bn-relu. In place allowed. */
typedef void c4_relu_mask_fn(int64_t pixels, const c4_real *p, const c4_real *dp, c4_real *ds);

/* The gradient of batch norm and pooling, expanded to the size of y [n, h, w, 64], h and w even:
 *   t  = fma(c2[c], y, c1[c])
 *   dy = the pixel is its window's winner (arg) ? fma(c0[c], ds[n, i/2, j/2, c], t) : t
 *   if `relu`: dy = y > 0 ? dy : 0 (relu-bn: y is the ReLU's output)
 * dy is overwritten. */
typedef void c4_bn_rebuild_fn(int n, int h, int w, bool relu, const c4_real *y, const c4_real *ds,
                              const uint8_t *arg, const c4_real *c0, const c4_real *c1,
                              const c4_real *c2, c4_real *dy);

#endif
