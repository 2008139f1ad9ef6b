/* Gram blocks: inner products of rows, the only expensive part of CKA.
 *
 *   gram[i * stride_gram + j] = sum over f of x[i * stride_x + f] * y[j * stride_y + f]
 *
 * for i < rows_x, j < rows_y, f < features; always stored as double. Overwritten; elements of a
 * gram row beyond rows_y are left alone. Any of the three sizes may be 0 (no features: zeros are
 * stored). Strides count elements and are at least `features` (gram: rows_y). x and y may be the
 * same or overlap; gram overlaps neither. Nothing beyond the last feature of a row is read.
 * Single-threaded, cannot fail.
 *
 * Rows need only their type's alignment. They are read fastest when they begin on 64-byte
 * boundaries an odd number of cache lines apart: rows whole pages apart share a few cache sets.
 *
 * Arithmetic, version 1. The features are cut into chunks of 256, the last one shorter. Within a
 * chunk, lane l = 0..15 starts at +0 and takes the chunk's features l, l + 16, l + 32, ... in this
 * order, lane = fma(x, y, lane); a lane whose next feature lies beyond the chunk's end is left
 * as it is. The lanes are then added, lane[l] += lane[l + w] for all l < w, with w = 8, 4, 2, 1,
 * and lane[0] is the chunk's value. All of this is in c4_real, every operation rounded once. The
 * element is +0 plus the chunks' values, converted to double and added in order.
 *
 * Since fma commutes in its factors, the block of (y, x) is the transpose of the block of (x, y),
 * bit for bit. */
#ifndef C4_OP_GRAM_H
#define C4_OP_GRAM_H

#include <stddef.h>

#include "core/op/real.h"

#define C4_GRAM_LANES 16
#define C4_GRAM_CHUNK 256

typedef void c4_gram_block_fn(const c4_real *x, const c4_real *y, size_t rows_x, size_t rows_y,
                              size_t features, size_t stride_x, size_t stride_y, double *gram,
                              size_t stride_gram);

#endif
