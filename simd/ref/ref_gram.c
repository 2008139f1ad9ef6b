#include "simd/ref/ref_ops.h"
void C4_REF(c4_gram_block)(const c4_real *x, const c4_real *y, size_t rows_x, size_t rows_y, size_t features, size_t stride_x, size_t stride_y, double *gram, size_t stride_gram) {
    (void)x;(void)y;(void)rows_x;(void)rows_y;(void)features;(void)stride_x;(void)stride_y;(void)gram;(void)stride_gram;
}
