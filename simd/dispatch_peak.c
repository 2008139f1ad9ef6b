#include "simd/dispatch.h"

#include "simd/cpu.h"
#include "simd/peak/peak.h"

#define FLOPS(lanes, chains) (2.0 * (lanes) * (chains)*C4_PEAK_UNROLL)

static const struct {
    struct c4_peak_loop loop;
    uint32_t features;
} loops[] = {
#if defined(__x86_64__)
    {{"avx512", 16, true, FLOPS(16, 24), c4_peak_avx512, c4_stream_avx512}, C4_CPU_AVX512},
    {{"avx2", 8, true, FLOPS(8, 12), c4_peak_avx2, c4_stream_avx2}, C4_CPU_AVX2_FMA},
    {{"plain", 4, false, FLOPS(4, 10), c4_peak_plain, c4_stream_plain}, 0},
#elif defined(__aarch64__)
    {{"neon", 4, true, FLOPS(4, 24), c4_peak_neon, c4_stream_neon},
     0}, /* every AArch64 CPU has it */
#else
    {{"plain", 4, false, FLOPS(4, 10), c4_peak_plain, c4_stream_plain}, 0},
#endif
};

const struct c4_peak_loop *c4_dispatch_peak(int i) {
    uint32_t features = c4_cpu_features();
    for (size_t k = 0; k < sizeof loops / sizeof *loops; k++)
        if ((loops[k].features & ~features) == 0 && i-- == 0) return &loops[k].loop;
    return NULL;
}
