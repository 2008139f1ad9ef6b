/* The vector vocabulary in C, with the vector types of gcc and clang, for any CPU: see vec.md. */
#ifndef C4_SIMD_VEC_VEC_SCALAR_H
#define C4_SIMD_VEC_VEC_SCALAR_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* As many lanes as a register of the compiler's target has; LANES lists f of each. */
#ifdef __AVX2__
enum { VF_LANES = 8, VD_LANES = 4 };
enum { MR = 6, NR_VECS = 2, K_STEPS = 2, STEM_VECS = 3 };
enum { GRAM_ROWS = 6, GRAM_STEPS = 2, GRAM_AHEAD = 8, GRAM_AHEAD_BYTES = 64 };
#define LANES(f)                                                                                   \
    { f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7) }
#else
enum { VF_LANES = 4, VD_LANES = 2 };
enum { MR = 4, NR_VECS = 4, K_STEPS = 2, STEM_VECS = 4 };
enum { GRAM_ROWS = 4, GRAM_STEPS = 2, GRAM_AHEAD = 8, GRAM_AHEAD_BYTES = 64 };
#define LANES(f)                                                                                   \
    { f(0), f(1), f(2), f(3) }
#endif
#define EACH_GRAM_PANELS(f) f(1)
enum { NEXT_L1_BYTES = INT32_MAX };
enum { GRAD_VECS = 1, GRAD_CHANNELS = 1, DENSE_VECS = 4, DENSE_TAPS = 1, DENSE_ROWS = 4 };

typedef float vf __attribute__((vector_size(4 * VF_LANES)));
typedef double vd __attribute__((vector_size(8 * VD_LANES)));
typedef int32_t vi __attribute__((vector_size(4 * VF_LANES)));
typedef vi vm; /* 0 or -1 */
typedef vi vu8;

#define VEC_EACH(type, lanes, expression)                                                          \
    type r_ = {0};                                                                                 \
    for (int l = 0; l < (lanes); l++) r_[l] = (expression);                                        \
    return r_

static inline vf vf_loadu(const float *p) {
    vf r_;
    memcpy(&r_, p, sizeof r_);
    return r_;
}
static inline vf vf_load(const float *p) {
    return vf_loadu(p);
}
static inline void vf_storeu(float *p, vf a) {
    memcpy(p, &a, sizeof a);
}
static inline void vf_store(float *p, vf a) {
    vf_storeu(p, a);
}
static inline vf vf_load_first(const float *p, int count) {
    VEC_EACH(vf, VF_LANES, l < count ? p[l] : 0);
}
static inline void vf_store_first(float *p, vf a, int count) {
    memcpy(p, &a, (size_t)count * sizeof a[0]);
}
static inline vf vf_set1(float a) {
    VEC_EACH(vf, VF_LANES, a);
}
static inline vf vf_zero(void) {
    return vf_set1(0);
}
static inline vf vf_add(vf a, vf b) {
    return a + b;
}
static inline vf vf_sub(vf a, vf b) {
    return a - b;
}
static inline vf vf_mul(vf a, vf b) {
    return a * b;
}
/* Without the instruction these are four calls to libm, in one copy: inlined, they would make the
 * object four times as large and as slow to compile. */
#if defined __FMA__ || defined __ARM_FEATURE_FMA
#define FMA_LINKAGE static inline
#else
#define FMA_LINKAGE __attribute__((noinline, unused)) static
#endif
FMA_LINKAGE vf vf_fma(vf a, vf b, vf c) {
#define FMA(l) fmaf(a[l], b[l], c[l])
    return (vf)LANES(FMA);
#undef FMA
}
static inline vf vf_relu(vf a) {
    VEC_EACH(vf, VF_LANES, 0 > a[l] ? 0 : a[l]);
}
static inline vf vf_max(vf a, vf b) {
    VEC_EACH(vf, VF_LANES, a[l] > b[l] ? a[l] : b[l]);
}
static inline vf vf_abs(vf a) {
    VEC_EACH(vf, VF_LANES, fabsf(a[l]));
}
static inline vf vf_xor(vf a, vf b) {
    return (vf)((vi)a ^ (vi)b);
}
static inline vm vf_gt(vf a, vf b) {
    return a > b;
}
static inline vf vf_select(vm m, vf yes, vf no) {
    return (vf)((m & (vi)yes) | (~m & (vi)no));
}
static inline vf vf_where(vm m, vf a) {
    return (vf)(m & (vi)a);
}
static inline vf vf_lookup(const float *table, vi index) {
    VEC_EACH(vf, VF_LANES, table[index[l]]);
}

static inline vd vd_load(const double *p) {
    vd r_;
    memcpy(&r_, p, sizeof r_);
    return r_;
}
static inline void vd_store(double *p, vd a) {
    memcpy(p, &a, sizeof a);
}
static inline vd vd_add(vd a, vd b) {
    return a + b;
}
static inline vd vd_mul(vd a, vd b) {
    return a * b;
}
/* Only for exact products (vec.md): a multiply and an add also round once. */
static inline vd vd_fma(vd a, vd b, vd c) {
    return a * b + c;
}
static inline vd vd_widen(const float *p) {
    VEC_EACH(vd, VD_LANES, (double)p[l]);
}
static inline vd vf_widen_low(vf a) {
    VEC_EACH(vd, VD_LANES, (double)a[l]);
}
static inline vd vf_widen_high(vf a) {
    VEC_EACH(vd, VD_LANES, (double)a[l + VD_LANES]);
}

static inline vi vi_set1(int a) {
    VEC_EACH(vi, VF_LANES, a);
}
static inline vi vi_add(vi a, vi b) {
    return a + b;
}
static inline vi vi_and(vi a, vi b) {
    return a & b;
}
static inline vu8 vu8_raise(vm m, vu8 a, vu8 b) {
    return (m & a) | (~m & b);
}
static inline vm vu8_eq(vu8 a, vu8 b) {
    return a == b;
}
static inline vm vm_first(int count) {
    VEC_EACH(vm, VF_LANES, l < count ? -1 : 0);
}
static inline vi vi_load_u8(const uint8_t *p) {
    VEC_EACH(vi, VF_LANES, p[l]);
}
static inline vu8 vu8_set1(int a) {
    return vi_set1(a);
}
static inline vu8 vu8_load(const uint8_t *p) {
    return vi_load_u8(p);
}
static inline void vu8_store(uint8_t *p, vu8 a) {
    for (int l = 0; l < VF_LANES; l++) p[l] = (uint8_t)a[l];
}

static inline vi vi_dot16(vi acc, const int16_t *a, const int16_t *b) {
    VEC_EACH(vi, VF_LANES, acc[l] + a[2 * l] * b[2 * l] + a[2 * l + 1] * b[2 * l + 1]);
}
static inline int32_t vi_sum(vi a) {
    int32_t sum = 0;
    for (int l = 0; l < VF_LANES; l++) sum += a[l];
    return sum;
}

static inline void vf_transpose(vf row[VF_LANES]) {
    vf column[VF_LANES];
    for (int i = 0; i < VF_LANES; i++)
        for (int k = 0; k < VF_LANES; k++) column[i][k] = row[k][i];
    memcpy(row, column, sizeof column);
}

#endif
