/* The reference is one plain-C source compiled several times: the suffix tells the objects apart
 * (_ref, _ref_fma, _ref64, _ref64_fma), c4_real and c4_fma are float or double. */
#ifndef C4_SIMD_REF_REF_NAME_H
#define C4_SIMD_REF_REF_NAME_H

#include <math.h>

#include "core/op/real.h"

#define C4_REF_PASTE(name, suffix) name##suffix
#define C4_REF_EXPAND(name, suffix) C4_REF_PASTE(name, suffix)
#define C4_REF(name) C4_REF_EXPAND(name, C4_REF_SUFFIX)

#ifdef C4_REF_DOUBLE
#define c4_fma fma
#define C4_REF_C(x) (x)
#else
#define c4_fma fmaf
#define C4_REF_C(x) ((c4_real)(x))
#endif

#endif
