#include "simd/vec/vec_avx512.h"
#define C4_ISA avx512

#include "simd/body/phases.h"
#include "simd/body/slots.h"

const struct c4_backend c4_backend_avx512;
const struct c4_backend c4_backend_avx512 = {
    .name = "avx512",
    .variant = "AVX-512, 512 bit",
    .bit_exact = true,
    .step = &step_api,
#define C4_OP(slot, type) .slot = NAME(slot),
#include "core/op/ops.def"
#undef C4_OP
};
