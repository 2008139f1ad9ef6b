/* Gram blocks of double features, which have no backend slot: the contract of core/op/gram.h in
 * double and without fma (a product is rounded, then added), so that every CPU is fast and gives
 * the same bits. */
#ifndef C4_SIMILARITY_GRAM_DOUBLE_H
#define C4_SIMILARITY_GRAM_DOUBLE_H

#include <stddef.h>

void c4_gram_block_double(const double *x, const double *y, size_t rows_x, size_t rows_y,
                          size_t features, size_t stride_x, size_t stride_y, double *gram,
                          size_t stride_gram);

#endif
