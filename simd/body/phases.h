/* The phases of a native step (simd/native/native.h), made from the bodies. */
#ifndef C4_SIMD_BODY_PHASES_H
#define C4_SIMD_BODY_PHASES_H

#include "simd/body/direct.h"
#include "simd/body/elementwise.h"
#include "simd/body/linear.h"
#include "simd/body/stem.h"
#include "simd/body/winograd.h"
#include "simd/native/native.h"

/* --- images of slices --- */

static int slice_of(int n, int image) {
    return image / c4_slice_length(n);
}

static void clear_sums(double (*sum)[2][C], int from, int to) {
    memset(sum + from, 0, (size_t)(to - from) * sizeof *sum);
}

/* --- forward: what follows a convolution --- */

/* One finished 4x4 tile of y: bias and ReLU where they come first, channel sums, four windows. */
INLINE void finish_tile(struct c4_plan *plan, int b, float *y, ptrdiff_t row, float *selected,
                        uint8_t *arg, ptrdiff_t pooled_row, double (*sum)[C]) {
    const struct c4_native_block *block = &plan->block[b];
    if (plan->config.order == C4_RELU_BN) {
        const float *bias = plan->parameters + c4_native_layout.bias[b];
        for (int i = 0; i < 4; i++) bias_relu(4, y + i * row, bias, y + i * row);
    }
    if (sum) tile_sums(y, y, row, 4, 4, sum[0], sum[1]);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            pool_window(y + 2 * i * row + 2 * j * C, row, block->flip,
                        selected + i * pooled_row + j * C, arg + i * pooled_row + j * C);
}

/* The tile at row i, column j of an image. */
INLINE void finish_tile_at(struct c4_plan *plan, int b, bool sums, int image, int i, int j) {
    struct c4_native_block *block = &plan->block[b];
    const ptrdiff_t side = block->side, half = side / 2;
    ptrdiff_t pooled = ((image * half + i / 2) * half + j / 2) * C;
    finish_tile(plan, b, block->y + ((image * side + i) * side + j) * C, side * C,
                block->selected + pooled, block->arg + pooled, half * C,
                sums ? block->sum[slice_of(plan->n, image)] : NULL);
}

static void finish_image(struct c4_plan *plan, int b, bool sums, int image) {
    for (int i = 0; i < plan->block[b].side; i += 4)
        for (int j = 0; j < plan->block[b].side; j += 4)
            finish_tile_at(plan, b, sums, image, i, j);
}

/* --- stem --- */

static const uint8_t *bytes_of(const struct c4_plan *plan, int image) {
    return plan->images + (ptrdiff_t)image * C4_IMAGE_BYTES;
}

/* conv1 of bn-relu and its selection: batch norm's statistics are known from the moments. */
static void stem_image(struct c4_plan *plan, struct c4_native_scratch *scratch, int image) {
    struct c4_native_block *block = &plan->block[0];
    const ptrdiff_t pooled = (ptrdiff_t)image * POOLED * POOLED * C;
    stem_input(bytes_of(plan, image), scratch->x);
    stem_select(scratch->x, plan->parameters + c4_native_layout.weight[0], block->flip,
                block->selected + pooled, block->arg + pooled);
}

static void dense_stem_image(struct c4_plan *plan, struct c4_native_scratch *scratch, bool sums,
                             int image) {
    stem_input(bytes_of(plan, image), scratch->x);
    direct_image(SIDE, SIDE, RGB, false, scratch->x,
                 plan->parameters + c4_native_layout.weight[0],
                 plan->block[0].y + (ptrdiff_t)image * PIXELS * C);
    finish_image(plan, 0, sums, image);
}

static void slice_moments(struct c4_plan *plan, int s) {
    struct c4_native_part *part = &plan->part[s];
    memset(part->first, 0, sizeof part->first);
    memset(part->second, 0, sizeof part->second);
    for (int image = c4_slice_begin(plan->n, s); image < c4_slice_begin(plan->n, s + 1); image++)
        stem_moments(bytes_of(plan, image), part->first, part->second);
}

static void phase_stem(struct c4_plan *plan, struct c4_native_scratch *scratch, bool batch,
                       int from, int to) {
    int begin = c4_slice_begin(plan->n, from), end = c4_slice_begin(plan->n, to);
    if (plan->config.order == C4_BN_RELU) {
        for (int s = from; batch && s < to; s++) slice_moments(plan, s);
        return;
    }
    if (batch) clear_sums(plan->block[0].sum, from, to);
    for (int image = begin; image < end; image++) dense_stem_image(plan, scratch, batch, image);
}

/* --- forward: what precedes a convolution --- */

/* Batch norm and ReLU of the block below, for one image: rows `row` floats apart from `to` on. */
static void activate(const struct c4_plan *plan, int b, int image, float *to, ptrdiff_t row) {
    const struct c4_native_block *below = &plan->block[b - 1];
    const ptrdiff_t side = plan->block[b].side;
    const float *selected = below->selected + image * side * side * C;
    for (ptrdiff_t i = 0; i < side; i++)
        if (plan->config.order == C4_BN_RELU)
            bn_apply(side, true, selected + i * side * C, below->scale, below->shift, to + i * row);
        else
            bn_apply(side, false, selected + i * side * C, below->scale, below->shift,
                     to + i * row);
}

/* Images that are worked on together: a group of Winograd tiles, or about 64 pixels. */
static int group_images(const struct c4_plan *plan, int b) {
    int side = plan->block[b].side;
    int images = plan->config.conv == C4_WINOGRAD ? plan->tiles / (side * side / 16)
                                                  : 64 / (side * side);
    return images > 1 ? images : 1;
}

static void clear_halo(struct c4_native_scratch *scratch) {
    memset(scratch->activated, 0,
           sizeof(float) * C4_NATIVE_HALO_SIDE * C4_NATIVE_HALO_SIDE * C);
}

/* An image's tiles, activated and transformed, from tile t of the group on. */
static void load_tiles(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                       int image, ptrdiff_t stride, float *v) {
    const int side = plan->block[b].side;
    const ptrdiff_t row = (side + 2) * C;
    activate(plan, b, image, scratch->activated + row + C, row);
    for (int i = 0; i < side; i += 4)
        for (int j = 0; j < side; j += 4, v += C)
            transform_input(scratch->activated + i * row + j * C, row, v, stride);
}

static void block_winograd(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                           bool sums, int begin, int end) {
    const struct c4_native_block *block = &plan->block[b];
    const int side = block->side, per_image = side * side / 16, images = group_images(plan, b);
    const ptrdiff_t stride = group_stride(images * per_image);
    const bool stem = b == 1 && plan->config.order == C4_BN_RELU;
    float *m = scratch->m;
    for (int first = begin; first < end; first += images) {
        int some = end - first < images ? end - first : images;
        for (int k = 0; k < some; k++) {
            if (stem) stem_image(plan, scratch, first + k);
            load_tiles(plan, scratch, b, first + k, stride, m + stride + k * per_image * C);
        }
        multiply_group(some * per_image, stride, block->u, C4_NATIVE_POSITION, m);
        for (int k = 0; k < some; k++)
            for (int t = 0; t < per_image; t++) {
                int i = t / (side / 4) * 4, j = t % (side / 4) * 4;
                ptrdiff_t at = (((ptrdiff_t)(first + k) * side + i) * side + j) * C;
                transform_output(m + (k * per_image + t) * C, stride, block->y + at, side * C);
                finish_tile_at(plan, b, sums, first + k, i, j);
            }
    }
}

static void block_direct(struct c4_plan *plan, struct c4_native_scratch *scratch, int b, bool sums,
                         int begin, int end) {
    const struct c4_native_block *block = &plan->block[b];
    const int side = block->side;
    const float *w = plan->parameters + c4_native_layout.weight[b];
    for (int image = begin; image < end; image++) {
        if (b == 1 && plan->config.order == C4_BN_RELU) stem_image(plan, scratch, image);
        activate(plan, b, image, scratch->activated, side * C);
        direct_image(side, side, C, false, scratch->activated, w,
                     block->y + (ptrdiff_t)image * side * side * C);
        finish_image(plan, b, sums, image);
    }
}

static void phase_block(struct c4_plan *plan, struct c4_native_scratch *scratch, int b, bool sums,
                        int from, int to) {
    int begin = c4_slice_begin(plan->n, from), end = c4_slice_begin(plan->n, to);
    if (sums) clear_sums(plan->block[b].sum, from, to);
    if (plan->config.conv == C4_WINOGRAD) {
        clear_halo(scratch);
        block_winograd(plan, scratch, b, sums, begin, end);
    } else {
        block_direct(plan, scratch, b, sums, begin, end);
    }
}

/* --- head --- */

/* ds of one map behind pooling and ReLU, from dp; its sums. dp may be ds; rows of dp are `row`
 * floats apart. */
static void mask_image(struct c4_plan *plan, int b, int image, const float *dp, ptrdiff_t row,
                       float *ds) {
    struct c4_native_block *block = &plan->block[b];
    const int half = block->side / 2;
    const float *selected = block->selected + (ptrdiff_t)image * half * half * C;
    const bool masked = plan->config.order == C4_BN_RELU;
    for (int i = 0; i < half; i++)
        for (int j = 0; j < half; j++)
            for (int c = 0; c < C; c += VF_LANES) {
                ptrdiff_t pixel = ((ptrdiff_t)i * half + j) * C + c;
                vf d = vf_load(dp + i * row + j * C + c);
                vf p = vf_fma(vf_loadu(block->scale + c), vf_load(selected + pixel),
                              vf_loadu(block->shift + c));
                if (masked) d = vf_select(vf_gt(p, vf_zero()), d, vf_zero());
                vf_store(ds + pixel, d);
            }
    double (*sum)[C] = block->sum[slice_of(plan->n, image)];
    map_sums(half, half, ds, selected, sum[0], sum[1]);
}

static void phase_pool(const struct c4_plan *plan, int b, int64_t pixels, const float *selected,
                       float *pool) {
    const struct c4_native_block *block = &plan->block[b];
    const bool relu = plan->config.order == C4_BN_RELU;
    for (int64_t i = 0; i < pixels * C; i += C)
        for (int c = 0; c < C; c += VF_LANES)
            vf_storeu(pool + i + c,
                      bn_relu(relu, vf_loadu(block->scale + c), vf_loadu(selected + i + c),
                              vf_loadu(block->shift + c)));
}

/* Loss, hits and the gradient of one image's logits. */
static void image_loss(struct c4_plan *plan, struct c4_native_part *part, int image,
                       bool gradients) {
    const float *logits = plan->logits + image * C4_LOGITS_STRIDE;
    double wide[C4_CLASSES], d[C4_CLASSES];
    int hit;
    for (int o = 0; o < C4_CLASSES; o++) wide[o] = (double)logits[o];
    part->loss +=
        c4_softmax_xent(wide, plan->labels[image], plan->n, gradients ? d : NULL, &hit);
    part->hits += hit;
    for (int o = 0; gradients && o < C4_CLASSES; o++)
        plan->d_logits[image * C4_LOGITS_STRIDE + o] = (float)d[o];
}

static void phase_head(struct c4_plan *plan, bool gradients, int from, int to) {
    enum { TOP = C4_BLOCKS - 1, PART = (C4_FLAT + 1) * C4_LOGITS_STRIDE };
    if (gradients) clear_sums(plan->block[TOP].sum, from, to);
    for (int s = from; s < to; s++) {
        int begin = c4_slice_begin(plan->n, s), n = c4_slice_begin(plan->n, s + 1) - begin;
        ptrdiff_t flat = (ptrdiff_t)begin * C4_FLAT, line = (ptrdiff_t)begin * C4_LOGITS_STRIDE;
        phase_pool(plan, TOP, (int64_t)n * 4, plan->block[TOP].selected + flat, plan->pool4 + flat);
        linear_fwd(n, plan->pool4 + flat, plan->parameters + c4_native_layout.linear_weight,
                   plan->parameters + c4_native_layout.linear_bias, plan->logits + line);
        plan->part[s].loss = 0;
        plan->part[s].hits = 0;
        for (int i = 0; i < n; i++) image_loss(plan, &plan->part[s], begin + i, gradients);
        if (!gradients) continue;
        float *dw = plan->linear_dw + (ptrdiff_t)s * PART, *ds = plan->block[TOP].ds + flat;
        linear_bwd_data(n, plan->d_logits + line, plan->linear_wt, ds);
        linear_bwd_weights(n, plan->pool4 + flat, plan->d_logits + line, dw,
                           dw + C4_FLAT * C4_LOGITS_STRIDE);
        for (int i = 0; i < n; i++)
            mask_image(plan, TOP, begin + i, ds + i * C4_FLAT, 2 * C, ds + i * C4_FLAT);
    }
}

/* --- backward --- */

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

/* From dX of one image to ds of the block below, and in the bn-relu stem at once to conv1's gradient:
 * there ds is not kept. */
static void pass_down(struct c4_plan *plan, struct c4_native_scratch *scratch, int b, int image,
                      const float *dx, ptrdiff_t row) {
    struct c4_native_block *below = &plan->block[b - 1];
    const ptrdiff_t at = (ptrdiff_t)image * plan->block[b].side * plan->block[b].side * C;
    if (b > 1 || plan->config.order == C4_RELU_BN) {
        mask_image(plan, b - 1, image, dx, row, below->ds + at);
        return;
    }
    mask_image(plan, 0, image, dx, row, scratch->ds);
    stem_input(bytes_of(plan, image), scratch->x);
    stem_gradient(scratch->x, scratch->ds, below->arg + at, scratch->tables,
                  below->dw + (ptrdiff_t)slice_of(plan->n, image) * C4_PATCH * C);
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
        for (int k = 0; k < some; k++) {
            direct_image(side, side, C, true, scratch->dy + k * map, block->wt, scratch->dx);
            pass_down(plan, scratch, b, first + k, scratch->dx, side * C);
        }
    }
    for (int i = 0; to.add && i < 9 * C * C; i += VF_LANES) add_to(to.dw + i, vf_load(dw + i));
}

static void phase_block_back(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                             int from, int to) {
    clear_sums(plan->block[b - 1].sum, from, to);
    memset(plan->block[b].bias_sum + from, 0, (size_t)(to - from) * sizeof *plan->block[b].bias_sum);
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
            stem_input(bytes_of(plan, image), scratch->x);
            rebuild_image(plan, 0, image, scratch->dy);
            direct_weights(1, SIDE, SIDE, RGB, image == begin, scratch->x, scratch->dy,
                           block->dw + (ptrdiff_t)s * C4_PATCH * C);
        }
    }
}

/* --- update --- */

static void phase_add_parts(size_t count, int parts, const float *part, size_t stride,
                            float *gradient) {
    for (size_t i = 0; i < count; i += VF_LANES) {
        vf sum = vf_loadu(gradient + i);
        for (int s = 0; s < parts; s++)
            sum = vf_add(sum, vf_loadu(part + (size_t)s * stride + i));
        vf_storeu(gradient + i, sum);
    }
}

/* Output channels are transposed together so that a cache line of each row is read once. */
enum { PACKED = C4_NATIVE_PACKED };

static void transpose_channels(const float *w, int k, float wt[PACKED][9 * C]) {
    for (int tap = 0; tap < 9; tap++)
        for (int ci = 0; ci < C; ci++) {
            const float *row = w + (tap * C + ci) * C + k;
            for (int i = 0; i < PACKED; i++) wt[i][tap * C + ci] = row[i];
        }
}

/* Sixteen channels from k on. */
static void pack_channels(const struct c4_native_block *block, const float *w, int k) {
    _Alignas(64) float wt[PACKED][9 * C];
    transpose_channels(w, k, wt);
    if (block->u) {
        transform_weights(PACKED, w + k * C, C * C, C, block->u + k * C, C4_NATIVE_POSITION);
        transform_weights(PACKED, wt[0], C, 9 * C, block->ut + k * C, C4_NATIVE_POSITION);
        return;
    }
    for (int tap = 0; tap < 9; tap++)
        for (int i = 0; i < PACKED; i++)
            memcpy(block->wt + (tap * C + k + i) * C, wt[i] + tap * C, C * sizeof *w);
}

static void phase_pack(struct c4_plan *plan, int b, int from, int to) {
    const float *w = plan->parameters + c4_native_layout.weight[b];
    for (int k = from; k < to; k += PACKED) pack_channels(&plan->block[b], w, k);
}

static const struct c4_native_phases phases = {
    .stem = phase_stem,
    .block = phase_block,
    .head = phase_head,
    .block_back = phase_block_back,
    .stem_back = phase_stem_back,
    .add_parts = phase_add_parts,
    .sgd = sgd,
    .pack = phase_pack,
    .pool = phase_pool,
};

static enum c4_status create(const struct c4_plan_config *config, struct c4_plan **plan) {
    return c4_native_create(config, &phases, plan);
}

static const struct c4_step_api step_api = {
    .create = create,
    .destroy = c4_native_destroy,
    .load = c4_native_load,
    .store = c4_native_store,
    .step = c4_native_step,
    .evaluate = c4_native_evaluate,
    .read = c4_native_read,
};

#endif
