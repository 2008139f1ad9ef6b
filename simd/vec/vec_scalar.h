/* The vector vocabulary in plain C, for any CPU and for sanitizers: see vec.md. */
#ifndef C4_SIMD_VEC_SCALAR_H
#define C4_SIMD_VEC_SCALAR_H

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { VF_LANES = 4, VD_LANES = 2 };
enum { MK_ROWS = 4, MK_VECS = 4, MK_STEPS = 2, STEM_VECS = 4, GRAM_X = 4 };
enum { GRAD_VECS = 1, GRAD_CHANNELS = 1 };

typedef struct {
    float v[VF_LANES];
} vf;
typedef struct {
    double v[VD_LANES];
} vd;
typedef struct {
    int32_t v[VF_LANES];
} vi;
typedef struct {
    int32_t v[VF_LANES]; /* 0 or 1 */
} vm;

#define VEC_EACH(type, lanes, expression)                                                          \
    type r_;                                                                                       \
    for (int l = 0; l < (lanes); l++) r_.v[l] = (expression);                                      \
    return r_

static inline vf vf_loadu(const float *p) {
    VEC_EACH(vf, VF_LANES, p[l]);
}
static inline vf vf_load(const float *p) {
    return vf_loadu(p);
}
static inline void vf_storeu(float *p, vf a) {
    memcpy(p, a.v, sizeof a.v);
}
static inline void vf_store(float *p, vf a) {
    vf_storeu(p, a);
}
static inline vf vf_load_first(const float *p, int count) {
    VEC_EACH(vf, VF_LANES, l < count ? p[l] : 0);
}
static inline void vf_store_first(float *p, vf a, int count) {
    memcpy(p, a.v, (size_t)count * sizeof *a.v);
}
static inline vf vf_set1(float a) {
    VEC_EACH(vf, VF_LANES, a);
}
static inline vf vf_zero(void) {
    return vf_set1(0);
}
static inline vf vf_add(vf a, vf b) {
    VEC_EACH(vf, VF_LANES, a.v[l] + b.v[l]);
}
static inline vf vf_sub(vf a, vf b) {
    VEC_EACH(vf, VF_LANES, a.v[l] - b.v[l]);
}
static inline vf vf_mul(vf a, vf b) {
    VEC_EACH(vf, VF_LANES, a.v[l] * b.v[l]);
}
static inline vf vf_fma(vf a, vf b, vf c) {
    VEC_EACH(vf, VF_LANES, fmaf(a.v[l], b.v[l], c.v[l]));
}
static inline vf vf_relu(vf a) {
    VEC_EACH(vf, VF_LANES, 0 > a.v[l] ? 0 : a.v[l]);
}
static inline vf vf_abs(vf a) {
    VEC_EACH(vf, VF_LANES, fabsf(a.v[l]));
}
static inline vf vf_xor(vf a, vf b) {
    uint32_t x[VF_LANES], y[VF_LANES];
    memcpy(x, a.v, sizeof x);
    memcpy(y, b.v, sizeof y);
    for (int l = 0; l < VF_LANES; l++) x[l] ^= y[l];
    memcpy(a.v, x, sizeof x);
    return a;
}
static inline vm vf_gt(vf a, vf b) {
    VEC_EACH(vm, VF_LANES, a.v[l] > b.v[l]);
}
static inline vf vf_select(vm m, vf yes, vf no) {
    VEC_EACH(vf, VF_LANES, m.v[l] ? yes.v[l] : no.v[l]);
}
static inline vf vf_lookup(const float *table, vi index) {
    VEC_EACH(vf, VF_LANES, table[index.v[l]]);
}

static inline vd vd_load(const double *p) {
    VEC_EACH(vd, VD_LANES, p[l]);
}
static inline void vd_store(double *p, vd a) {
    memcpy(p, a.v, sizeof a.v);
}
static inline vd vd_add(vd a, vd b) {
    VEC_EACH(vd, VD_LANES, a.v[l] + b.v[l]);
}
static inline vd vd_mul(vd a, vd b) {
    VEC_EACH(vd, VD_LANES, a.v[l] * b.v[l]);
}
/* Only for exact products (vec.md): multiply and add round once, too. */
static inline vd vd_fma(vd a, vd b, vd c) {
    VEC_EACH(vd, VD_LANES, a.v[l] * b.v[l] + c.v[l]);
}
static inline vd vf_widen_low(vf a) {
    VEC_EACH(vd, VD_LANES, (double)a.v[l]);
}
static inline vd vf_widen_high(vf a) {
    VEC_EACH(vd, VD_LANES, (double)a.v[l + VD_LANES]);
}

static inline vi vi_set1(int a) {
    VEC_EACH(vi, VF_LANES, a);
}
static inline vi vi_add(vi a, vi b) {
    VEC_EACH(vi, VF_LANES, a.v[l] + b.v[l]);
}
static inline vi vi_and(vi a, vi b) {
    VEC_EACH(vi, VF_LANES, a.v[l] & b.v[l]);
}
static inline vi vi_select(vm m, vi yes, vi no) {
    VEC_EACH(vi, VF_LANES, m.v[l] ? yes.v[l] : no.v[l]);
}
static inline vm vi_eq(vi a, vi b) {
    VEC_EACH(vm, VF_LANES, a.v[l] == b.v[l]);
}
static inline vm vm_first(int count) {
    VEC_EACH(vm, VF_LANES, l < count);
}
static inline vi vi_load_u8(const uint8_t *p) {
    VEC_EACH(vi, VF_LANES, p[l]);
}
static inline void vi_store_u8(uint8_t *p, vi a) {
    for (int l = 0; l < VF_LANES; l++) p[l] = (uint8_t)a.v[l];
}

static inline vi vi_dot16(vi acc, const int16_t *a, const int16_t *b) {
    VEC_EACH(vi, VF_LANES, acc.v[l] + a[2 * l] * b[2 * l] + a[2 * l + 1] * b[2 * l + 1]);
}
static inline int32_t vi_sum(vi a) {
    return (a.v[0] + a.v[1]) + (a.v[2] + a.v[3]);
}

static inline void vf_prefetch(const float *p) {
    __builtin_prefetch(p);
}

static inline void v16_sums4(vf (*lane)[4], float *sums) {
    for (int i = 0; i < 4; i++) {
        vf four = vf_add(vf_add(lane[i][0], lane[i][2]), vf_add(lane[i][1], lane[i][3]));
        sums[i] = (four.v[0] + four.v[2]) + (four.v[1] + four.v[3]);
    }
}
static inline void v16_sums(vf (*lane)[4], float sums[16]) {
    for (int i = 0; i < 16; i += 4) v16_sums4(lane + i, sums + i);
}

#endif
