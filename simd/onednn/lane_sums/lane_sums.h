/* Sums of interleaved channels in double, for oneDNN's layouts: one loop, compiled for several
 * vector widths. Not a backend. */
#ifndef C4_SIMD_ONEDNN_LANE_SUMS_LANE_SUMS_H
#define C4_SIMD_ONEDNN_LANE_SUMS_LANE_SUMS_H

#include <stddef.h>

enum { C4_SUM_LANES = 16 };

/* sum[lane] = sum of y[i * stride + lane], sum_sq[lane] = sum of its square, over i = 0..groups-1;
 * both overwritten. One chain in double for each lane and sum, from +0 in order of i; a square is
 * exact, so that all variants give the same bits. y needs no alignment. Single-threaded. */
typedef void c4_lane_sums_fn(const float *y, size_t groups, size_t stride, double sum[C4_SUM_LANES],
                             double sum_sq[C4_SUM_LANES]);

/* Each is compiled with the flags of its name; avx2 exists on x86-64 only. */
c4_lane_sums_fn c4_lane_sums_plain, c4_lane_sums_avx2;

/* The fastest that this CPU runs; dispatch.c. */
c4_lane_sums_fn *c4_dispatch_lane_sums(void);

#endif
