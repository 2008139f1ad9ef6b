/* What all bodies share. A backend's source includes its simd/vec header, then simd/body/slots.h
 * and simd/body/phases.h, which include the rest. Every function is static, so that each
 * instruction set has its own copy. */
#ifndef C4_SIMD_BODY_BODY_H
#define C4_SIMD_BODY_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/hot_loop.h"
#include "core/op/conv3x3.h"
#include "core/op/conv4.h"

enum { C = C4_CHANNELS, VECS = C / VF_LANES, NR = NR_VECS * VF_LANES };

#define INLINE static inline __attribute__((always_inline))

/* Accumulators stay in registers only if every loop over them is unrolled. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif

/* The compiler forgets where pointer p came from, so that it reads again what an earlier step has
 * read through p, instead of keeping it in registers that accumulators need. */
#define FORGET(p) __asm__("" : "+r"(p))

/* Accumulator `v` has its value here. Between steps of chains, clang would move multiply-adds
 * behind whatever follows, and keep their factors in memory until then; gcc does not, and would
 * copy v. */
#if defined __clang__ && defined __x86_64__
#define HAVE_VALUE(v) __asm__ volatile("" : "+v"(v))
#elif defined __clang__ && defined __aarch64__
#define HAVE_VALUE(v) __asm__ volatile("" : "+w"(v))
#else
#define HAVE_VALUE(v) ((void)(v))
#endif

/* Prefetches the cache line at p. A macro: gcc finds that an inline function which only prefetches
 * computes nothing, and drops its calls. */
#define PREFETCH(p) __builtin_prefetch(p)
#define PREFETCH_L2(p) __builtin_prefetch(p, 0, 2) /* not into the L1 cache */

/* The same for what the next call of a product reads, where that was measured to be faster: a
 * training step by 4 % with AVX2 on Zen 4. */
#define PREFETCH_NEXT(p)                                                                           \
    do {                                                                                           \
        if (NEXT_L1_BYTES == 0) PREFETCH(p);                                                       \
    } while (0)

/* Whether gemm() is to prefetch the matrix of the next call beside its own, 16 KB each. With
 * AVX-512 a training step is 3 to 5 % faster with it on Emerald Rapids (48 KB), and 0 to 2 % slower
 * on Zen 4 (32 KB). */
INLINE bool prefetches_next(int64_t l1d_bytes) {
    return l1d_bytes >= NEXT_L1_BYTES;
}

/* Splits `count` rows into even parts of at most `most`: a short last tile would stall on its own
 * results. Returns the size of the next part. */
INLINE int next_part(int count, int most) {
    int parts = (count + most - 1) / most;
    return (count + parts - 1) / parts;
}
INLINE int next_mr(int count) {
    return next_part(count, MR);
}

/* Calls the body with a compile-time constant number of rows, at most MR. */
#define WITH_MR(rows, call)                                                                        \
    switch (rows) {                                                                                \
    case 1:                                                                                        \
        call(1);                                                                                   \
        break;                                                                                     \
    case 2:                                                                                        \
        call(2);                                                                                   \
        break;                                                                                     \
    case 3:                                                                                        \
        call(3);                                                                                   \
        break;                                                                                     \
    case 4:                                                                                        \
        call(4);                                                                                   \
        break;                                                                                     \
    case 5:                                                                                        \
        call(MR < 5 ? MR : 5);                                                                     \
        break;                                                                                     \
    default:                                                                                       \
        call(MR);                                                                                  \
        break;                                                                                     \
    }

typedef vf tile_acc[6][NR_VECS];

INLINE void acc_zero(int rows, tile_acc acc) {
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < NR_VECS; v++) acc[r][v] =
        vf_zero();
}

INLINE void acc_load(int rows, const float *c, ptrdiff_t stride, tile_acc acc) {
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < NR_VECS; v++) acc[r][v] =
        vf_load(c + r * stride + v * VF_LANES);
}

INLINE void acc_store(int rows, const tile_acc acc, float *c, ptrdiff_t stride) {
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < NR_VECS; v++)
        vf_store(c + r * stride + v * VF_LANES, acc[r][v]);
}

/* One step of all chains: acc[r] += a[r * a_stride] * b[0..NR), rows first..last-1. */
INLINE void acc_step(int first, int last, const float *a, ptrdiff_t a_stride, const float *b,
                     tile_acc acc) {
    vf bv[NR_VECS];
    UNROLL for (int v = 0; v < NR_VECS; v++) bv[v] = vf_load(b + v * VF_LANES);
    UNROLL for (int r = first; r < last; r++) {
#ifdef A_BY_MEMORY
        UNROLL for (int v = 0; v < NR_VECS; v++) acc[r][v] =
            vf_fma_from(a + r * a_stride, bv[v], acc[r][v]);
#else
        vf ar = vf_set1(a[r * a_stride]);
        UNROLL for (int v = 0; v < NR_VECS; v++) acc[r][v] = vf_fma(ar, bv[v], acc[r][v]);
#endif
    }
}

/* K_STEPS steps of all chains, with adjacent a:
 * acc[r] += a[r * a_stride + s] * b[s * 64 .. + NR). */
INLINE void acc_steps(int rows, const float *a, ptrdiff_t a_stride, const float *b, tile_acc acc) {
#ifdef A_BY_LANE
    vf av[6];
    UNROLL for (int r = 0; r < rows; r++) av[r] = vf_loadu(a + r * a_stride);
    UNROLL for (int s = 0; s < K_STEPS; s++) UNROLL for (int v = 0; v < NR_VECS; v++) {
        vf bv = vf_load(b + s * C + v * VF_LANES);
        UNROLL for (int r = 0; r < rows; r++) acc[r][v] = vf_fma(vf_lane(av[r], s), bv, acc[r][v]);
    }
#else
    UNROLL for (int s = 0; s < K_STEPS; s++) acc_step(0, rows, a + s, a_stride, b + s * C, acc);
#endif
}

/* One step of all chains, with adjacent a: acc[r] += a[r] * b[0..NR). */
INLINE void acc_outer(int rows, const float *a, const float *b, tile_acc acc) {
#ifdef A_BY_LANE
    if (rows == VF_LANES) {
        vf av = vf_loadu(a);
        UNROLL for (int v = 0; v < NR_VECS; v++) {
            vf bv = vf_load(b + v * VF_LANES);
            UNROLL for (int r = 0; r < rows; r++) acc[r][v] = vf_fma(vf_lane(av, r), bv, acc[r][v]);
        }
        return;
    }
#endif
    acc_step(0, rows, a, 1, b, acc);
}

#endif
