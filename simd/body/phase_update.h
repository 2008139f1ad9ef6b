/* The update of a native step: slices added, weights packed for the next step. */
#ifndef C4_SIMD_BODY_PHASE_UPDATE_H
#define C4_SIMD_BODY_PHASE_UPDATE_H

#include "simd/body/elementwise.h"
#include "simd/body/winograd.h"
#include "simd/native/native.h"

static void phase_add_parts(size_t count, int parts, const float *part, size_t stride,
                            float *gradient) {
    for (size_t i = 0; i < count; i += VF_LANES) {
        vf sum = vf_loadu(gradient + i);
        for (int s = 0; s < parts; s++) sum = vf_add(sum, vf_loadu(part + (size_t)s * stride + i));
        vf_storeu(gradient + i, sum);
    }
}

/* Output channels are transposed together so that a cache line of each row is read once. */
enum { PACKED = C4_NATIVE_PACKED };
_Static_assert(PACKED % VF_LANES == 0, "channels are transposed by squares of vectors");

static void transpose_channels(const float *w, int k, float (*wt)[9 * C]) {
    for (int at = 0; at < 9 * C; at += VF_LANES)
        for (int i = 0; i < PACKED; i += VF_LANES) {
            vf square[VF_LANES];
            UNROLL for (int j = 0; j < VF_LANES; j++) square[j] = vf_load(w + (at + j) * C + k + i);
            vf_transpose(square);
            UNROLL for (int j = 0; j < VF_LANES; j++) vf_store(wt[i + j] + at, square[j]);
        }
}

/* Half of a piece: the block's weights as its forward convolution reads them, of input channels k
 * to k + 15, or as the backward one does, of those output channels. */
static void phase_pack(struct c4_plan *plan, struct c4_native_scratch *scratch, int b, int k,
                       bool transposed) {
    const struct c4_native_block *block = &plan->block[b];
    const float *w = plan->parameters + c4_native_layout.weight[b];
    float(*wt)[9 * C] = (float(*)[9 * C]) scratch->wt;
    if (!transposed) {
        if (block->u)
            transform_weights(PACKED, w + k * C, C * C, C, block->u + k * C, C4_NATIVE_POSITION);
        return;
    }
    transpose_channels(w, k, wt);
    if (block->ut) {
        transform_weights(PACKED, wt[0], C, 9 * C, block->ut + k * C, C4_NATIVE_POSITION);
        return;
    }
    for (int tap = 0; tap < 9; tap++)
        for (int i = 0; i < PACKED; i++)
            memcpy(block->wt + (tap * C + k + i) * C, wt[i] + tap * C, C * sizeof *w);
}

#endif
