/* Channel sums, batch norm around ReLU, and pooling. */
#include "tests/harness/check_ops.h"

#include <math.h>

enum { C = C4_CHANNELS };

static size_t map_pixels(const int *v) {
    return (size_t)v[0] * (size_t)v[1] * (size_t)v[2];
}

/* --- channel_sums: n h w same --- */

static const int sums_sizes[][C4_CHECK_MAX_SIZES] = {
    {1, 1, 1, 0}, {1, 2, 2, 0}, {2, 3, 3, 0},   {1, 4, 4, 1},   {3, 4, 4, 0}, {1, 5, 4, 0},
    {1, 4, 5, 0}, {2, 3, 5, 1}, {1, 8, 6, 0},   {1, 1, 17, 0},  {5, 2, 2, 1}, {3, 8, 8, 0},
    {1, 7, 9, 0}, {1, 9, 7, 1}, {2, 16, 16, 0}, {1, 32, 32, 1},
};

static void make_sums(struct c4_check_case *c, enum c4_check_data data, struct c4_check_rng *rng) {
    c4_check_floats(c, "a", C4_CHECK_IN, map_pixels(c->sizes) * C, data, rng);
    c4_check_floats(c, "b", C4_CHECK_IN, map_pixels(c->sizes) * C, data, rng);
    c4_check_add(c, "sum_a", C4_CHECK_F64, C4_CHECK_OUT, C, 8);
    c4_check_add(c, "sum_ab", C4_CHECK_F64, C4_CHECK_OUT, C, 8);
}

static void call_sums(c4_check_fn *f, const int *v, void *const *p) {
    ((c4_channel_sums_fn *)f)(v[0], v[1], v[2], p[0], v[3] ? p[0] : p[1], p[2], p[3]);
}

static void naive_sums(const struct c4_check_case *c, double *const *want) {
    const float *a = c->array[0].content;
    const float *b = c->sizes[3] ? a : (const float *)c->array[1].content;
    for (size_t i = 0; i < map_pixels(c->sizes) * C; i++) {
        want[2][i % C] += (double)a[i];
        want[3][i % C] += (double)a[i] * (double)b[i];
    }
}

const struct c4_check_op c4_check_channel_sums = {
    .size_names = "n h w same",
    C4_CHECK_SIZES(sums_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.5,
    .make = make_sums,
    .call = call_sums,
    .naive = naive_sums,
};

/* --- per pixel: pixels relu in_place --- */

static const int pixel_sizes[][C4_CHECK_MAX_SIZES] = {
    {1, 0, 0},  {1, 1, 1},   {2, 1, 0},   {3, 0, 1},    {4, 1, 1},  {5, 0, 0},
    {7, 1, 0},  {8, 0, 1},   {9, 1, 1},   {15, 0, 0},   {16, 1, 1}, {17, 1, 0},
    {64, 0, 1}, {100, 1, 0}, {256, 1, 1}, {1024, 0, 0},
};

static float relu(float v) {
    return v < 0 ? 0 : v;
}

/* Input and output share an array where the size says so. */
static void make_bias_relu(struct c4_check_case *c, enum c4_check_data data,
                           struct c4_check_rng *rng) {
    size_t count = (size_t)c->sizes[0] * C;
    bool in_place = c->sizes[2];
    c4_check_floats(c, "y", in_place ? C4_CHECK_INOUT : C4_CHECK_IN, count, data, rng);
    c4_check_floats(c, "bias", C4_CHECK_IN, C, data, rng);
    if (!in_place) c4_check_floats(c, "r", C4_CHECK_OUT, count, data, rng);
}

static void call_bias_relu(c4_check_fn *f, const int *v, void *const *p) {
    ((c4_bias_relu_fn *)f)(v[0], p[0], p[1], v[2] ? p[0] : p[2]);
}

static void naive_bias_relu(const struct c4_check_case *c, double *const *want) {
    const float *y = c->array[0].content, *bias = c->array[1].content;
    double *r = want[c->sizes[2] ? 0 : 2];
    for (size_t i = 0; i < c->array[0].count; i++) r[i] = (double)relu(y[i] + bias[i % C]);
}

const struct c4_check_op c4_check_bias_relu = {
    .size_names = "pixels unused in_place",
    C4_CHECK_SIZES(pixel_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.95,
    .make = make_bias_relu,
    .call = call_bias_relu,
    .naive = naive_bias_relu,
};

static void make_bn_apply(struct c4_check_case *c, enum c4_check_data data,
                          struct c4_check_rng *rng) {
    size_t count = (size_t)c->sizes[0] * C;
    c4_check_floats(c, "selected", C4_CHECK_IN, count, data, rng);
    c4_check_floats(c, "scale", C4_CHECK_IN, C, data, rng);
    c4_check_floats(c, "shift", C4_CHECK_IN, C, data, rng);
    c4_check_floats(c, "p", C4_CHECK_OUT, count, data, rng);
}

static void call_bn_apply(c4_check_fn *f, const int *v, void *const *p) {
    ((c4_bn_apply_fn *)f)(v[0], v[1], p[0], p[1], p[2], p[3]);
}

static void naive_bn_apply(const struct c4_check_case *c, double *const *want) {
    const float *selected = c->array[0].content, *scale = c->array[1].content;
    const float *shift = c->array[2].content;
    for (size_t i = 0; i < c->array[0].count; i++) {
        double v = (double)selected[i] * (double)scale[i % C] + (double)shift[i % C];
        want[3][i] = c->sizes[1] && v < 0 ? 0 : v;
    }
}

const struct c4_check_op c4_check_bn_apply = {
    .size_names = "pixels relu",
    C4_CHECK_SIZES(pixel_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.95,
    .make = make_bn_apply,
    .call = call_bn_apply,
    .naive = naive_bn_apply,
};

static void make_relu_mask(struct c4_check_case *c, enum c4_check_data data,
                           struct c4_check_rng *rng) {
    size_t count = (size_t)c->sizes[0] * C;
    bool in_place = c->sizes[2];
    c4_check_floats(c, "p", C4_CHECK_IN, count, data, rng);
    c4_check_floats(c, "dp", in_place ? C4_CHECK_INOUT : C4_CHECK_IN, count, data, rng);
    if (!in_place) c4_check_floats(c, "ds", C4_CHECK_OUT, count, data, rng);
}

static void call_relu_mask(c4_check_fn *f, const int *v, void *const *p) {
    ((c4_relu_mask_fn *)f)(v[0], p[0], p[1], v[2] ? p[1] : p[2]);
}

static void naive_relu_mask(const struct c4_check_case *c, double *const *want) {
    const float *p = c->array[0].content, *dp = c->array[1].content;
    double *ds = want[c->sizes[2] ? 1 : 2];
    for (size_t i = 0; i < c->array[0].count; i++) ds[i] = p[i] > 0 ? (double)dp[i] : 0;
}

const struct c4_check_op c4_check_relu_mask = {
    .size_names = "pixels unused in_place",
    C4_CHECK_SIZES(pixel_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.95,
    .make = make_relu_mask,
    .call = call_relu_mask,
    .naive = naive_relu_mask,
};

/* --- pooled maps: n h w relu --- */

static const int pool_sizes[][C4_CHECK_MAX_SIZES] = {
    {1, 2, 2, 0},  {3, 2, 2, 1},  {1, 2, 4, 0},   {1, 4, 2, 1},   {2, 4, 4, 0},
    {1, 6, 4, 1},  {1, 2, 14, 0}, {1, 6, 10, 1},  {5, 4, 4, 1},   {1, 8, 16, 0},
    {1, 2, 34, 1}, {2, 8, 8, 0},  {1, 16, 16, 1}, {1, 32, 32, 0},
};

static void make_rebuild(struct c4_check_case *c, enum c4_check_data data,
                         struct c4_check_rng *rng) {
    size_t count = map_pixels(c->sizes) * C;
    float *y = c4_check_floats(c, "y", C4_CHECK_IN, count, data, rng);
    for (size_t i = 0; y && c->sizes[3] && i < count; i++) y[i] = relu(y[i]); /* as in relu-bn */
    c4_check_floats(c, "ds", C4_CHECK_IN, count / 4, data, rng);
    uint8_t *arg = c4_check_add(c, "arg", C4_CHECK_U8, C4_CHECK_IN, count / 4, 64);
    for (size_t i = 0; arg && i < count / 4; i++) arg[i] = (uint8_t)c4_check_rng_between(rng, 0, 3);
    c4_check_floats(c, "c0", C4_CHECK_IN, C, data, rng);
    c4_check_floats(c, "c1", C4_CHECK_IN, C, data, rng);
    c4_check_floats(c, "c2", C4_CHECK_IN, C, data, rng);
    c4_check_floats(c, "dy", C4_CHECK_OUT, count, data, rng);
}

static void call_rebuild(c4_check_fn *f, const int *v, void *const *p) {
    ((c4_bn_rebuild_fn *)f)(v[0], v[1], v[2], v[3], p[0], p[1], p[2], p[3], p[4], p[5], p[6]);
}

/* Window k of image n: its channel c lies at `pooled`, the pixel of winner a at window_at(). */
static size_t window_at(const int *v, size_t pooled, size_t a) {
    size_t w = (size_t)v[2], half_h = (size_t)v[1] / 2, half_w = w / 2;
    size_t position = pooled / C, j = position % half_w, i = position / half_w % half_h;
    size_t n = position / half_w / half_h;
    return ((n * 2 * half_h + 2 * i + a / 2) * w + 2 * j + a % 2) * C + pooled % C;
}

static void naive_rebuild(const struct c4_check_case *c, double *const *want) {
    const float *y = c->array[0].content, *ds = c->array[1].content;
    const uint8_t *arg = c->array[2].content;
    const float *c0 = c->array[3].content, *c1 = c->array[4].content, *c2 = c->array[5].content;
    for (size_t i = 0; i < c->array[1].count; i++)
        for (size_t a = 0; a < 4; a++) {
            size_t at = window_at(c->sizes, i, a), ch = i % C;
            double d = (double)c1[ch] + (double)c2[ch] * (double)y[at];
            if (arg[i] == a) d += (double)c0[ch] * (double)ds[i];
            want[6][at] = c->sizes[3] && !(y[at] > 0) ? 0 : d;
        }
}

const struct c4_check_op c4_check_bn_rebuild = {
    .size_names = "n h w relu",
    C4_CHECK_SIZES(pool_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.8,
    .make = make_rebuild,
    .call = call_rebuild,
    .naive = naive_rebuild,
};

static void make_select(struct c4_check_case *c, enum c4_check_data data,
                        struct c4_check_rng *rng) {
    size_t count = map_pixels(c->sizes) * C;
    c4_check_floats(c, "y", C4_CHECK_IN, count, data, rng);
    float *gamma = c4_check_floats(c, "gamma", C4_CHECK_IN, C, C4_CHECK_REALS, rng);
    if (gamma) {
        gamma[1] = 0;
        gamma[2] = -0.0f; /* not below zero: the largest wins */
        gamma[3] = -0x1p-149f;
    }
    c4_check_floats(c, "selected", C4_CHECK_OUT, count / 4, data, rng);
    c4_check_add(c, "arg", C4_CHECK_U8, C4_CHECK_OUT, count / 4, 64);
}

static void call_select(c4_check_fn *f, const int *v, void *const *p) {
    ((c4_pool_select_fn *)f)(v[0], v[1], v[2], p[0], p[1], p[2], p[3]);
}

static void naive_select(const struct c4_check_case *c, double *const *want) {
    const float *y = c->array[0].content, *gamma = c->array[1].content;
    for (size_t i = 0; i < c->array[2].count; i++) {
        double sign = gamma[i % C] < 0 ? -1 : 1, best = -INFINITY;
        for (size_t a = 0; a < 4; a++) {
            double v = sign * (double)y[window_at(c->sizes, i, a)];
            if (v <= best) continue;
            best = v;
            want[2][i] = sign * v;
            want[3][i] = (double)a;
        }
    }
}

const struct c4_check_op c4_check_pool_select = {
    .size_names = "n h w",
    C4_CHECK_SIZES(pool_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.6,
    .make = make_select,
    .call = call_select,
    .naive = naive_select,
};
