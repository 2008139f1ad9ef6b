/* A backend: its op slots, for checks and comparisons, and the step that training runs. */
#ifndef C4_OP_BACKEND_H
#define C4_OP_BACKEND_H

#include <stdbool.h>

#include "core/op/batchnorm.h"
#include "core/op/conv3x3.h"
#include "core/op/gram.h"
#include "core/op/linear.h"
#include "core/op/pool.h"
#include "core/op/stem.h"
#include "core/op/step.h"
#include "core/op/update.h"

/* Tolerance against ref for the slots of backends that are not bit-exact: the relative norm of an
 * output's error, for float sums of up to 9 * 64 * 1024 products in another order. */
#define C4_PEER_TOLERANCE 1e-5

enum c4_op_slot {
#define C4_OP(slot, type) C4_SLOT_##slot,
#include "core/op/ops.def"
#undef C4_OP
    C4_SLOT_COUNT
};

struct c4_prepared_api; /* prepared.h */

struct c4_backend {
    const char *name;               /* as --backend takes it */
    const char *variant;            /* how it runs here: "fma", "dnnl 2.6.3", ... */
    bool bit_exact;                 /* bound by ARITHMETIC.md; otherwise held to tolerances */
    bool is_double;                 /* computes in double: an oracle, selected only by its name */
    const struct c4_step_api *step; /* NULL: none of its own */
    const struct c4_prepared_api *prepared; /* NULL: its layouts are those of the slots */
#define C4_OP(slot, type) type *slot;
#include "core/op/ops.def"
#undef C4_OP
};

static inline struct c4_gram_slots c4_backend_gram(const struct c4_backend *backend) {
    return (struct c4_gram_slots){backend->gram_pack, backend->gram_block};
}

#endif
