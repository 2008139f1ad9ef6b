#include "simd/vec/vec_scalar.h"
/* The build defines C4_ISA, the name of this object's table. */
#include "simd/body/phases.h"
#include "simd/body/slots.h"

#ifdef __FMA__
#define VARIANT "the native bodies in plain C, FMA instructions"
#else
#define VARIANT "the native bodies in plain C"
#endif

const struct c4_backend C4_PASTE(c4_backend, C4_ISA);
const struct c4_backend C4_PASTE(c4_backend, C4_ISA) = {
    .name = "portable",
    .variant = VARIANT,
    .bit_exact = true,
    .step = &step_api,
#define C4_OP(slot, type) .slot = NAME(slot),
#define C4_OP_REF(slot, type)
#include "core/op/ops.def"
#undef C4_OP
};
