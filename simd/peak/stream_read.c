/* Reads memory in order with the widest vectors that the compiler flags allow. */
#include "simd/peak/peak.h"

typedef float block __attribute__((vector_size(64), aligned(4), may_alias));

enum { CHAINS = 4, LANES = 16 };

float C4_STREAM_NAME(const float *values, size_t count) {
    block sum[CHAINS] = {{0}};
    for (size_t i = 0; i + CHAINS * LANES <= count; i += CHAINS * LANES)
#pragma GCC unroll 4
        for (int c = 0; c < CHAINS; c++) sum[c] += *(const block *)(values + i + c * LANES);
    float all = 0;
    for (int c = 0; c < CHAINS; c++)
        for (int lane = 0; lane < LANES; lane++) all += sum[c][lane];
    return all;
}
