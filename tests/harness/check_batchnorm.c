/* Channel sums, batch norm around ReLU, and pooling. */
#include "tests/harness/check_ops.h"

#include <math.h>

enum { C = C4_CHANNELS };

/* --- channel_sums: n h w same --- */

static const int sums_sizes[][C4_CHECK_MAX_SIZES] = {
    {1, 1, 1, 0}, {1, 2, 2, 0}, {2, 3, 3, 0},   {1, 4, 4, 1},   {3, 4, 4, 0}, {1, 5, 4, 0},
    {1, 4, 5, 0}, {2, 3, 5, 1}, {1, 8, 6, 0},   {1, 1, 17, 0},  {5, 2, 2, 1}, {3, 8, 8, 0},
    {1, 7, 9, 0}, {1, 9, 7, 1}, {2, 16, 16, 0}, {1, 32, 32, 1},
};

static struct c4_op_size sums_size(const int *v) {
    return (struct c4_op_size){.n = v[0], .h = v[1], .w = v[2], .shared = v[3]};
}

static void naive_sums(const struct c4_check_case *c, double *const *want) {
    const int at = c->size.shared ? 0 : 1;
    const float *a = c->array[0].content, *b = c->array[at].content;
    for (size_t i = 0; i < c->array[0].spec.count; i++) {
        want[at + 1][i % C] += (double)a[i];
        want[at + 2][i % C] += (double)a[i] * (double)b[i];
    }
}

const struct c4_check_op c4_check_channel_sums = {
    .size_names = "n h w same",
    C4_CHECK_SIZES(sums_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.5,
    .size = sums_size,
    .naive = naive_sums,
};

/* --- per pixel: pixels relu in_place --- */

static const int pixel_sizes[][C4_CHECK_MAX_SIZES] = {
    {1, 0, 0},  {1, 1, 1},   {2, 1, 0},   {3, 0, 1},    {4, 1, 1},  {5, 0, 0},
    {7, 1, 0},  {8, 0, 1},   {9, 1, 1},   {15, 0, 0},   {16, 1, 1}, {17, 1, 0},
    {64, 0, 1}, {100, 1, 0}, {256, 1, 1}, {1024, 0, 0},
};

/* Input and output share an array if the size says so. */
static struct c4_op_size pixels_size(const int *v) {
    return (struct c4_op_size){
        .n = v[0], .h = 1, .w = 1, .order = v[1] ? C4_BN_RELU : C4_RELU_BN, .shared = v[2]};
}

static float relu(float v) {
    return v < 0 ? 0 : v;
}

static void naive_bias_relu(const struct c4_check_case *c, double *const *want) {
    const float *y = c->array[0].content, *bias = c->array[1].content;
    double *r = want[c->size.shared ? 0 : 2];
    for (size_t i = 0; i < c->array[0].spec.count; i++) r[i] = (double)relu(y[i] + bias[i % C]);
}

const struct c4_check_op c4_check_bias_relu = {
    .size_names = "pixels unused in_place",
    C4_CHECK_SIZES(pixel_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.95,
    .size = pixels_size,
    .naive = naive_bias_relu,
};

static void naive_bn_apply(const struct c4_check_case *c, double *const *want) {
    const float *selected = c->array[0].content, *scale = c->array[1].content;
    const float *shift = c->array[2].content;
    for (size_t i = 0; i < c->array[0].spec.count; i++) {
        double v = (double)selected[i] * (double)scale[i % C] + (double)shift[i % C];
        want[3][i] = c->size.order == C4_BN_RELU && v < 0 ? 0 : v;
    }
}

const struct c4_check_op c4_check_bn_apply = {
    .size_names = "pixels relu",
    C4_CHECK_SIZES(pixel_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.95,
    .size = pixels_size,
    .naive = naive_bn_apply,
};

static void naive_relu_mask(const struct c4_check_case *c, double *const *want) {
    const float *p = c->array[0].content, *dp = c->array[1].content;
    double *ds = want[c->size.shared ? 1 : 2];
    for (size_t i = 0; i < c->array[0].spec.count; i++) ds[i] = p[i] > 0 ? (double)dp[i] : 0;
}

const struct c4_check_op c4_check_relu_mask = {
    .size_names = "pixels unused in_place",
    C4_CHECK_SIZES(pixel_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.95,
    .size = pixels_size,
    .naive = naive_relu_mask,
};

/* --- pooled maps: n h w relu --- */

static const int pool_sizes[][C4_CHECK_MAX_SIZES] = {
    {1, 2, 2, 0},  {3, 2, 2, 1},  {1, 2, 4, 0},   {1, 4, 2, 1},   {2, 4, 4, 0},
    {1, 6, 4, 1},  {1, 2, 14, 0}, {1, 6, 10, 1},  {5, 4, 4, 1},   {1, 8, 16, 0},
    {1, 2, 34, 1}, {2, 8, 8, 0},  {1, 16, 16, 1}, {1, 32, 32, 0},
};

static struct c4_op_size rebuild_size(const int *v) {
    return (struct c4_op_size){
        .n = v[0], .h = v[1], .w = v[2], .order = v[3] ? C4_RELU_BN : C4_BN_RELU};
}

/* In relu-bn y is a ReLU's output. */
static void adjust_rebuild(struct c4_check_case *c, enum c4_check_data data,
                           struct c4_check_rng *rng) {
    float *y = c->array[0].content;
    (void)data, (void)rng;
    for (size_t i = 0; c->size.order == C4_RELU_BN && i < c->array[0].spec.count; i++)
        y[i] = relu(y[i]);
}

/* The index in y of winner a of the window at index `pooled` of the pooled map. */
static size_t window_at(const struct c4_op_size *size, size_t pooled, size_t a) {
    size_t w = (size_t)size->w, half_h = (size_t)size->h / 2, half_w = w / 2;
    size_t position = pooled / C, j = position % half_w, i = position / half_w % half_h;
    size_t n = position / half_w / half_h;
    return ((n * 2 * half_h + 2 * i + a / 2) * w + 2 * j + a % 2) * C + pooled % C;
}

static void naive_rebuild(const struct c4_check_case *c, double *const *want) {
    const float *y = c->array[0].content, *ds = c->array[1].content;
    const uint8_t *arg = c->array[2].content;
    const float *c0 = c->array[3].content, *c1 = c->array[4].content, *c2 = c->array[5].content;
    for (size_t i = 0; i < c->array[1].spec.count; i++)
        for (size_t a = 0; a < 4; a++) {
            size_t at = window_at(&c->size, i, a), ch = i % C;
            double d = (double)c1[ch] + (double)c2[ch] * (double)y[at];
            if (arg[i] == a) d += (double)c0[ch] * (double)ds[i];
            want[6][at] = c->size.order == C4_RELU_BN && !(y[at] > 0) ? 0 : d;
        }
}

const struct c4_check_op c4_check_bn_rebuild = {
    .size_names = "n h w relu",
    C4_CHECK_SIZES(pool_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.8,
    .size = rebuild_size,
    .adjust = adjust_rebuild,
    .naive = naive_rebuild,
};

static struct c4_op_size select_size(const int *v) {
    return (struct c4_op_size){.n = v[0], .h = v[1], .w = v[2]};
}

static void adjust_select(struct c4_check_case *c, enum c4_check_data data,
                          struct c4_check_rng *rng) {
    float *gamma = c->array[1].content;
    (void)data;
    c4_fill(gamma, C, C4_CHECK_REALS, rng);
    gamma[1] = 0;
    gamma[2] = -0.0f; /* not below zero: the largest wins */
    gamma[3] = -0x1p-149f;
}

static void naive_select(const struct c4_check_case *c, double *const *want) {
    const float *y = c->array[0].content, *gamma = c->array[1].content;
    for (size_t i = 0; i < c->array[2].spec.count; i++) {
        double sign = gamma[i % C] < 0 ? -1 : 1, best = -INFINITY;
        for (size_t a = 0; a < 4; a++) {
            double v = sign * (double)y[window_at(&c->size, i, a)];
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
    .size = select_size,
    .adjust = adjust_select,
    .naive = naive_select,
};
