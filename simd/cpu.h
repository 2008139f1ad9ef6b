/* What this CPU and its operating system can execute. */
#ifndef C4_SIMD_CPU_H
#define C4_SIMD_CPU_H

#include <stddef.h>
#include <stdint.h>

enum c4_cpu_feature {
    C4_CPU_AVX2_FMA = 1u << 0, /* AVX2 and FMA, YMM state saved by the OS */
    C4_CPU_AVX512 = 1u << 1,   /* AVX-512 F, DQ, BW and VL, ZMM and mask state saved by the OS */
    C4_CPU_NEON = 1u << 2      /* AArch64 Advanced SIMD */
};

/* Feature bits, read from CPUID and XGETBV (x86-64) or HWCAP (AArch64) at every call. The
 * environment variable C4_CPU_MASK (a number, 0x accepted) can only clear bits. */
uint32_t c4_cpu_features(void);

/* "avx2+fma avx512" or "none" for a set of bits; writes at most `size` bytes, always terminated. */
void c4_cpu_feature_names(uint32_t features, char *text, size_t size);

#endif
