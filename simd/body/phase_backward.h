/* The backward phases of a native step: blocks and the dense stem. */
#ifndef C4_SIMD_BODY_PHASE_BACKWARD_H
#define C4_SIMD_BODY_PHASE_BACKWARD_H

#include "simd/body/phase_head.h"

/* dY of one image, rebuilt. */
static void rebuild_image(struct c4_plan *plan, int b, int image, float *dy) {
    struct c4_native_block *block = &plan->block[b];
    const ptrdiff_t side = block->side, row = side * C;
    const float *y = block->y + image * side * row;
    ptrdiff_t pooled = image * side / 2 * row / 2;
    for (ptrdiff_t i = 0; i < side; i += 2, pooled += row / 2)
        if (plan->config.order == C4_RELU_BN)
            rebuild_rows((int)side, true, y + i * row, block->ds + pooled, block->arg + pooled,
                         block->c0, block->c1, block->c2, dy + i * row);
        else
            rebuild_rows((int)side, false, y + i * row, block->ds + pooled, block->arg + pooled,
                         block->c0, block->c1, block->c2, dy + i * row);
    if (plan->config.order == C4_RELU_BN) {
        double square[C] = {0}; /* not needed */
        map_sums((int)side, (int)side, dy, dy, block->bias_sum[slice_of(plan->n, image)], square);
    }
}

/* An image's dY, rebuilt and transformed. */
static void load_gradients(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                           int image, ptrdiff_t stride, float *m) {
    const int side = plan->block[b].side;
    rebuild_image(plan, b, image, scratch->dy);
    for (int i = 0; i < side; i += 4)
        for (int j = 0; j < side; j += 4, m += C)
            transform_gradient(scratch->dy + ((ptrdiff_t)i * side + j) * C, side * C, m, stride);
}

/* From dX of one image to ds of the block below, and in the bn-relu stem at once to conv1's
 * gradient: there ds is not kept. */
static void pass_down(struct c4_plan *plan, struct c4_native_scratch *scratch, int b, int image,
                      const float *dx, ptrdiff_t row) {
    struct c4_native_block *below = &plan->block[b - 1];
    const ptrdiff_t at = (ptrdiff_t)image * plan->block[b].side * plan->block[b].side * C;
    if (b > 1 || plan->config.order == C4_RELU_BN) {
        mask_image(plan, b - 1, image, dx, row, below->ds + at);
        return;
    }
    mask_image(plan, 0, image, dx, row, scratch->ds);
    stem_gradient(load_image(plan, scratch, image), HALO_ROW, scratch->ds, below->arg + at,
                  scratch->tables, below->dw + (ptrdiff_t)slice_of(plan->n, image) * C4_PATCH * C);
}

/* dX of one image from its transformed tiles, then what lies below. */
static void store_input_gradient(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                                 int image, const float *m, ptrdiff_t stride) {
    const int side = plan->block[b].side;
    const ptrdiff_t row = (side + 2) * C;
    memset(scratch->dx, 0, sizeof(float) * (size_t)row * (size_t)(side + 2));
    for (int i = 0; i < side; i += 4)
        for (int j = 0; j < side; j += 4, m += C)
            transform_back(m, stride, scratch->dx + i * row + j * C, row);
    pass_down(plan, scratch, b, image, scratch->dx + row + C, row);
}

/* Where a slice's weight gradient goes. Slices are added from the left: the thread that has slice 0
 * adds its slices at once, the others keep theirs apart. */
struct weight_target {
    float *dw;
    bool add;
};

static struct weight_target weight_target(struct c4_plan *plan, int b, int from, int s) {
    float *gradient = plan->gradient + c4_native_layout.weight[b];
    if (from == 0) return (struct weight_target){gradient, s > 0};
    return (struct weight_target){plan->block[b].dw + (ptrdiff_t)s * 9 * C * C, false};
}

/* The weight gradient of a slice whose tiles are one small group: some input channels at a time, so
 * that their 36 positions stay in the cache until they are transformed. */
static void small_slice_weights(int count, ptrdiff_t stride, const float *v, const float *m,
                                float *du, struct weight_target to) {
    enum { INPUTS = 16, POSITION = INPUTS * C + 16 };
    for (int k = 0; k < C; k += INPUTS) {
        for (int p = 0; p < POSITIONS; p++)
            outer(INPUTS, count, v + p * stride + k, m + p * stride, true, m + (p + 1) * stride,
                  du + p * POSITION);
        for (int i = 0; i < INPUTS; i++)
            transform_weight_gradient(du + i * C, POSITION, to.add, to.dw + (k + i) * C, C * C);
    }
}

/* Both gradients of a group: V lies at v, dM one position behind m. */
static void group_gradients(const struct c4_native_block *block, struct c4_native_scratch *scratch,
                            int count, ptrdiff_t stride, bool first) {
    float *v = scratch->v, *m = scratch->m;
    for (int p = 0; p < POSITIONS; p++) {
        const float *ut = block->ut + (ptrdiff_t)p * C4_NATIVE_POSITION;
        float *du = scratch->du + (ptrdiff_t)p * C4_NATIVE_POSITION;
        outer(C, count, v + p * stride, m + (p + 1) * stride, first, du + C4_NATIVE_POSITION, du);
        multiply(count, m + (p + 1) * stride, ut, ut + C4_NATIVE_POSITION, m + p * stride);
    }
}

static void slice_back_winograd(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                                int from, int s) {
    enum { SMALL = 16 };
    const struct c4_native_block *block = &plan->block[b];
    const int begin = c4_slice_begin(plan->n, s), end = c4_slice_begin(plan->n, s + 1);
    const int per_image = block->side * block->side / 16, images = group_images(plan, b);
    const bool small = end - begin <= images && (end - begin) * per_image <= SMALL;
    const ptrdiff_t stride = group_stride(images * per_image);
    const struct weight_target to = weight_target(plan, b, from, s);
    float *v = scratch->v, *m = scratch->m;
    for (int first = begin; first < end; first += images) {
        int some = end - first < images ? end - first : images, count = some * per_image;
        for (int k = 0; k < some; k++) {
            load_tiles(plan, scratch, b, first + k, stride, v + k * per_image * C);
            load_gradients(plan, scratch, b, first + k, stride, m + stride + k * per_image * C);
        }
        if (small) {
            small_slice_weights(count, stride, v, m + stride, scratch->du, to);
            multiply_group(count, stride, block->ut, C4_NATIVE_POSITION, m);
        } else {
            group_gradients(block, scratch, count, stride, first == begin);
        }
        for (int k = 0; k < some; k++)
            store_input_gradient(plan, scratch, b, first + k, m + k * per_image * C, stride);
    }
    for (int k = 0; !small && k < C; k++)
        transform_weight_gradient(scratch->du + k * C, C4_NATIVE_POSITION, to.add, to.dw + k * C,
                                  C * C);
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
            activate(plan, b, first + k, scratch->activated + k * map, side * C);
            rebuild_image(plan, b, first + k, scratch->dy + k * map);
        }
        direct_weights(some, side, side, C, first == begin, scratch->activated, scratch->dy, dw);
        direct_images(some, side, side, C, true, scratch->dy, block->wt, scratch->dx);
        for (int k = 0; k < some; k++)
            pass_down(plan, scratch, b, first + k, scratch->dx + k * map, side * C);
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
    if (plan->config.conv == C4_WINOGRAD) clear_halo(scratch);
    for (int s = from; s < to; s++)
        if (plan->config.conv == C4_WINOGRAD)
            slice_back_winograd(plan, scratch, b, from, s);
        else
            slice_back_direct(plan, scratch, b, from, s);
}

/* The dense stem of relu-bn: the block above has left ds and its sums. */
static void phase_stem_back(struct c4_plan *plan, struct c4_native_scratch *scratch, int from,
                            int to) {
    struct c4_native_block *block = &plan->block[0];
    memset(block->bias_sum + from, 0, (size_t)(to - from) * sizeof *block->bias_sum);
    for (int s = from; s < to; s++) {
        const int begin = c4_slice_begin(plan->n, s), end = c4_slice_begin(plan->n, s + 1);
        for (int image = begin; image < end; image++) {
            stem_input(bytes_of(plan, image), scratch->x, SIDE * RGB);
            rebuild_image(plan, 0, image, scratch->dy);
            direct_weights(1, SIDE, SIDE, RGB, image == begin, scratch->x, scratch->dy,
                           block->dw + (ptrdiff_t)s * C4_PATCH * C);
        }
    }
}

#endif
