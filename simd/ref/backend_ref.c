/* The reference's table. The double objects fill no slots: slots are contracts in float. */
#include "core/op/backend.h"
#include "simd/ref/ref_ops.h"

extern const struct c4_step_api C4_REF(c4_step);
extern const struct c4_backend C4_REF(c4_backend);

#ifdef __FMA__
#define VARIANT "plain C, FMA instructions"
#else
#define VARIANT "plain C"
#endif

const struct c4_backend C4_REF(c4_backend) = {
#ifdef C4_REF_DOUBLE
    .name = "ref64",
    .variant = VARIANT ", double",
    .is_double = true,
    .step = &C4_REF(c4_step),
#else
    .name = "ref",
    .variant = VARIANT,
    .bit_exact = true,
    .step = &C4_REF(c4_step),
#define C4_OP(slot, type) .slot = C4_REF(c4_##slot),
#include "core/op/ops.def"
#undef C4_OP
#endif
};
