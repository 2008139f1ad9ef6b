/* The vector vocabulary for AVX2 with FMA: see vec.md for what each word means. */
#ifndef C4_SIMD_VEC_VEC_AVX2_H
#define C4_SIMD_VEC_VEC_AVX2_H

#include <immintrin.h>
#include <stdint.h>

enum { VF_LANES = 8, VD_LANES = 4 };

/* The micro-kernels' tile: rows by vectors. 12 accumulators, 2 of B, 2 broadcasts: all 16. */
enum { MR = 6, NR_VECS = 2, K_STEPS = 2, STEM_VECS = 3 };
enum { GRAM_ROWS = 6, GRAM_STEPS = 2, GRAM_AHEAD = 2, GRAM_AHEAD_BYTES = 16 };
#define EACH_GRAM_PANELS(f) f(1)
enum { GRAD_VECS = 1, GRAD_CHANNELS = 1, DENSE_VECS = 4, DENSE_TAPS = 1, DENSE_ROWS = 4 };

enum { NEXT_L1_BYTES = 0 };

typedef __m256 vf;
typedef __m256d vd;
typedef __m256i vi;
typedef __m256 vm;
typedef vi vu8;

static inline vf vf_load(const float *p) {
    return _mm256_load_ps(p);
}
static inline vf vf_loadu(const float *p) {
    return _mm256_loadu_ps(p);
}
static inline void vf_store(float *p, vf a) {
    _mm256_store_ps(p, a);
}
static inline void vf_storeu(float *p, vf a) {
    _mm256_storeu_ps(p, a);
}
static inline vi v_first(int count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lane);
}
static inline vf vf_load_first(const float *p, int count) {
    return _mm256_maskload_ps(p, v_first(count));
}
static inline void vf_store_first(float *p, vf a, int count) {
    _mm256_maskstore_ps(p, v_first(count), a);
}
static inline vf vf_zero(void) {
    return _mm256_setzero_ps();
}
static inline vf vf_set1(float a) {
    return _mm256_set1_ps(a);
}
static inline vf vf_add(vf a, vf b) {
    return _mm256_add_ps(a, b);
}
static inline vf vf_sub(vf a, vf b) {
    return _mm256_sub_ps(a, b);
}
static inline vf vf_mul(vf a, vf b) {
    return _mm256_mul_ps(a, b);
}
static inline vf vf_fma(vf a, vf b, vf c) {
    return _mm256_fmadd_ps(a, b, c);
}
static inline vf vf_relu(vf a) {
    return _mm256_max_ps(_mm256_setzero_ps(), a);
}
static inline vf vf_max(vf a, vf b) {
    return _mm256_max_ps(a, b);
}
static inline vf vf_abs(vf a) {
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}
static inline vf vf_xor(vf a, vf b) {
    return _mm256_xor_ps(a, b);
}
static inline vm vf_gt(vf a, vf b) {
    return _mm256_cmp_ps(a, b, _CMP_GT_OQ);
}
static inline vf vf_select(vm m, vf yes, vf no) {
    return _mm256_blendv_ps(no, yes, m);
}
static inline vf vf_where(vm m, vf a) {
    return _mm256_and_ps(m, a);
}
static inline vf vf_lookup(const float *table, vi index) {
    return _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), index);
}

static inline vd vd_load(const double *p) {
    return _mm256_loadu_pd(p);
}
static inline void vd_store(double *p, vd a) {
    _mm256_storeu_pd(p, a);
}
static inline vd vd_add(vd a, vd b) {
    return _mm256_add_pd(a, b);
}
static inline vd vd_mul(vd a, vd b) {
    return _mm256_mul_pd(a, b);
}
static inline vd vd_fma(vd a, vd b, vd c) {
    return _mm256_fmadd_pd(a, b, c);
}
static inline vd vd_widen(const float *p) {
    return _mm256_cvtps_pd(_mm_load_ps(p));
}
static inline vd vf_widen_low(vf a) {
    return _mm256_cvtps_pd(_mm256_castps256_ps128(a));
}
static inline vd vf_widen_high(vf a) {
    return _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1));
}

static inline vi vi_set1(int a) {
    return _mm256_set1_epi32(a);
}
static inline vi vi_add(vi a, vi b) {
    return _mm256_add_epi32(a, b);
}
static inline vi vi_and(vi a, vi b) {
    return _mm256_and_si256(a, b);
}
static inline vu8 vu8_raise(vm m, vu8 a, vu8 b) {
    return _mm256_max_epi32(_mm256_and_si256(_mm256_castps_si256(m), a), b);
}
static inline vm vu8_eq(vu8 a, vu8 b) {
    return _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b));
}
static inline vm vm_first(int count) {
    return _mm256_castsi256_ps(v_first(count));
}
static inline vi vi_load_u8(const uint8_t *p) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));
}
static inline vu8 vu8_set1(int a) {
    return vi_set1(a);
}
static inline vu8 vu8_load(const uint8_t *p) {
    return vi_load_u8(p);
}
static inline void vu8_store(uint8_t *p, vu8 a) {
    __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    _mm_storel_epi64((__m128i *)p, _mm_packus_epi16(words, words));
}

static inline vi vi_dot16(vi acc, const int16_t *a, const int16_t *b) {
    __m256i x = _mm256_loadu_si256((const __m256i *)a), y = _mm256_loadu_si256((const __m256i *)b);
    return _mm256_add_epi32(acc, _mm256_madd_epi16(x, y));
}
static inline int32_t vi_sum(vi a) {
    int32_t v[VF_LANES];
    _mm256_storeu_si256((__m256i *)v, a);
    return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]));
}

static inline void vf_transpose(vf row[8]) {
    __m256 pair[8], four[8];
    for (int i = 0; i < 8; i += 2) {
        pair[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
        pair[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int k = 0; k < 2; k++) {
            four[i + 2 * k] = _mm256_shuffle_ps(pair[i + k], pair[i + 2 + k], 0x44);
            four[i + 2 * k + 1] = _mm256_shuffle_ps(pair[i + k], pair[i + 2 + k], 0xee);
        }
    for (int i = 0; i < 4; i++) {
        row[i] = _mm256_permute2f128_ps(four[i], four[i + 4], 0x20);
        row[i + 4] = _mm256_permute2f128_ps(four[i], four[i + 4], 0x31);
    }
}

#endif
