/* 3x3 convolution, stride 1, zero padding 1, to 64 channels.
 *
 *   y[n,i,j,co] = sum over taps r,s in 0..2 and ci of x[n, i+r-1, j+s-1, ci] * w[3r+s, ci, co]
 *
 * x   [n, h, w, ci]  NHWC        y, dy  [n, h, w, 64]  NHWC
 * w   [9, ci, 64]    tap-major   wt     [9, 64, ci]    the same weights, output channel before
 * input ci is 3 (stem) or 64. All buffers start 64-byte aligned and do not overlap. Nothing outside
 * the tensors is read or written. n >= 1; direct: h, w >= 1; Winograd: h and w multiples of 4, ci
 * = 64. Calls are single-threaded; the caller splits the images. They cannot fail; a backend whose
 * library fails fills its output with NaN. No bias: see batchnorm.h.
 *
 * Order of every sum and the Winograd transforms: ARITHMETIC.md, "Convolution".
 */
#ifndef C4_OP_CONV3X3_H
#define C4_OP_CONV3X3_H

#include "core/op/conv4.h"
#include "core/op/real.h"

struct c4_conv_shape {
    int n, h, w, ci;
};

/* y is overwritten. */
typedef void c4_conv_fwd_direct_fn(const struct c4_conv_shape *shape, const c4_real *x,
                                   const c4_real *w, c4_real *y);

/* dx[n,i,j,ci] = sum over taps and co of dy[n, i+1-r, j+1-s, co] * w[3r+s, ci, co]; overwritten. */
typedef void c4_conv_bwd_data_direct_fn(const struct c4_conv_shape *shape, const c4_real *dy,
                                        const c4_real *wt, c4_real *dx);

/* dw [9, ci, 64] of the given images, which are one slice; overwritten. */
typedef void c4_conv_bwd_weights_direct_fn(const struct c4_conv_shape *shape, const c4_real *x,
                                           const c4_real *dy, c4_real *dw);

/* F(4x4,3x3). Positions are p = 6*i + j of the 6x6 transformed tile. */
#define C4_WINOGRAD_POSITIONS 36

/* Elements of the Winograd slots' scratch, 64-byte aligned, of any content. Groups of transformed
 * tiles are too large for a thread's stack, which OMP_STACKSIZE may make small. */
#define C4_WINOGRAD_SCRATCH 81920

/* u[36, 64, 64] = G w Gt for each pair of channels, axes as in w (or as in wt: then ut). */
typedef void c4_winograd_weights_fn(const c4_real *w, c4_real *u);

typedef void c4_conv_fwd_winograd_fn(const struct c4_conv_shape *shape, const c4_real *x,
                                     const c4_real *u /* [36, ci, co] */, c4_real *y,
                                     c4_real *scratch);

typedef void c4_conv_bwd_data_winograd_fn(const struct c4_conv_shape *shape, const c4_real *dy,
                                          const c4_real *ut /* [36, co, ci] */, c4_real *dx,
                                          c4_real *scratch);

/* du [36, 64, 64] is scratch and is overwritten too. */
typedef void c4_conv_bwd_weights_winograd_fn(const struct c4_conv_shape *shape, const c4_real *x,
                                             const c4_real *dy, c4_real *du, c4_real *dw,
                                             c4_real *scratch);

#endif
