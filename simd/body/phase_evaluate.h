/* The phases of an evaluation: the bits of phase_forward.h and phase_head.h, but nothing is kept
 * for a backward pass. A convolution's output stays in scratch until it is pooled; a block's pooled
 * output goes to the caller's features when the next block loads it. */
#ifndef C4_SIMD_BODY_PHASE_EVALUATE_H
#define C4_SIMD_BODY_PHASE_EVALUATE_H

#include "simd/body/linear.h"
#include "simd/body/phase_forward.h"
#include "simd/body/phase_head.h"

/* Where an image's pooled output of block b is to go; NULL: nowhere. */
static float *features_of(const struct c4_plan *plan, int b, int image) {
    float *features = plan->features[b];
    return features ? features + (ptrdiff_t)image * (ptrdiff_t)c4_layer_features(b) : NULL;
}

/* --- what follows a convolution --- */

/* One vector of channels of a tile of y. */
struct tile_vector {
    vf bias;
    const float *flip;
    float *y;             /* overwritten if `relu` */
    ptrdiff_t row, pixel; /* floats between rows, between pixels */
    float *selected;      /* of the tile's first window, pixels 64 floats apart */
    ptrdiff_t pooled_row;
    double *sum, *sum_square;
};

/* Bias and ReLU if they come `relu` first, channel sums if `sums`, four pooling windows: what
 * finish_tile() does, without the winners' places. */
INLINE void evaluate_vector(bool relu, bool sums, const struct tile_vector *at) {
    UNROLL for (int i = 0; i < 2; i++) {
        vf v[2][4];
        UNROLL for (int r = 0; r < 2; r++) UNROLL for (int j = 0; j < 4; j++) {
            float *y = at->y + (2 * i + r) * at->row + j * at->pixel;
            v[r][j] = vf_load(y);
            if (!relu) continue;
            v[r][j] = vf_relu(vf_add(v[r][j], at->bias));
            if (sums) vf_store(y, v[r][j]);
        }
        UNROLL for (int j = 0; j < 2; j++) {
            const vf window[4] = {v[0][2 * j], v[0][2 * j + 1], v[1][2 * j], v[1][2 * j + 1]};
            vf_store(at->selected + i * at->pooled_row + j * C, pool_value(true, window, at->flip));
        }
    }
    UNROLL for (int lane = 0; sums && lane < VF_LANES; lane += VD_LANES)
        tile_half_sums(at->y + lane, at->y + lane, at->row, at->pixel, 4, 4, at->sum + lane,
                       at->sum_square + lane);
}

/* The tile at row i, column j of an image: `from` is its first pixel in a map of y, or the
 * `transformed` tile, positions `position` floats apart. */
INLINE void evaluate_tile(bool relu, bool sums, bool transformed, struct c4_plan *plan, int b,
                          int image, int i, int j, float *from, ptrdiff_t position) {
    struct c4_native_block *block = &plan->block[b];
    const ptrdiff_t half = block->side / 2;
    const float *bias = plan->parameters + c4_native_layout.bias[b];
    float *selected = block->selected + ((image * half + i / 2) * half + j / 2) * C;
    double(*sum)[C] = block->sum[slice_of(plan->n, image)];
    _Alignas(64) float tile[16 * VF_LANES];
    for (int c = 0; c < C; c += VF_LANES) {
        if (transformed) transform_output_vector(from + c, position, tile, 4 * VF_LANES, VF_LANES);
        const struct tile_vector at = {.bias = vf_loadu(bias + c),
                                       .flip = block->flip + c,
                                       .y = transformed ? tile : from + c,
                                       .row = transformed ? 4 * VF_LANES : block->side * C,
                                       .pixel = transformed ? VF_LANES : C,
                                       .selected = selected + c,
                                       .pooled_row = half * C,
                                       .sum = sum[0] + c,
                                       .sum_square = sum[1] + c};
        evaluate_vector(relu, sums, &at);
    }
}

/* As evaluate_tile(), compiled for each order and kind of statistics. */
#define EVALUATE_TILE(transformed, ...)                                                            \
    do {                                                                                           \
        const bool relu_first = plan->config.order == C4_RELU_BN;                                  \
        if (relu_first && sums)                                                                    \
            evaluate_tile(true, true, transformed, plan, __VA_ARGS__);                             \
        else if (relu_first)                                                                       \
            evaluate_tile(true, false, transformed, plan, __VA_ARGS__);                            \
        else if (sums)                                                                             \
            evaluate_tile(false, true, transformed, plan, __VA_ARGS__);                            \
        else                                                                                       \
            evaluate_tile(false, false, transformed, plan, __VA_ARGS__);                           \
    } while (0)

static void evaluate_transformed(struct c4_plan *plan, int b, bool sums, int image, int i, int j,
                                 float *m, ptrdiff_t position) {
    EVALUATE_TILE(true, b, image, i, j, m, position);
}

/* Rows [from, end) of an image, a multiple of 4; y points to row `from`. */
static void evaluate_map(struct c4_plan *plan, int b, bool sums, int image, int from, int end,
                         float *y) {
    const int side = plan->block[b].side;
    for (int i = from; i < end; i += 4, y += (ptrdiff_t)4 * side * C)
        for (int j = 0; j < side; j += 4)
            EVALUATE_TILE(false, b, image, i, j, y + (ptrdiff_t)j * C, 0);
}

/* --- what precedes a convolution --- */

/* An image's input of block b, whose rows are made as they are needed. */
struct evaluate_input {
    int b;
    const float *selected; /* of the block below; NULL: conv1 is computed here, from `x` */
    const float *x;        /* its input with a halo of zeros */
    bool exact;            /* halo_is_exact() */
    float *features;       /* a second place for the rows, or NULL */
};

/* Features lie beyond the L2 cache. Their lines are asked for 64 pixels before, or stores would
 * wait for one after the other; the last ones point behind the array. */
INLINE void store_twice(float *to, float *features, vf p) {
    vf_store(to, p);
    if (!features) return;
    vf_storeu(features, p);
    PREFETCH_L2(features + 64 * C);
}

/* Pooled, normalised rows of conv1: row i is at to + i * row and features + i * POOLED * C. */
INLINE void stem_rows(int vecs, bool skip, bool flips, const struct evaluate_input *in,
                      const struct c4_native_block *block, const float *w, int c, int from, int end,
                      float *to, ptrdiff_t row) {
    for (int i = from; i < end; i++)
        for (int j = 0; j < POOLED; j++) {
            float *features = in->features ? in->features + (i * POOLED + j) * C + c : NULL;
            vf acc[4][STEM_VECS];
            stem_chains(vecs, skip, in->x, w + c, i, j, acc);
            UNROLL for (int v = 0; v < vecs; v++) {
                const int at = v * VF_LANES;
                const vf y[4] = {acc[0][v], acc[1][v], acc[2][v], acc[3][v]};
                vf p = bn_relu(true, vf_loadu(block->scale + c + at),
                               pool_value(flips, y, block->flip + c + at),
                               vf_loadu(block->shift + c + at));
                store_twice(to + i * row + j * C + c + at, features ? features + at : NULL, p);
            }
        }
}

INLINE void stem_panel_rows(bool skip, bool flips, const struct evaluate_input *in,
                            const struct c4_native_block *block, const float *w, int from, int end,
                            float *to, ptrdiff_t row) {
    int c = 0;
    for (; c + STEM_VECS * VF_LANES <= C; c += STEM_VECS * VF_LANES)
        stem_rows(STEM_VECS, skip, flips, in, block, w, c, from, end, to, row);
    if (c < C) stem_rows(VECS % STEM_VECS, skip, flips, in, block, w, c, from, end, to, row);
}

static void evaluate_stem_rows(const struct c4_plan *plan, const struct evaluate_input *in,
                               int from, int end, float *to, ptrdiff_t row) {
    const float *w = plan->parameters + c4_native_layout.weight[0];
    const struct c4_native_block *block = &plan->block[0];
    if (!in->exact)
        stem_panel_rows(true, true, in, block, w, from, end, to, row);
    else if (pool_has_flips(block->flip))
        stem_panel_rows(false, true, in, block, w, from, end, to, row);
    else
        stem_panel_rows(false, false, in, block, w, from, end, to, row);
}

INLINE void normalised_rows(bool relu, const struct evaluate_input *in,
                            const struct c4_native_block *below, ptrdiff_t side, int from, int end,
                            float *to, ptrdiff_t row) {
    for (int i = from; i < end; i++)
        for (ptrdiff_t at = 0; at < side * C; at += C)
            UNROLL for (int c = 0; c < C; c += VF_LANES) {
                const ptrdiff_t pixel = i * side * C + at + c;
                vf p = bn_relu(relu, vf_loadu(below->scale + c), vf_load(in->selected + pixel),
                               vf_loadu(below->shift + c));
                store_twice(to + i * row + at + c, in->features ? in->features + pixel : NULL, p);
            }
}

/* Rows [from, end) of the input: row i at to + i * row. */
static void evaluate_rows(const struct c4_plan *plan, const struct evaluate_input *in, int from,
                          int end, float *to, ptrdiff_t row) {
    const struct c4_native_block *below = &plan->block[in->b - 1];
    const ptrdiff_t side = plan->block[in->b].side;
    if (!in->selected)
        evaluate_stem_rows(plan, in, from, end, to, row);
    else if (plan->config.order == C4_BN_RELU)
        normalised_rows(true, in, below, side, from, end, to, row);
    else
        normalised_rows(false, in, below, side, from, end, to, row);
}

static struct evaluate_input input_of(struct c4_plan *plan, struct c4_native_scratch *scratch,
                                      int b, bool exact, int image) {
    struct evaluate_input in = {
        .b = b, .exact = exact, .features = features_of(plan, b - 1, image)};
    if (b == 1 && plan->config.order == C4_BN_RELU) {
        in.x = scratch->x;
        stem_input(bytes_of(plan, image), scratch->x + HALO_ROW + RGB, HALO_ROW);
    } else {
        in.selected = plan->block[b - 1].selected +
                      (ptrdiff_t)image * plan->block[b].side * plan->block[b].side * C;
    }
    return in;
}

/* --- phases --- */

static void evaluate_dense_stem(struct c4_plan *plan, struct c4_native_scratch *scratch, bool exact,
                                bool sums, int image) {
    const struct c4_native_block *block = &plan->block[0];
    const struct dense_stem at = {.x = scratch->x,
                                  .w = plan->parameters + c4_native_layout.weight[0],
                                  .bias = plan->parameters + c4_native_layout.bias[0],
                                  .flip = block->flip,
                                  .y = scratch->dy,
                                  .not_kept = true,
                                  .selected = block->selected + (ptrdiff_t)image * PIXELS / 4 * C,
                                  .sum = sums ? block->sum[slice_of(plan->n, image)] : NULL};
    stem_input(bytes_of(plan, image), scratch->x + HALO_ROW + RGB, HALO_ROW);
    dense_forward(&at, exact);
}

static void phase_evaluate_stem(struct c4_plan *plan, struct c4_native_scratch *scratch, bool batch,
                                int from, int to) {
    int begin = c4_slice_begin(plan->n, from), end = c4_slice_begin(plan->n, to);
    if (plan->config.order == C4_BN_RELU) {
        for (int s = from; batch && s < to; s++) slice_patch_sums(plan, s);
        return;
    }
    if (batch) clear_sums(plan->block[0].sum, from, to);
    const bool exact = halo_is_exact(plan->parameters + c4_native_layout.weight[0]);
    for (int image = begin; image < end; image++)
        evaluate_dense_stem(plan, scratch, exact, batch, image);
}

/* As load_tiles(). */
static void evaluate_load_tiles(const struct c4_plan *plan, struct c4_native_scratch *scratch,
                                const struct evaluate_input *in, ptrdiff_t stride, float *v) {
    const int side = plan->block[in->b].side;
    const ptrdiff_t row = (side + 2) * C;
    for (int i = 0, from = 0; i < side; i += 4) {
        const int end = i + 5 < side ? i + 5 : side;
        evaluate_rows(plan, in, from, end, scratch->activated + row + C, row);
        from = end;
        for (int j = 0; j < side; j += 4, v += C)
            transform_input(scratch->activated + i * row + j * C, row, v, stride);
    }
}

static void evaluate_winograd(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                              bool sums, bool exact, int begin, int end) {
    const struct c4_native_block *block = &plan->block[b];
    const int side = block->side, per_image = side * side / 16, images = group_images(plan, b);
    const ptrdiff_t stride = group_stride(images * per_image);
    float *m = scratch->m;
    for (int first = begin; first < end; first += images) {
        int some = end - first < images ? end - first : images;
        for (int k = 0; k < some; k++) {
            struct evaluate_input in = input_of(plan, scratch, b, exact, first + k);
            evaluate_load_tiles(plan, scratch, &in, stride, m + stride + k * per_image * C);
        }
        gemm_group(some * per_image, stride, block->u, C4_NATIVE_POSITION, prefetches(plan), m);
        for (int k = 0; k < some; k++)
            for (int t = 0; t < per_image; t++)
                evaluate_transformed(plan, b, sums, first + k, t / (side / 4) * 4,
                                     t % (side / 4) * 4, m + (k * per_image + t) * C, stride);
    }
}

static void evaluate_direct(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                            bool sums, bool exact, int begin, int end) {
    const int side = plan->block[b].side, images = group_images(plan, b);
    const float *w = plan->parameters + c4_native_layout.weight[b];
    const ptrdiff_t map = (ptrdiff_t)side * side * C;
    for (int first = begin; first < end; first += images) {
        int some = end - first < images ? end - first : images;
        for (int k = 0; k < some; k++) {
            struct evaluate_input in = input_of(plan, scratch, b, exact, first + k);
            evaluate_rows(plan, &in, 0, side, scratch->activated + k * map, side * C);
        }
        direct_images(some, side, side, C, false, scratch->activated, w, scratch->dy);
        for (int k = 0; k < some; k++)
            evaluate_map(plan, b, sums, first + k, 0, side, scratch->dy + k * map);
    }
}

static void phase_evaluate_block(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                                 bool sums, int from, int to) {
    const int begin = c4_slice_begin(plan->n, from), end = c4_slice_begin(plan->n, to);
    const bool stem = b == 1 && plan->config.order == C4_BN_RELU;
    const bool exact = stem && halo_is_exact(plan->parameters + c4_native_layout.weight[0]);
    if (sums) clear_sums(plan->block[b].sum, from, to);
    if (plan->config.conv == C4_WINOGRAD) {
        clear_halo(scratch, plan->block[b].side);
        evaluate_winograd(plan, scratch, b, sums, exact, begin, end);
    } else {
        evaluate_direct(plan, scratch, b, sums, exact, begin, end);
    }
}

static void phase_evaluate_head(struct c4_plan *plan, int from, int to) {
    enum { TOP = C4_BLOCKS - 1 };
    float *features = plan->features[C4_BLOCKS];
    for (int s = from; s < to; s++) {
        int begin = c4_slice_begin(plan->n, s), n = c4_slice_begin(plan->n, s + 1) - begin;
        ptrdiff_t flat = (ptrdiff_t)begin * C4_FLAT, line = (ptrdiff_t)begin * C4_LOGITS_STRIDE;
        float *pool = plan->features[TOP] ? plan->features[TOP] + flat : plan->pool4 + flat;
        phase_pool(plan, TOP, (int64_t)n * 4, plan->block[TOP].selected + flat, pool);
        linear_fwd(n, pool, plan->parameters + c4_native_layout.linear_weight,
                   plan->parameters + c4_native_layout.linear_bias, plan->logits + line);
        plan->part[s].loss = 0;
        plan->part[s].hits = 0;
        for (int i = begin; i < begin + n; i++) {
            image_loss(plan, &plan->part[s], i, false);
            if (features)
                memcpy(features + (ptrdiff_t)i * C4_CLASSES,
                       plan->logits + (ptrdiff_t)i * C4_LOGITS_STRIDE,
                       C4_CLASSES * sizeof *features);
        }
    }
}

#endif
