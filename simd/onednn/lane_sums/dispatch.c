#include "simd/cpu.h"
#include "simd/onednn/lane_sums/lane_sums.h"

c4_lane_sums_fn *c4_dispatch_lane_sums(void) {
#if defined(__x86_64__)
    if (c4_cpu_features() & C4_CPU_AVX2_FMA) return c4_lane_sums_avx2;
#endif
    return c4_lane_sums_plain;
}
