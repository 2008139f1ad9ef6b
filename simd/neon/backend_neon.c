#include "simd/vec/vec_neon.h"
#define C4_ISA neon

#include "simd/body/phases.h"
#include "simd/body/slots.h"

const struct c4_backend c4_backend_neon;
const struct c4_backend c4_backend_neon = {
    .name = "neon",
    .variant = "Advanced SIMD, 128 bit",
    .bit_exact = true,
    .step = &step_api,
#define C4_OP(slot, type) .slot = NAME(slot),
#define C4_OP_REF(slot, type)
#include "core/op/ops.def"
#undef C4_OP
};
