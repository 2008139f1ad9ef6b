/* Loops that only multiply and add, or only read, to measure a core's peak. */
#ifndef C4_SIMD_PEAK_PEAK_H
#define C4_SIMD_PEAK_PEAK_H

#include <stddef.h>
#include <stdint.h>

/* Runs `rounds` rounds of C4_PEAK_UNROLL steps of all chains and returns a value that depends on
 * all of them. The chains are independent and as many as it takes to hide the latency of an FMA on
 * two units (on four with NEON); their values stay 1. */
typedef float c4_peak_fn(int64_t rounds);

enum { C4_PEAK_UNROLL = 4 };

/* Compiled with the flags of its name; defined where simd/dispatch_peak.c uses it. */
c4_peak_fn c4_peak_avx512, c4_peak_avx2, c4_peak_neon, c4_peak_plain;

/* The sum of `count` values, a multiple of 64, in some order. */
typedef float c4_stream_fn(const float *values, size_t count);

c4_stream_fn c4_stream_avx512, c4_stream_avx2, c4_stream_neon, c4_stream_plain;

#endif
