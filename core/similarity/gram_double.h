/* Inner products of double rows, which have no backend slot:
 *   gram[i * stride_gram + j] = sum over f of x[i * stride_x + f] * y[j * stride_y + f]
 * for i < rows_x, j < rows_y, f < features; overwritten. Any size may be 0. The features are cut
 * into chunks of 256, the last one shorter. Within a chunk, lane l = 0..15 starts at +0 and adds
 * the products of features l, l + 16, ... in order, each product rounded, without fma, so that
 * every CPU is fast and gives the same bits. Lanes are added + 8, + 4, + 2, + 1. An element is +0
 * plus the chunks' values in order. */
#ifndef C4_SIMILARITY_GRAM_DOUBLE_H
#define C4_SIMILARITY_GRAM_DOUBLE_H

#include <stddef.h>

void c4_gram_block_double(const double *x, const double *y, size_t rows_x, size_t rows_y,
                          size_t features, size_t stride_x, size_t stride_y, double *gram,
                          size_t stride_gram);

#endif
