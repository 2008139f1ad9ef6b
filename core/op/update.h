/* SGD with momentum as PyTorch does it, element by element:
 *
 *   v = fma(momentum, v, g);  v = |v| < 2^-100 ? 0 : v;  w = fma(-lr, v, w)
 *
 * The rule for small velocities prevents lasting denormals. v and w are read and overwritten, g is
 * read. No alignment beyond the type's. Cannot fail. */
#ifndef C4_OP_UPDATE_H
#define C4_OP_UPDATE_H

#include <stdint.h>

#include "core/op/real.h"

typedef void c4_sgd_update_fn(int64_t count, c4_real lr, c4_real momentum, const c4_real *g,
                              c4_real *v, c4_real *w);

#endif
