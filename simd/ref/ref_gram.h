/* The reference's Gram slots (contract: core/op/gram.h). The two float forms give the same bits;
 * those with _fma may be called only on a CPU that has C4_CPU_AVX2_FMA. */
#ifndef C4_SIMD_REF_REF_GRAM_H
#define C4_SIMD_REF_REF_GRAM_H

#include "core/op/gram.h"

c4_gram_pack_fn c4_gram_pack_ref;
c4_gram_block_fn c4_gram_block_ref;

#if defined(__x86_64__)
c4_gram_block_fn c4_gram_block_ref_fma;
#endif

#endif
