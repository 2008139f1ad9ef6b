#include "simd/vec/vec_scalar.h"
#define C4_ISA portable

#include "simd/body/phases.h"
#include "simd/body/slots.h"

const struct c4_backend c4_backend_portable;
const struct c4_backend c4_backend_portable = {
    .name = "portable",
    .variant = "the native bodies in plain C",
    .bit_exact = true,
    .step = &step_api,
#define C4_OP(slot, type) .slot = NAME(slot),
#include "core/op/ops.def"
#undef C4_OP
};
