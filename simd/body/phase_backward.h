/* The backward phases of a native step: blocks and the dense stem. */
#ifndef C4_SIMD_BODY_PHASE_BACKWARD_H
#define C4_SIMD_BODY_PHASE_BACKWARD_H

#include "simd/body/phase_head.h"
#include "simd/body/stem_dense_back.h"

/* Rebuilds rows [from, end) of one image's dY into dy; both are multiples of 4. */
static void rebuild(struct c4_plan *plan, int b, int image, int from, int end, float *dy) {
    struct c4_native_block *block = &plan->block[b];
    const ptrdiff_t side = block->side, row = side * C;
    const float *y = block->y + image * side * row;
    const bool relu = plan->config.order == C4_RELU_BN;
    for (ptrdiff_t i = from; i < end; i += 2) {
        const ptrdiff_t pooled = (image * side + i) / 2 * row / 2;
        const float *ds = block->ds + pooled;
        const uint8_t *arg = block->arg + pooled;
        float *to = dy + (i - from) * row;
        if (relu)
            rebuild_rows((int)side, true, y + i * row, ds, arg, block->c0, block->c1, block->c2,
                         to);
        else
            rebuild_rows((int)side, false, y + i * row, ds, arg, block->c0, block->c1, block->c2,
                         to);
    }
    if (relu)
        map_sums(end - from, (int)side, dy, dy, block->bias_sum[slice_of(plan->n, image)], NULL);
}

/* An image's dY, rebuilt and transformed, a row of tiles at a time. */
static void load_gradients(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                           int image, ptrdiff_t stride, float *m) {
    const int side = plan->block[b].side;
    for (int i = 0; i < side; i += 4) {
        rebuild(plan, b, image, i, i + 4, scratch->dy);
        for (int j = 0; j < side; j += 4, m += C)
            transform_gradient(scratch->dy + (ptrdiff_t)j * C, side * C, m, stride);
    }
}

/* One image's input channels, in scratch planes with a halo of zeros. */
static const float *load_planes(const struct c4_plan *plan, struct c4_native_scratch *scratch,
                                int image) {
    const uint8_t *bytes = bytes_of(plan, image);
    for (int channel = 0; channel < RGB; channel++)
        for (int i = 0; i < SIDE; i++, bytes += SIDE)
            stem_values(bytes, scratch->planes + channel * CHANNEL_MAP + (i + 1) * CHANNEL_ROW + 1);
    return scratch->planes;
}

/* Passes rows [from, end) of one image's dX, which begin at dx, on to ds of the block below. The
 * bn-relu stem does not keep ds: after its last row, ds goes into conv1's gradient. */
static void pass_down(struct c4_plan *plan, struct c4_native_scratch *scratch, int b, int image,
                      int from, int end, const float *dx, ptrdiff_t row) {
    struct c4_native_block *below = &plan->block[b - 1];
    const ptrdiff_t side = plan->block[b].side, at = image * side * side * C;
    const bool stem = b == 1 && plan->config.order == C4_BN_RELU;
    float *ds = stem ? scratch->ds : below->ds + at;
    mask_rows(plan, b - 1, image, from, end, dx, row, ds + from * side * C);
    if (stem && end == side)
        stem_gradient(load_planes(plan, scratch, image), ds, below->arg + at, scratch->tables,
                      below->dw + (ptrdiff_t)slice_of(plan->n, image) * C4_PATCH * C);
}

/* dX of one image from its transformed tiles. Each row of pixels is passed down as soon as all
 * tiles that reach into it are added. */
static void store_input_gradient(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                                 int image, const float *m, ptrdiff_t stride) {
    const int side = plan->block[b].side;
    const ptrdiff_t row = (side + 2) * C;
    float *dx = scratch->dx + row + C;
    for (int i = 0; i < side; i += 4) {
        for (int j = 0; j < side; j += 4, m += C)
            transform_back(m, stride, i > 0, j > 0, scratch->dx + i * row + j * C, row);
        if (i > 0) pass_down(plan, scratch, b, image, i - 4, i, dx + (i - 4) * row, row);
    }
    pass_down(plan, scratch, b, image, side - 4, side, dx + (side - 4) * row, row);
}

/* Where a slice's weight gradient goes. Slices are added from the left: the thread with slice 0
 * adds its slices directly, the others store theirs separately. */
struct weight_target {
    float *dw;
    bool add;
};

static struct weight_target weight_target(struct c4_plan *plan, int b, int from, int s) {
    float *gradient = plan->gradient + c4_native_layout.weight[b];
    if (from == 0) return (struct weight_target){gradient, s > 0};
    return (struct weight_target){plan->block[b].dw + (ptrdiff_t)s * 9 * C * C, false};
}

/* Both gradients of a group: V is at v, dM one position after m. `prefetch`: prefetches_next(). */
static void group_gradients(const struct c4_native_block *block, struct c4_native_scratch *scratch,
                            int count, ptrdiff_t stride, bool prefetch, bool first) {
    float *v = scratch->v, *m = scratch->m;
    for (int p = 0; p < POSITIONS; p++) {
        const float *ut = block->ut + (ptrdiff_t)p * C4_NATIVE_POSITION;
        float *du = scratch->du + (ptrdiff_t)p * C4_NATIVE_POSITION;
        gemm_at(C, count, v + p * stride, m + (p + 1) * stride, first, du + C4_NATIVE_POSITION, du);
        gemm(count, m + (p + 1) * stride, ut, prefetch ? ut + C4_NATIVE_POSITION : NULL,
             m + p * stride);
    }
}

/* V and dM (one position after m) of images [first, end). */
static void load_group(struct c4_plan *plan, struct c4_native_scratch *scratch, int b, int first,
                       int end, ptrdiff_t stride) {
    const int per_image = plan->block[b].side * plan->block[b].side / 16;
    for (int image = first; image < end; image++) {
        const ptrdiff_t at = (ptrdiff_t)(image - first) * per_image * C;
        load_tiles(plan, scratch, b, image, stride, scratch->v + at);
        load_gradients(plan, scratch, b, image, stride, scratch->m + stride + at);
    }
}

static void store_group(struct c4_plan *plan, struct c4_native_scratch *scratch, int b, int first,
                        int end, ptrdiff_t stride) {
    const int per_image = plan->block[b].side * plan->block[b].side / 16;
    for (int image = first; image < end; image++)
        store_input_gradient(plan, scratch, b, image,
                             scratch->m + (ptrdiff_t)(image - first) * per_image * C, stride);
}

/* Slice s, in one or more groups of tiles. */
static void slice_back_winograd(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                                int from, int s, int images) {
    const struct c4_native_block *block = &plan->block[b];
    const int begin = c4_slice_begin(plan->n, s), end = c4_slice_begin(plan->n, s + 1);
    const int per_image = block->side * block->side / 16;
    const ptrdiff_t stride = group_stride(images * per_image);
    const struct weight_target to = weight_target(plan, b, from, s);
    for (int first = begin; first < end; first += images) {
        const int next = end - first < images ? end : first + images;
        load_group(plan, scratch, b, first, next, stride);
        group_gradients(block, scratch, (next - first) * per_image, stride, prefetches(plan),
                        first == begin);
        store_group(plan, scratch, b, first, next, stride);
    }
    for (int k = 0; k < C; k++)
        transform_weight_gradient(scratch->du + k * C, C4_NATIVE_POSITION, to.add, to.dw + k * C,
                                  C * C);
}

/* The weight gradients of slices [s, end), which form one group: a few input channels at a time, so
 * that their 36 positions stay in the cache until they are transformed, and their target stays
 * there until the next slice. */
static void small_slices_weights(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                                 int from, int s, int end, ptrdiff_t stride) {
    enum { INPUTS = 16, POSITION = INPUTS * C + 16 };
    const int per_image = plan->block[b].side * plan->block[b].side / 16;
    float *du = scratch->du;
    for (int k = 0; k < C; k += INPUTS) {
        const float *v = scratch->v + k, *m = scratch->m + stride;
        for (int slice = s; slice < end; slice++) {
            const struct weight_target to = weight_target(plan, b, from, slice);
            const int count =
                per_image * (c4_slice_begin(plan->n, slice + 1) - c4_slice_begin(plan->n, slice));
            for (int p = 0; p < POSITIONS; p++)
                gemm_at(INPUTS, count, v + p * stride, m + p * stride, true, m + (p + 1) * stride,
                        du + p * POSITION);
            for (int i = 0; i < INPUTS; i++)
                transform_weight_gradient(du + i * C, POSITION, to.add, to.dw + (k + i) * C, C * C);
            v += count * C;
            m += count * C;
        }
    }
}

/* Slices [s, end) as one group: the data gradient's weights are read only once. */
static void small_slices_back(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                              int from, int s, int end, int images) {
    const struct c4_native_block *block = &plan->block[b];
    const int first = c4_slice_begin(plan->n, s), last = c4_slice_begin(plan->n, end);
    const int per_image = block->side * block->side / 16;
    const ptrdiff_t stride = group_stride(images * per_image);
    load_group(plan, scratch, b, first, last, stride);
    small_slices_weights(plan, scratch, b, from, s, end, stride);
    gemm_group((last - first) * per_image, stride, block->ut, C4_NATIVE_POSITION, prefetches(plan),
               scratch->m);
    store_group(plan, scratch, b, first, last, stride);
}

static void block_back_winograd(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                                int from, int to) {
    enum { SMALL = 16 }; /* tiles of a slice; at most a group's */
    const int per_image = plan->block[b].side * plan->block[b].side / 16;
    const int images = group_images(plan, b), length = c4_slice_length(plan->n);
    if (length * per_image > SMALL)
        for (int s = from; s < to; s++) slice_back_winograd(plan, scratch, b, from, s, images);
    else
        for (int s = from, end; s < to; s = end) {
            end = to - s < images / length ? to : s + images / length;
            small_slices_back(plan, scratch, b, from, s, end, images);
        }
}

static void slice_back_direct(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                              int from, int s) {
    const struct c4_native_block *block = &plan->block[b];
    const int begin = c4_slice_begin(plan->n, s), end = c4_slice_begin(plan->n, s + 1);
    const int side = block->side, images = group_images(plan, b);
    const ptrdiff_t map = (ptrdiff_t)side * side * C;
    const struct weight_target to = weight_target(plan, b, from, s);
    float *dw = to.add ? scratch->du : to.dw;
    for (int first = begin; first < end; first += images) {
        int some = end - first < images ? end - first : images;
        for (int k = 0; k < some; k++) {
            activate(plan, b, first + k, 0, side, scratch->activated + k * map, side * C);
            rebuild(plan, b, first + k, 0, side, scratch->dy + k * map);
        }
        direct_weights(some, side, side, C, first == begin, scratch->activated, scratch->dy, dw);
        direct_images(some, side, side, C, true, scratch->dy, block->wt, scratch->dx);
        for (int k = 0; k < some; k++)
            pass_down(plan, scratch, b, first + k, 0, side, scratch->dx + k * map, side * C);
    }
    for (int i = 0; to.add && i < 9 * C * C; i += VF_LANES) add_to(to.dw + i, vf_load(dw + i));
}

static void phase_block_back(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                             int from, int to) {
    clear_sums(plan->block[b - 1].sum, from, to);
    memset(plan->block[b].bias_sum + from, 0,
           (size_t)(to - from) * sizeof *plan->block[b].bias_sum);
    if (b == 1 && plan->config.order == C4_BN_RELU)
        memset(plan->block[0].dw + (ptrdiff_t)from * C4_PATCH * C, 0,
               sizeof(float) * (size_t)(to - from) * C4_PATCH * C);
    if (plan->config.conv == C4_WINOGRAD) {
        clear_halo(scratch, plan->block[b].side);
        block_back_winograd(plan, scratch, b, from, to);
    } else {
        for (int s = from; s < to; s++) slice_back_direct(plan, scratch, b, from, s);
    }
}

static void dense_stem_image_back(struct c4_plan *plan, struct c4_native_scratch *scratch, int s,
                                  int image) {
    struct c4_native_block *block = &plan->block[0];
    const ptrdiff_t map = (ptrdiff_t)image * PIXELS * C;
    const struct dense_back at = {.x = scratch->x,
                                  .y = block->y + map,
                                  .ds = block->ds + map / 4,
                                  .arg = block->arg + map / 4,
                                  .c0 = block->c0,
                                  .c1 = block->c1,
                                  .c2 = block->c2,
                                  .dy = scratch->dy,
                                  .bias_sum = block->bias_sum[s],
                                  .dw = block->dw + (ptrdiff_t)s * C4_PATCH * C};
    stem_input(bytes_of(plan, image), scratch->x + HALO_ROW + RGB, HALO_ROW);
    dense_backward(&at);
}

/* The dense stem of relu-bn: the block above has written ds and its sums. */
static void phase_stem_back(struct c4_plan *plan, struct c4_native_scratch *scratch, int from,
                            int to) {
    struct c4_native_block *block = &plan->block[0];
    memset(block->bias_sum + from, 0, (size_t)(to - from) * sizeof *block->bias_sum);
    memset(block->dw + (ptrdiff_t)from * C4_PATCH * C, 0,
           sizeof(float) * (size_t)(to - from) * C4_PATCH * C);
    for (int s = from; s < to; s++) {
        const int begin = c4_slice_begin(plan->n, s), end = c4_slice_begin(plan->n, s + 1);
        for (int image = begin; image < end; image++)
            dense_stem_image_back(plan, scratch, s, image);
    }
}

#endif
