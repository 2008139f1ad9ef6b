/* The head: logits = x w + bias on pool4, flattened NHWC (k = (2h + w) * 64 + c).
 *
 * x [n, 256]; w [256, 16] and bias [16], zero-padded; wt [10, 256]; logits, dlogits [n, 16], of
 * which 10 columns are used: the others are 0 in dlogits, and what the zero weights give in logits.
 * All 64-byte aligned. Single-threaded, cannot fail; outputs are overwritten. */
#ifndef C4_OP_LINEAR_H
#define C4_OP_LINEAR_H

#include "core/op/conv4.h"
#include "core/op/real.h"

#define C4_LOGITS_STRIDE 16

/* One fma chain over k from +0, then + bias. */
typedef void c4_linear_fwd_fn(int n, const c4_real *x, const c4_real *w, const c4_real *bias,
                              c4_real *logits);

/* dx[n, k]: one fma chain over the 10 outputs from +0. */
typedef void c4_linear_bwd_data_fn(int n, const c4_real *dlogits, const c4_real *wt, c4_real *dx);

/* dw [256, 16] and dbias [16] of one slice: chains over its images (fma; add). */
typedef void c4_linear_bwd_weights_fn(int n, const c4_real *x, const c4_real *dlogits, c4_real *dw,
                                      c4_real *dbias);

#endif
