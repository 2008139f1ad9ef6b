/* The reference's Gram blocks (contract: core/op/gram.h). The two float forms give the same bits;
 * those with _fma may be called only on a CPU that has C4_CPU_AVX2_FMA. */
#ifndef C4_SIMD_REF_REF_GRAM_H
#define C4_SIMD_REF_REF_GRAM_H

#include "core/op/gram.h"

c4_gram_block_fn c4_gram_block_ref;
void c4_gram_block_ref64(const double *x, const double *y, size_t rows_x, size_t rows_y,
                         size_t features, size_t stride_x, size_t stride_y, double *gram,
                         size_t stride_gram);

#if defined(__x86_64__)
c4_gram_block_fn c4_gram_block_ref_fma;
void c4_gram_block_ref64_fma(const double *x, const double *y, size_t rows_x, size_t rows_y,
                             size_t features, size_t stride_x, size_t stride_y, double *gram,
                             size_t stride_gram);
#endif

#endif
