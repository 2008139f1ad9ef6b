/* The vector vocabulary for AArch64 Advanced SIMD: see vec.md for what each word means. */
#ifndef C4_SIMD_VEC_VEC_NEON_H
#define C4_SIMD_VEC_VEC_NEON_H

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

enum { VF_LANES = 4, VD_LANES = 2 };

/* The micro-kernels' tile: rows by vectors. 16 accumulators keep four pipes of latency 4 busy; the
 * rows' operands are multiplied by lane, since a broadcasting load also occupies a vector unit. */
enum { MR = 4, NR_VECS = 4, K_STEPS = 4, STEM_VECS = 4 };
enum { GRAM_ROWS = 4, GRAM_STEPS = 1, GRAM_AHEAD = 8, GRAM_AHEAD_BYTES = 64 };
#define EACH_GRAM_PANELS(f) f(1)
enum { NEXT_L1_BYTES = INT32_MAX };
enum { GRAD_VECS = 2, GRAD_CHANNELS = 1, DENSE_VECS = 2, DENSE_TAPS = 3, DENSE_ROWS = 2 };

typedef float32x4_t vf;
typedef float64x2_t vd;
typedef int32x4_t vi;
typedef uint32x4_t vm;
typedef vi vu8;

static inline vf vf_load(const float *p) {
    return vld1q_f32(p);
}
static inline vf vf_loadu(const float *p) {
    return vld1q_f32(p);
}
static inline void vf_store(float *p, vf a) {
    vst1q_f32(p, a);
}
static inline void vf_storeu(float *p, vf a) {
    vst1q_f32(p, a);
}
static inline vf vf_load_first(const float *p, int count) {
    float v[4] = {0};
    memcpy(v, p, (size_t)count * sizeof *v);
    return vld1q_f32(v);
}
static inline void vf_store_first(float *p, vf a, int count) {
    float v[4];
    vst1q_f32(v, a);
    memcpy(p, v, (size_t)count * sizeof *v);
}
#define A_BY_LANE
#define vf_lane(a, i) vdupq_n_f32((a)[i])
static inline vf vf_zero(void) {
    return vdupq_n_f32(0);
}
static inline vf vf_set1(float a) {
    return vdupq_n_f32(a);
}
static inline vf vf_add(vf a, vf b) {
    return vaddq_f32(a, b);
}
static inline vf vf_sub(vf a, vf b) {
    return vsubq_f32(a, b);
}
static inline vf vf_mul(vf a, vf b) {
    return vmulq_f32(a, b);
}
static inline vf vf_fma(vf a, vf b, vf c) {
    return vfmaq_f32(c, a, b);
}
/* fmax would turn a NaN into a number or quiet it: compare and select. */
static inline vf vf_relu(vf a) {
    return vbslq_f32(vcgtq_f32(vdupq_n_f32(0), a), vdupq_n_f32(0), a);
}
static inline vf vf_max(vf a, vf b) {
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}
static inline vf vf_abs(vf a) {
    return vabsq_f32(a);
}
static inline vf vf_xor(vf a, vf b) {
    return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(a), vreinterpretq_u32_f32(b)));
}
static inline vm vf_gt(vf a, vf b) {
    return vcgtq_f32(a, b);
}
static inline vf vf_select(vm m, vf yes, vf no) {
    return vbslq_f32(m, yes, no);
}
static inline vf vf_where(vm m, vf a) {
    return vreinterpretq_f32_u32(vandq_u32(m, vreinterpretq_u32_f32(a)));
}
static inline vf vf_lookup(const float *table, vi index) {
    /* bytes 4 i .. 4 i + 3 of the eight floats */
    const uint8x16x2_t bytes = {
        {vld1q_u8((const uint8_t *)table), vld1q_u8((const uint8_t *)(table + 4))}};
    uint32x4_t i = vreinterpretq_u32_s32(index);
    uint32x4_t at = vaddq_u32(vmulq_n_u32(i, 0x04040404u), vdupq_n_u32(0x03020100u));
    return vreinterpretq_f32_u8(vqtbl2q_u8(bytes, vreinterpretq_u8_u32(at)));
}

static inline vd vd_load(const double *p) {
    return vld1q_f64(p);
}
static inline void vd_store(double *p, vd a) {
    vst1q_f64(p, a);
}
static inline vd vd_add(vd a, vd b) {
    return vaddq_f64(a, b);
}
static inline vd vd_mul(vd a, vd b) {
    return vmulq_f64(a, b);
}
static inline vd vd_fma(vd a, vd b, vd c) {
    return vfmaq_f64(c, a, b);
}
static inline vd vd_widen(const float *p) {
    return vcvt_f64_f32(vld1_f32(p));
}
static inline vd vf_widen_low(vf a) {
    return vcvt_f64_f32(vget_low_f32(a));
}
static inline vd vf_widen_high(vf a) {
    return vcvt_high_f64_f32(a);
}

static inline vi vi_set1(int a) {
    return vdupq_n_s32(a);
}
static inline vi vi_add(vi a, vi b) {
    return vaddq_s32(a, b);
}
static inline vi vi_and(vi a, vi b) {
    return vandq_s32(a, b);
}
static inline vu8 vu8_raise(vm m, vu8 a, vu8 b) {
    return vbslq_s32(m, a, b);
}
static inline vm vu8_eq(vu8 a, vu8 b) {
    return vceqq_s32(a, b);
}
static inline vm vm_first(int count) {
    const int32_t lane[4] = {0, 1, 2, 3};
    return vcltq_s32(vld1q_s32(lane), vdupq_n_s32(count));
}
static inline vi vi_load_u8(const uint8_t *p) {
    uint32_t four;
    memcpy(&four, p, sizeof four);
    uint16x8_t words = vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(four)));
    return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(words)));
}
static inline vu8 vu8_set1(int a) {
    return vi_set1(a);
}
static inline vu8 vu8_load(const uint8_t *p) {
    return vi_load_u8(p);
}
static inline void vu8_store(uint8_t *p, vu8 a) {
    uint16x4_t words = vmovn_u32(vreinterpretq_u32_s32(a));
    uint32_t four = vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(words, words))), 0);
    memcpy(p, &four, sizeof four);
}

static inline vi vi_dot16(vi acc, const int16_t *a, const int16_t *b) {
    int16x8_t x = vld1q_s16(a), y = vld1q_s16(b);
    return vmlal_high_s16(vmlal_s16(acc, vget_low_s16(x), vget_low_s16(y)), x, y);
}
static inline int32_t vi_sum(vi a) {
    return vaddvq_s32(a);
}

static inline void vf_transpose(vf row[4]) {
    const float32x4x2_t left = vtrnq_f32(row[0], row[1]), right = vtrnq_f32(row[2], row[3]);
    row[0] = vcombine_f32(vget_low_f32(left.val[0]), vget_low_f32(right.val[0]));
    row[1] = vcombine_f32(vget_low_f32(left.val[1]), vget_low_f32(right.val[1]));
    row[2] = vcombine_f32(vget_high_f32(left.val[0]), vget_high_f32(right.val[0]));
    row[3] = vcombine_f32(vget_high_f32(left.val[1]), vget_high_f32(right.val[1]));
}

#endif
