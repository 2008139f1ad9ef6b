#include "simd/vec/vec_avx2.h"
#define C4_ISA avx2

#include "simd/body/phases.h"
#include "simd/body/slots.h"

const struct c4_backend c4_backend_avx2;
const struct c4_backend c4_backend_avx2 = {
    .name = "avx2",
    .variant = "AVX2 and FMA, 256 bit",
    .bit_exact = true,
    .step = &step_api,
#define C4_OP(slot, type) .slot = NAME(slot),
#define C4_OP_REF(slot, type)
#include "core/op/ops.def"
#undef C4_OP
};
