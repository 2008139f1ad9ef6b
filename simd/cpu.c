#include "simd/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

static uint32_t detect(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    const unsigned osxsave = 1u << 27, avx = 1u << 28, fma = 1u << 12;
    if (!(c & osxsave) || !(c & avx)) return 0;
    int has_fma = (c & fma) != 0;
    unsigned xcr0, high;
    __asm__ volatile("xgetbv" : "=a"(xcr0), "=d"(high) : "c"(0));
    if ((xcr0 & 0x6) != 0x6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    const unsigned avx2 = 1u << 5, f = 1u << 16, dq = 1u << 17, bw = 1u << 30, vl = 1u << 31;
    uint32_t features = 0;
    if (has_fma && (b & avx2)) features |= C4_CPU_AVX2_FMA;
    const unsigned avx512 = f | dq | bw | vl;
    if (features && (b & avx512) == avx512 && (xcr0 & 0xe6) == 0xe6) features |= C4_CPU_AVX512;
    return features;
}
#elif defined(__aarch64__)
#include <sys/auxv.h>

static uint32_t detect(void) {
    const unsigned long asimd = 1ul << 1;
    return (getauxval(AT_HWCAP) & asimd) ? C4_CPU_NEON : 0;
}
#else
static uint32_t detect(void) {
    return 0;
}
#endif

uint32_t c4_cpu_features(void) {
    uint32_t features = detect();
    const char *mask = getenv("C4_CPU_MASK");
    if (mask) features &= (uint32_t)strtoul(mask, NULL, 0);
    return features;
}

void c4_cpu_feature_names(uint32_t features, char *text, size_t size) {
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {{C4_CPU_AVX2_FMA, "avx2+fma"}, {C4_CPU_AVX512, "avx512"}, {C4_CPU_NEON, "neon"}};
    size_t used = 0;
    snprintf(text, size, "none");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!(features & names[i].bit) || used >= size) continue;
        int n = snprintf(text + used, size - used, "%s%s", used ? " " : "", names[i].name);
        used += n > 0 ? (size_t)n : 0;
    }
}
