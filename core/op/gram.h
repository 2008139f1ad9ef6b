#ifndef C4_OP_GRAM_H
#define C4_OP_GRAM_H
#include <stddef.h>
#include "core/op/real.h"
typedef void c4_gram_block_fn(const c4_real *x, const c4_real *y, size_t rows_x, size_t rows_y, size_t features, size_t stride_x, size_t stride_y, double *gram, size_t stride_gram);
#endif
