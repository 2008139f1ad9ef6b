#include "simd/vec/vec_avx512.h"

/* Compiled twice: the micro-kernels broadcast their factors to a register, or take them as memory
 * operands. */
#ifdef C4_MEMORY_BROADCAST
#define C4_ISA avx512m
#else
#define C4_ISA avx512
#endif

#include "simd/body/phases.h"
#include "simd/body/slots.h"

#define TABLE C4_PASTE(c4_backend, C4_ISA)
#define TEXT(x) TEXT_OF(x)
#define TEXT_OF(x) #x

const struct c4_backend TABLE;
const struct c4_backend TABLE = {
    .name = TEXT(C4_ISA),
#ifdef C4_MEMORY_BROADCAST
    .variant = "AVX-512, 512 bit, broadcast from memory",
#else
    .variant = "AVX-512, 512 bit",
#endif
    .bit_exact = true,
    .step = &step_api,
#define C4_OP(slot, type) .slot = NAME(slot),
#define C4_OP_REF(slot, type)
#include "core/op/ops.def"
#undef C4_OP
};
