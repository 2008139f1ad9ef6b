/* The op slots of a native backend, on canonical layouts (contracts: core/op). */
#ifndef C4_SIMD_BODY_SLOTS_H
#define C4_SIMD_BODY_SLOTS_H

#include <math.h>

#include "core/op/backend.h"
#include "simd/body/direct.h"
#include "simd/body/elementwise.h"
#include "simd/body/gram.h"
#include "simd/body/linear.h"
#include "simd/body/patch_sums.h"
#include "simd/body/stem.h"
#include "simd/body/winograd.h"

#define C4_PASTE_(name, isa) name##_##isa
#define C4_PASTE(name, isa) C4_PASTE_(name, isa)
#define NAME(name) C4_PASTE(c4_##name, C4_ISA)

/* --- stem --- */

static void NAME(stem_input)(int n, const uint8_t *images, float *x) {
    for (ptrdiff_t i = 0; i < n; i++)
        stem_input(images + i * C4_IMAGE_BYTES, x + i * C4_IMAGE_BYTES, SIDE * RGB);
}

static void NAME(stem_moments)(int n, const uint8_t *images, int64_t *first, int64_t *second) {
    struct patch_sums sums = {0};
    for (ptrdiff_t i = 0; i < n; i++) patch_sums_add(images + i * C4_IMAGE_BYTES, &sums);
    patch_sums_finish(&sums, first, second);
}

static void NAME(stem_select_grad)(int n, const float *x, const float *ds, const uint8_t *arg,
                                   float *r, float *scratch) {
    enum { PLANES_FLOATS = RGB * CHANNEL_MAP };
    _Static_assert(TABLES_FLOATS + PLANES_FLOATS <= C4_STEM_SCRATCH, "scratch of stem.h");
    float *tables = scratch, *planes = scratch + TABLES_FLOATS;
    memset(planes, 0, sizeof *planes * PLANES_FLOATS);
    memset(r, 0, sizeof *r * C4_PATCH * C);
    for (ptrdiff_t image = 0; image < n; image++, x += C4_IMAGE_BYTES) {
        for (int i = 0; i < PIXELS * RGB; i++)
            planes[i % RGB * CHANNEL_MAP + (i / RGB / SIDE + 1) * CHANNEL_ROW + i / RGB % SIDE +
                   1] = x[i];
        ptrdiff_t at = image * POOLED * POOLED * C;
        stem_gradient(planes, ds + at, arg + at, tables, r);
    }
}

/* --- direct convolution --- */

static void NAME(conv_fwd_direct)(const struct c4_conv_shape *s, const float *x, const float *w,
                                  float *y) {
    direct_images(s->n, s->h, s->w, s->ci, false, x, w, y);
}

/* Backward data of the stem, which training never needs: one pixel and channel at a time. */
static void data_gradient_pixel(const struct c4_conv_shape *s, const float *dy, const float *wt,
                                int i, int j, float *dx) {
    for (int ci = 0; ci < s->ci; ci++) {
        float acc = 0;
        for (int block = 0; block < C; block += INPUT_BLOCK)
            for (int tap = 0; tap < 9; tap++) {
                int row = i + tap / 3 - 1, col = j + tap % 3 - 1;
                if (row < 0 || row >= s->h || col < 0 || col >= s->w) continue;
                for (int co = block; co < block + INPUT_BLOCK; co++)
                    acc = fmaf(dy[((ptrdiff_t)row * s->w + col) * C + co],
                               wt[((8 - tap) * C + co) * s->ci + ci], acc);
            }
        dx[ci] = acc;
    }
}

static void NAME(conv_bwd_data_direct)(const struct c4_conv_shape *s, const float *dy,
                                       const float *wt, float *dx) {
    ptrdiff_t pixels = (ptrdiff_t)s->h * s->w;
    if (s->ci == C) {
        direct_images(s->n, s->h, s->w, C, true, dy, wt, dx);
        return;
    }
    for (ptrdiff_t n = 0; n < s->n; n++, dy += pixels * C, dx += pixels * s->ci)
        for (int i = 0; i < s->h; i++)
            for (int j = 0; j < s->w; j++)
                data_gradient_pixel(s, dy, wt, i, j, dx + ((ptrdiff_t)i * s->w + j) * s->ci);
}

static void NAME(conv_bwd_weights_direct)(const struct c4_conv_shape *s, const float *x,
                                          const float *dy, float *dw) {
    direct_weights(s->n, s->h, s->w, s->ci, true, x, dy, dw);
}

/* --- Winograd --- */

enum { SLOT_TILES = 16, SLOT_U = C * C };

/* Where tile t of the batch begins, in pixels; its row and column in *i and *j. */
static ptrdiff_t tile_begin(const struct c4_conv_shape *s, ptrdiff_t t, int *i, int *j) {
    int across = s->w / 4, tiles = across * (s->h / 4), rest = (int)(t % tiles);
    *i = rest / across * 4;
    *j = rest % across * 4;
    return ((t / tiles) * s->h + *i) * s->w + *j;
}

/* The 6x6 patch around a tile, zeros outside the image. */
static void gather_patch(const struct c4_conv_shape *s, const float *x, ptrdiff_t t, float *patch) {
    int i, j;
    const float *tile = x + tile_begin(s, t, &i, &j) * C;
    memset(patch, 0, sizeof *patch * 36 * C);
    for (int r = 0; r < 6; r++)
        for (int q = 0; q < 6; q++)
            if (i + r > 0 && i + r <= s->h && j + q > 0 && j + q <= s->w)
                memcpy(patch + (r * 6 + q) * C, tile + (((ptrdiff_t)r - 1) * s->w + q - 1) * C,
                       C * sizeof *x);
}

static void transform_patches(const struct c4_conv_shape *s, const float *x, ptrdiff_t first,
                              int count, float *v) {
    _Alignas(64) float patch[36 * C];
    for (int t = 0; t < count; t++) {
        gather_patch(s, x, first + t, patch);
        transform_input(patch, 6 * C, v + t * C, group_stride(SLOT_TILES));
    }
}

static void transform_gradients(const struct c4_conv_shape *s, const float *dy, ptrdiff_t first,
                                int count, float *m) {
    int i, j;
    for (int t = 0; t < count; t++)
        transform_gradient(dy + tile_begin(s, first + t, &i, &j) * C, (ptrdiff_t)s->w * C,
                           m + t * C, group_stride(SLOT_TILES));
}

static ptrdiff_t tile_count(const struct c4_conv_shape *s) {
    return (ptrdiff_t)s->n * (s->h / 4) * (s->w / 4);
}

static int tiles_from(const struct c4_conv_shape *s, ptrdiff_t first) {
    ptrdiff_t left = tile_count(s) - first;
    return left < SLOT_TILES ? (int)left : SLOT_TILES;
}

/* Room for one group; a slot's scratch holds two. */
enum { SLOT_GROUP = (POSITIONS + 1) * (SLOT_TILES * C + 16) };
_Static_assert(2 * SLOT_GROUP <= C4_WINOGRAD_SCRATCH, "scratch of conv3x3.h");

static void NAME(winograd_weights)(const float *w, float *u) {
    transform_weights(C, w, C * C, C, u, SLOT_U);
}

static void NAME(conv_fwd_winograd)(const struct c4_conv_shape *s, const float *x, const float *u,
                                    float *y, float *m) {
    const ptrdiff_t stride = group_stride(SLOT_TILES);
    for (ptrdiff_t first = 0; first < tile_count(s); first += SLOT_TILES) {
        int count = tiles_from(s, first), i, j;
        transform_patches(s, x, first, count, m + stride);
        gemm_group(count, stride, u, SLOT_U, prefetches_next(0), m);
        for (int t = 0; t < count; t++)
            transform_output(m + t * C, stride, y + tile_begin(s, first + t, &i, &j) * C,
                             (ptrdiff_t)s->w * C);
    }
}

/* Adds the part of a 6x6 patch that lies inside the image. */
static void scatter_patch(const struct c4_conv_shape *s, const float *patch, ptrdiff_t t,
                          float *dx) {
    int i, j;
    float *tile = dx + tile_begin(s, t, &i, &j) * C;
    for (int r = 0; r < 6; r++)
        for (int q = 0; q < 6; q++)
            if (i + r > 0 && i + r <= s->h && j + q > 0 && j + q <= s->w)
                for (int c = 0; c < C; c += VF_LANES)
                    add_to(tile + (((ptrdiff_t)r - 1) * s->w + q - 1) * C + c,
                           vf_load(patch + (r * 6 + q) * C + c));
}

static void NAME(conv_bwd_data_winograd)(const struct c4_conv_shape *s, const float *dy,
                                         const float *ut, float *dx, float *m) {
    const ptrdiff_t stride = group_stride(SLOT_TILES);
    _Alignas(64) float patch[36 * C];
    memset(dx, 0, sizeof *dx * (size_t)s->n * (size_t)s->h * (size_t)s->w * C);
    for (ptrdiff_t first = 0; first < tile_count(s); first += SLOT_TILES) {
        int count = tiles_from(s, first);
        transform_gradients(s, dy, first, count, m + stride);
        gemm_group(count, stride, ut, SLOT_U, prefetches_next(0), m);
        for (int t = 0; t < count; t++) {
            transform_back(m + t * C, stride, false, false, patch, 6 * C);
            scatter_patch(s, patch, first + t, dx);
        }
    }
}

static void NAME(conv_bwd_weights_winograd)(const struct c4_conv_shape *s, const float *x,
                                            const float *dy, float *du, float *dw, float *v) {
    const ptrdiff_t stride = group_stride(SLOT_TILES);
    float *m = v + SLOT_GROUP;
    for (ptrdiff_t first = 0; first < tile_count(s); first += SLOT_TILES) {
        int count = tiles_from(s, first);
        transform_patches(s, x, first, count, v);
        transform_gradients(s, dy, first, count, m);
        for (int p = 0; p < POSITIONS; p++)
            gemm_at(C, count, v + p * stride, m + p * stride, first == 0, du, du + p * SLOT_U);
    }
    for (int k = 0; k < C; k++)
        transform_weight_gradient(du + k * C, SLOT_U, false, dw + k * C, C * C);
}

/* --- element-wise --- */

static void NAME(channel_sums)(int n, int h, int w, const float *a, const float *b, double *sum_a,
                               double *sum_ab) {
    memset(sum_a, 0, C * sizeof *sum_a);
    memset(sum_ab, 0, C * sizeof *sum_ab);
    for (ptrdiff_t i = 0; i < n; i++)
        map_sums(h, w, a + i * h * w * C, b + i * h * w * C, sum_a, sum_ab);
}

static void NAME(bias_relu)(int64_t pixels, const float *y, const float *bias, float *r) {
    bias_relu(pixels, y, bias, r);
}

static void NAME(bn_apply)(int64_t pixels, bool relu, const float *selected, const float *scale,
                           const float *shift, float *p) {
    if (relu)
        bn_apply(pixels, true, selected, scale, shift, p);
    else
        bn_apply(pixels, false, selected, scale, shift, p);
}

static void NAME(relu_mask)(int64_t pixels, const float *p, const float *dp, float *ds) {
    for (int64_t i = 0; i < pixels * C; i += VF_LANES)
        vf_store(ds + i, vf_select(vf_gt(vf_load(p + i), vf_zero()), vf_load(dp + i), vf_zero()));
}

static void NAME(bn_rebuild)(int n, int h, int w, bool relu, const float *y, const float *ds,
                             const uint8_t *arg, const float *c0, const float *c1, const float *c2,
                             float *dy) {
    for (ptrdiff_t pair = 0; pair < (ptrdiff_t)n * (h / 2); pair++) {
        ptrdiff_t at = pair * 2 * w * C, pooled = pair * (w / 2) * C;
        if (relu)
            rebuild_rows(w, true, y + at, ds + pooled, arg + pooled, c0, c1, c2, dy + at);
        else
            rebuild_rows(w, false, y + at, ds + pooled, arg + pooled, c0, c1, c2, dy + at);
    }
}

static void NAME(pool_select)(int n, int h, int w, const float *y, const float *gamma,
                              float *selected, uint8_t *arg) {
    float flip[C];
    pool_flips(gamma, flip);
    for (ptrdiff_t pair = 0; pair < (ptrdiff_t)n * (h / 2); pair++)
        for (int j = 0; j < w / 2; j++) {
            ptrdiff_t out = (pair * (w / 2) + j) * C;
            pool_window(y + (pair * 2 * w + 2 * j) * C, (ptrdiff_t)w * C, flip, selected + out,
                        arg + out);
        }
}

static void NAME(linear_fwd)(int n, const float *x, const float *w, const float *bias,
                             float *logits) {
    linear_fwd(n, x, w, bias, logits);
}

static void NAME(linear_bwd_data)(int n, const float *dlogits, const float *wt, float *dx) {
    linear_bwd_data(n, dlogits, wt, dx);
}

static void NAME(linear_bwd_weights)(int n, const float *x, const float *dlogits, float *dw,
                                     float *dbias) {
    linear_bwd_weights(n, x, dlogits, dw, dbias);
}

static void NAME(sgd_update)(int64_t count, float lr, float momentum, const float *g, float *v,
                             float *w) {
    sgd(count, lr, momentum, g, v, w);
}

static void NAME(gram_pack)(const float *x, size_t rows, size_t features, size_t stride,
                            const float *shift, float scale, float *panel) {
    gram_pack(x, rows, features, stride, shift, scale, panel);
}

static void NAME(gram_block)(const float *x, const float *y, size_t rows_x, size_t panels_y,
                             size_t features, size_t stride, double *gram, size_t stride_gram,
                             struct c4_gram_ahead *ahead) {
    gram_block(x, y, rows_x, panels_y, features, stride, gram, stride_gram, ahead);
}

#endif
