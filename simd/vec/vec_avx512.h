/* The vector vocabulary for AVX-512 (F, DQ, BW, VL): see vec.md for what each word means. */
#ifndef C4_SIMD_VEC_VEC_AVX512_H
#define C4_SIMD_VEC_VEC_AVX512_H

#include <immintrin.h>
#include <stdint.h>

enum { VF_LANES = 16, VD_LANES = 8 };

/* The micro-kernels' tile: rows by vectors. 24 accumulators, 4 of B and a broadcast: 29 of 32. */
enum { MR = 6, NR_VECS = 4, K_STEPS = 2, STEM_VECS = 4 };
enum { GRAM_ROWS = 8, GRAM_STEPS = 2, GRAM_AHEAD = 2, GRAM_AHEAD_BYTES = 64 };
#define EACH_GRAM_PANELS(f) f(1) f(2) f(3)
enum { GRAD_VECS = 1, GRAD_CHANNELS = 3, DENSE_VECS = 2, DENSE_TAPS = 3, DENSE_ROWS = 2 };
#ifdef C4_MEMORY_BROADCAST
enum { NEXT_L1_BYTES = INT32_MAX }; /* loads are what limits it */
#else
enum { NEXT_L1_BYTES = 48 << 10 };
#endif
#define FMA_WHERE

typedef __m512 vf;
typedef __m512d vd;
typedef __m512i vi;
typedef __mmask16 vm;
typedef __m128i vu8;

static inline vf vf_load(const float *p) {
    return _mm512_load_ps(p);
}
static inline vf vf_loadu(const float *p) {
    return _mm512_loadu_ps(p);
}
static inline void vf_store(float *p, vf a) {
    _mm512_store_ps(p, a);
}
static inline void vf_storeu(float *p, vf a) {
    _mm512_storeu_ps(p, a);
}
static inline vf vf_load_first(const float *p, int count) {
    return _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
}
static inline void vf_store_first(float *p, vf a, int count) {
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), a);
}
#ifdef C4_MEMORY_BROADCAST
#define A_BY_MEMORY
/* *a * b + c: in assembly, since compilers would broadcast once for all columns */
static inline vf vf_fma_from(const float *a, vf b, vf c) {
    __asm__("vfmadd231ps %2%{1to16%}, %1, %0" : "+v"(c) : "v"(b), "m"(*a));
    return c;
}
#endif
static inline vf vf_zero(void) {
    return _mm512_setzero_ps();
}
static inline vf vf_set1(float a) {
    return _mm512_set1_ps(a);
}
static inline vf vf_add(vf a, vf b) {
    return _mm512_add_ps(a, b);
}
static inline vf vf_sub(vf a, vf b) {
    return _mm512_sub_ps(a, b);
}
static inline vf vf_mul(vf a, vf b) {
    return _mm512_mul_ps(a, b);
}
static inline vf vf_fma(vf a, vf b, vf c) {
    return _mm512_fmadd_ps(a, b, c);
}
static inline vf vf_relu(vf a) {
    return _mm512_max_ps(_mm512_setzero_ps(), a);
}
static inline vf vf_max(vf a, vf b) {
    return _mm512_max_ps(a, b);
}
static inline vf vf_abs(vf a) {
    return _mm512_abs_ps(a);
}
static inline vf vf_xor(vf a, vf b) {
    return _mm512_xor_ps(a, b);
}
static inline vm vf_gt(vf a, vf b) {
    return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
}
static inline vf vf_select(vm m, vf yes, vf no) {
    return _mm512_mask_blend_ps(m, no, yes);
}
static inline vf vf_where(vm m, vf a) {
    return _mm512_maskz_mov_ps(m, a);
}
static inline vf vf_lookup(const float *table, vi index) {
    /* no index reaches the upper half */
    return _mm512_permutexvar_ps(index, _mm512_castps256_ps512(_mm256_loadu_ps(table)));
}

static inline vd vd_load(const double *p) {
    return _mm512_loadu_pd(p);
}
static inline void vd_store(double *p, vd a) {
    _mm512_storeu_pd(p, a);
}
static inline vd vd_add(vd a, vd b) {
    return _mm512_add_pd(a, b);
}
static inline vd vd_mul(vd a, vd b) {
    return _mm512_mul_pd(a, b);
}
static inline vd vd_fma(vd a, vd b, vd c) {
    return _mm512_fmadd_pd(a, b, c);
}
static inline vd vd_widen(const float *p) {
    return _mm512_cvtps_pd(_mm256_load_ps(p));
}
static inline vd vf_widen_low(vf a) {
    return _mm512_cvtps_pd(_mm512_castps512_ps256(a));
}
static inline vd vf_widen_high(vf a) {
    return _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1));
}

static inline vi vi_set1(int a) {
    return _mm512_set1_epi32(a);
}
static inline vi vi_add(vi a, vi b) {
    return _mm512_add_epi32(a, b);
}
static inline vi vi_and(vi a, vi b) {
    return _mm512_and_si512(a, b);
}
static inline vm vm_first(int count) {
    return (vm)((1u << count) - 1);
}
static inline vi vi_load_u8(const uint8_t *p) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
}

static inline vu8 vu8_load(const uint8_t *p) {
    return _mm_loadu_si128((const __m128i *)p);
}
static inline void vu8_store(uint8_t *p, vu8 a) {
    _mm_storeu_si128((__m128i *)p, a);
}
static inline vu8 vu8_set1(int a) {
    return _mm_set1_epi8((char)a);
}
static inline vu8 vu8_raise(vm m, vu8 a, vu8 b) {
    return _mm_mask_blend_epi8(m, b, a);
}
static inline vm vu8_eq(vu8 a, vu8 b) {
    return _mm_cmpeq_epi8_mask(a, b);
}
static inline vm vu8_eq_where(vm m, vu8 a, vu8 b) {
    return _mm_mask_cmpeq_epi8_mask(m, a, b);
}
static inline vf vf_fma_where(vm m, vf a, vf b, vf c) {
    return _mm512_mask3_fmadd_ps(a, b, c, m);
}
static inline vf vf_fma_or_zero(vm m, vf a, vf b, vf c) {
    return _mm512_maskz_fmadd_ps(m, a, b, c);
}

static inline vi vi_dot16(vi acc, const int16_t *a, const int16_t *b) {
    return _mm512_add_epi32(acc, _mm512_madd_epi16(_mm512_loadu_si512(a), _mm512_loadu_si512(b)));
}
static inline int32_t vi_sum(vi a) {
    return _mm512_reduce_add_epi32(a);
}

static inline void vf_transpose(vf row[16]) {
    __m512 pair[16], four[16], eight[16];
    for (int i = 0; i < 16; i += 2) {
        pair[i] = _mm512_unpacklo_ps(row[i], row[i + 1]);
        pair[i + 1] = _mm512_unpackhi_ps(row[i], row[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int k = 0; k < 2; k++) {
            four[i + 2 * k] = _mm512_shuffle_ps(pair[i + k], pair[i + 2 + k], 0x44);
            four[i + 2 * k + 1] = _mm512_shuffle_ps(pair[i + k], pair[i + 2 + k], 0xee);
        }
    for (int i = 0; i < 16; i += 8) /* 0x88, 0xdd: even and odd parts of 128 bits of both */
        for (int k = 0; k < 4; k++) {
            eight[i + k] = _mm512_shuffle_f32x4(four[i + k], four[i + 4 + k], 0x88);
            eight[i + 4 + k] = _mm512_shuffle_f32x4(four[i + k], four[i + 4 + k], 0xdd);
        }
    for (int k = 0; k < 8; k++) {
        row[k] = _mm512_shuffle_f32x4(eight[k], eight[8 + k], 0x88);
        row[8 + k] = _mm512_shuffle_f32x4(eight[k], eight[8 + k], 0xdd);
    }
}

#endif
