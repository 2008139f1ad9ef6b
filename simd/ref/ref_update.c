/* SGD with momentum. */
#include "simd/ref/ref_ops.h"

void C4_REF(c4_sgd_update)(int64_t count, c4_real lr, c4_real momentum, const c4_real *g,
                           c4_real *v, c4_real *w) {
    const c4_real tiny = C4_REF_C(0x1p-100);
    for (int64_t i = 0; i < count; i++) {
        c4_real velocity = c4_fma(momentum, v[i], g[i]);
        c4_real size = 0 > velocity ? -velocity : velocity;
        velocity = tiny > size ? 0 : velocity;
        v[i] = velocity;
        w[i] = c4_fma(-lr, velocity, w[i]);
    }
}
