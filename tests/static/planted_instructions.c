/* A function for tests/static/instructions.sh: without a fault, or with the foreign instruction
 * that PLANT names. The assembler knows them all, whatever the flags. */
#define SOUND 0
#define YMM 1
#define VEX 2 /* AVX's encoding of an SSE instruction */
#define BMI 3
#define FMA 4
#define ZMM 5
#define MASK 6
#define XMM16 7 /* AVX-512 VL */
#define SVE 8
#define DOT 9
#define FP16 10

void planted(float *value);

void planted(float *value) {
    *value *= 2;
#if PLANT == YMM
    __asm__ volatile("vaddps %ymm0, %ymm1, %ymm2");
#elif PLANT == VEX
    __asm__ volatile("vaddps %xmm0, %xmm1, %xmm2");
#elif PLANT == BMI
    __asm__ volatile("shlx %eax, %ecx, %edx");
#elif PLANT == FMA && defined(__x86_64__)
    __asm__ volatile("vfmadd231ss %xmm0, %xmm1, %xmm2");
#elif PLANT == FMA
    __asm__ volatile("fmadd s0, s1, s2, s0");
#elif PLANT == ZMM
    __asm__ volatile("vaddps %zmm0, %zmm1, %zmm2");
#elif PLANT == MASK
    __asm__ volatile("kmovw %eax, %k1");
#elif PLANT == XMM16
    __asm__ volatile("vaddps %xmm16, %xmm1, %xmm2");
#elif PLANT == SVE
    __asm__ volatile(".arch armv8.2-a+sve\n\tfadd z0.s, z0.s, z1.s");
#elif PLANT == DOT
    __asm__ volatile(".arch armv8.2-a+dotprod\n\tsdot v0.4s, v1.16b, v2.16b");
#elif PLANT == FP16
    __asm__ volatile(".arch armv8.2-a+fp16\n\tfadd v0.8h, v1.8h, v2.8h");
#endif
}
