/* The forward phases of a native step: stem and blocks. */
#ifndef C4_SIMD_BODY_PHASE_FORWARD_H
#define C4_SIMD_BODY_PHASE_FORWARD_H

#include "simd/body/direct.h"
#include "simd/body/elementwise.h"
#include "simd/body/patch_sums.h"
#include "simd/body/stem_dense.h"
#include "simd/body/winograd.h"
#include "simd/native/native.h"

_Static_assert((int)C4_NATIVE_TABLE_FLOATS == (int)TABLES_FLOATS, "scratch of stem_gradient()");
_Static_assert((int)C4_NATIVE_IMAGE_FLOATS == RGB * CHANNEL_MAP, "scratch of load_planes()");
_Static_assert((int)C4_NATIVE_IMAGE_FLOATS == (SIDE + 2) * HALO_ROW, "scratch of stem_image()");

/* --- images of slices --- */

static int slice_of(int n, int image) {
    return image / c4_slice_length(n);
}

static bool prefetches(const struct c4_plan *plan) {
    return prefetches_next((int64_t)plan->config.caches.l1d_bytes);
}

static void clear_sums(double (*sum)[2][C], int from, int to) {
    memset(sum + from, 0, (size_t)(to - from) * sizeof *sum);
}

/* --- forward: what follows a convolution --- */

/* Finishes a 4x4 tile of y: bias and ReLU if they come first, channel sums, four pooling
 * windows. */
INLINE void finish_tile(struct c4_plan *plan, int b, float *y, ptrdiff_t row, float *selected,
                        uint8_t *arg, ptrdiff_t pooled_row, double (*sum)[C]) {
    const struct c4_native_block *block = &plan->block[b];
    if (plan->config.order == C4_RELU_BN) {
        const float *bias = plan->parameters + c4_native_layout.bias[b];
        for (int i = 0; i < 4; i++) bias_relu(4, y + i * row, bias, y + i * row);
    }
    tile_sums(y, y, row, 4, 4, sum[0], sum[1]);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            pool_window(y + 2 * i * row + 2 * j * C, row, block->flip,
                        selected + i * pooled_row + j * C, arg + i * pooled_row + j * C);
}

/* The tile at row i, column j of an image. */
INLINE void finish_tile_at(struct c4_plan *plan, int b, int image, int i, int j) {
    struct c4_native_block *block = &plan->block[b];
    const ptrdiff_t side = block->side, half = side / 2;
    ptrdiff_t pooled = ((image * half + i / 2) * half + j / 2) * C;
    finish_tile(plan, b, block->y + ((image * side + i) * side + j) * C, side * C,
                block->selected + pooled, block->arg + pooled, half * C,
                block->sum[slice_of(plan->n, image)]);
}

static void finish_image(struct c4_plan *plan, int b, int image) {
    for (int i = 0; i < plan->block[b].side; i += 4)
        for (int j = 0; j < plan->block[b].side; j += 4) finish_tile_at(plan, b, image, i, j);
}

/* --- stem --- */

static const uint8_t *bytes_of(const struct c4_plan *plan, int image) {
    return plan->images + (ptrdiff_t)image * C4_IMAGE_BYTES;
}

/* conv1 of bn-relu and its selection: batch norm's statistics come from the patch sums. */
static void stem_image(struct c4_plan *plan, struct c4_native_scratch *scratch, bool exact,
                       int image) {
    struct c4_native_block *block = &plan->block[0];
    const ptrdiff_t pooled = (ptrdiff_t)image * POOLED * POOLED * C;
    stem_input(bytes_of(plan, image), scratch->x + HALO_ROW + RGB, HALO_ROW);
    stem_select(scratch->x, plan->parameters + c4_native_layout.weight[0], exact, block->flip,
                block->selected + pooled, block->arg + pooled);
}

static void dense_stem_image(struct c4_plan *plan, struct c4_native_scratch *scratch, bool exact,
                             int image) {
    struct c4_native_block *block = &plan->block[0];
    const ptrdiff_t map = (ptrdiff_t)image * PIXELS * C;
    const struct dense_stem at = {.x = scratch->x,
                                  .w = plan->parameters + c4_native_layout.weight[0],
                                  .bias = plan->parameters + c4_native_layout.bias[0],
                                  .flip = block->flip,
                                  .y = block->y + map,
                                  .selected = block->selected + map / 4,
                                  .arg = block->arg + map / 4,
                                  .sum = block->sum[slice_of(plan->n, image)]};
    stem_input(bytes_of(plan, image), scratch->x + HALO_ROW + RGB, HALO_ROW);
    dense_forward(&at, exact);
}

static void slice_patch_sums(struct c4_plan *plan, int s) {
    const int begin = c4_slice_begin(plan->n, s), end = c4_slice_begin(plan->n, s + 1);
    struct c4_native_part *part = &plan->part[s];
    if (plan->patch_sums) {
        patch_sums_add_kept(end - begin, plan->patch_sums + (ptrdiff_t)begin * C4_PATCH_SUMS,
                            part->first, part->second);
        return;
    }
    struct patch_sums sums = {0};
    for (int image = begin; image < end; image++) patch_sums_add(bytes_of(plan, image), &sums);
    patch_sums_finish(&sums, part->first, part->second);
}

static void phase_stem(struct c4_plan *plan, struct c4_native_scratch *scratch, int from, int to) {
    int begin = c4_slice_begin(plan->n, from), end = c4_slice_begin(plan->n, to);
    if (plan->config.order == C4_BN_RELU) {
        for (int s = from; s < to; s++) slice_patch_sums(plan, s);
        return;
    }
    clear_sums(plan->block[0].sum, from, to);
    const bool exact = halo_is_exact(plan->parameters + c4_native_layout.weight[0]);
    for (int image = begin; image < end; image++) dense_stem_image(plan, scratch, exact, image);
}

/* --- forward: what precedes a convolution --- */

/* Batch norm and ReLU of the block below, rows [from, end) of one image: row i is at
 * to + i * row. */
static void activate(const struct c4_plan *plan, int b, int image, int from, int end, float *to,
                     ptrdiff_t row) {
    const struct c4_native_block *below = &plan->block[b - 1];
    const ptrdiff_t side = plan->block[b].side;
    const float *selected = below->selected + image * side * side * C;
    for (ptrdiff_t i = from; i < end; i++)
        if (plan->config.order == C4_BN_RELU)
            bn_apply(side, true, selected + i * side * C, below->scale, below->shift, to + i * row);
        else
            bn_apply(side, false, selected + i * side * C, below->scale, below->shift,
                     to + i * row);
}

/* Images processed together: a group of Winograd tiles, or about 128 pixels. */
static int group_images(const struct c4_plan *plan, int b) {
    int side = plan->block[b].side;
    int images =
        plan->config.conv == C4_WINOGRAD ? plan->tiles / (side * side / 16) : 128 / (side * side);
    return images > 1 ? images : 1;
}

/* The border of an input with `side` rows; what is inside is written for each image. */
static void clear_halo(struct c4_native_scratch *scratch, int side) {
    const size_t pixel_bytes = sizeof(float) * C, row_bytes = (size_t)(side + 2) * pixel_bytes;
    const ptrdiff_t row = (side + 2) * C;
    float *first = scratch->activated, *last = first + (side + 1) * row;
    memset(first, 0, row_bytes);
    for (float *at = first + row; at < last; at += row) {
        memset(at, 0, pixel_bytes);
        memset(at + row - C, 0, pixel_bytes);
    }
    memset(last, 0, row_bytes);
}

/* An image's tiles, activated and transformed into v: a row of tiles at a time, while its pixels
 * are in the L1 cache. */
static void load_tiles(struct c4_plan *plan, struct c4_native_scratch *scratch, int b, int image,
                       ptrdiff_t stride, float *v) {
    const int side = plan->block[b].side;
    const ptrdiff_t row = (side + 2) * C;
    for (int i = 0, from = 0; i < side; i += 4) {
        const int end = i + 5 < side ? i + 5 : side;
        activate(plan, b, image, from, end, scratch->activated + row + C, row);
        from = end;
        for (int j = 0; j < side; j += 4, v += C)
            transform_input(scratch->activated + i * row + j * C, row, v, stride);
    }
}

static void block_winograd(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                           int begin, int end) {
    const struct c4_native_block *block = &plan->block[b];
    const int side = block->side, per_image = side * side / 16, images = group_images(plan, b);
    const ptrdiff_t stride = group_stride(images * per_image);
    const bool stem = b == 1 && plan->config.order == C4_BN_RELU;
    const bool exact = stem && halo_is_exact(plan->parameters + c4_native_layout.weight[0]);
    float *m = scratch->m;
    for (int first = begin; first < end; first += images) {
        int some = end - first < images ? end - first : images;
        for (int k = 0; k < some; k++) {
            if (stem) stem_image(plan, scratch, exact, first + k);
            load_tiles(plan, scratch, b, first + k, stride, m + stride + k * per_image * C);
        }
        gemm_group(some * per_image, stride, block->u, C4_NATIVE_POSITION, prefetches(plan), m);
        for (int k = 0; k < some; k++)
            for (int t = 0; t < per_image; t++) {
                int i = t / (side / 4) * 4, j = t % (side / 4) * 4;
                ptrdiff_t at = (((ptrdiff_t)(first + k) * side + i) * side + j) * C;
                transform_output(m + (k * per_image + t) * C, stride, block->y + at, side * C);
                finish_tile_at(plan, b, first + k, i, j);
            }
    }
}

static void block_direct(struct c4_plan *plan, struct c4_native_scratch *scratch, int b, int begin,
                         int end) {
    const struct c4_native_block *block = &plan->block[b];
    const int side = block->side;
    const float *w = plan->parameters + c4_native_layout.weight[b];
    const bool stem = b == 1 && plan->config.order == C4_BN_RELU;
    const bool exact = stem && halo_is_exact(plan->parameters + c4_native_layout.weight[0]);
    const int images = group_images(plan, b);
    const ptrdiff_t map = (ptrdiff_t)side * side * C;
    for (int first = begin; first < end; first += images) {
        int some = end - first < images ? end - first : images;
        for (int k = 0; k < some; k++) {
            if (stem) stem_image(plan, scratch, exact, first + k);
            activate(plan, b, first + k, 0, side, scratch->activated + k * map, side * C);
        }
        direct_images(some, side, side, C, false, scratch->activated, w, block->y + first * map);
        for (int k = 0; k < some; k++) finish_image(plan, b, first + k);
    }
}

static void phase_block(struct c4_plan *plan, struct c4_native_scratch *scratch, int b, int from,
                        int to) {
    int begin = c4_slice_begin(plan->n, from), end = c4_slice_begin(plan->n, to);
    clear_sums(plan->block[b].sum, from, to);
    if (plan->config.conv == C4_WINOGRAD) {
        clear_halo(scratch, plan->block[b].side);
        block_winograd(plan, scratch, b, begin, end);
    } else {
        block_direct(plan, scratch, b, begin, end);
    }
}

#endif
