/* 2x2 max pooling, stride 2, as a selection before batch norm.
 *
 * Batch norm is monotone per channel, so pooling its output selects the largest raw value where
 * gamma >= 0 and the smallest where gamma < 0. The raw value is kept: BN is applied only to
 * the selected quarter of the pixels, and its backward pass needs the raw value.
 *
 *   selected[n,i,j,c] = y[n, 2i + arg/2, 2j + arg%2, c]
 *
 * y [n, h, w, 64], h and w even; selected [n, h/2, w/2, 64] and arg (uint8, 0..3) are overwritten.
 * A later pixel wins only if strictly larger (smaller): ties go to the smallest arg, and a NaN
 * stays only if it comes first. All four arrays start 64-byte aligned.
 * Single-threaded, cannot fail. */
#ifndef C4_OP_POOL_H
#define C4_OP_POOL_H

#include <stdint.h>

#include "core/op/real.h"

typedef void c4_pool_select_fn(int n, int h, int w, const c4_real *y, const c4_real *gamma,
                               c4_real *selected, uint8_t *arg);

#endif
