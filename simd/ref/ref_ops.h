/* The reference implementation of every op slot, under this object's suffix. The contracts are in
 * core/op; `ref` includes nothing from the other backends, or the oracle would check itself. */
#ifndef C4_SIMD_REF_REF_OPS_H
#define C4_SIMD_REF_REF_OPS_H

#include "core/op/batchnorm.h"
#include "core/op/conv3x3.h"
#include "core/op/gram.h"
#include "core/op/linear.h"
#include "core/op/pool.h"
#include "core/op/stem.h"
#include "core/op/update.h"
#include "simd/ref/ref_name.h"

#define C4_OP(slot, type) type C4_REF(c4_##slot);
#include "core/op/ops.def"
#undef C4_OP

#endif
