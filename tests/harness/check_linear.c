/* The linear head, SGD and Gram blocks. */
#include "tests/harness/check_ops.h"

#include <math.h>

enum { K = C4_FLAT, O = C4_LOGITS_STRIDE };

/* n */
static const int batch_sizes[][C4_CHECK_MAX_SIZES] = {{1}, {2},  {3},  {4},  {5},  {7},  {8},
                                                      {9}, {15}, {16}, {17}, {20}, {32}, {33}};

/* Zeroes columns 10..15 of rows of 16. */
static void pad(float *rows, size_t count) {
    for (size_t i = 0; rows && i < count; i++)
        if (i % O >= C4_CLASSES) rows[i] = 0;
}

static void make_fwd(struct c4_check_case *c, enum c4_check_data data, struct c4_check_rng *rng) {
    size_t n = (size_t)c->sizes[0];
    c4_check_floats(c, "x", C4_CHECK_IN, n * K, data, rng);
    float *w = c4_check_floats(c, "w", C4_CHECK_IN, (size_t)K * O, data, rng);
    float *bias = c4_check_floats(c, "bias", C4_CHECK_IN, O, data, rng);
    c4_fill_factor(w, (size_t)K * O, data, rng);
    pad(w, (size_t)K * O);
    pad(bias, O);
    c4_check_floats(c, "logits", C4_CHECK_OUT, n * O, data, rng);
}

static void call_fwd(c4_check_fn *f, const int *v, void *const *p) {
    ((c4_linear_fwd_fn *)f)(v[0], p[0], p[1], p[2], p[3]);
}

static void naive_fwd(const struct c4_check_case *c, double *const *want) {
    const float *x = c->array[0].content, *w = c->array[1].content, *bias = c->array[2].content;
    for (size_t i = 0; i < c->array[3].count; i++) {
        want[3][i] = (double)bias[i % O];
        for (size_t k = 0; k < K; k++)
            want[3][i] += (double)x[i / O * K + k] * (double)w[k * O + i % O];
    }
}

const struct c4_check_op c4_check_linear_fwd = {
    .size_names = "n",
    C4_CHECK_SIZES(batch_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.8,
    .make = make_fwd,
    .call = call_fwd,
    .naive = naive_fwd,
};

static void make_bwd_data(struct c4_check_case *c, enum c4_check_data data,
                          struct c4_check_rng *rng) {
    size_t n = (size_t)c->sizes[0];
    float *d = c4_check_floats(c, "dlogits", C4_CHECK_IN, n * O, data, rng);
    pad(d, n * O);
    float *wt = c4_check_floats(c, "wt", C4_CHECK_IN, (size_t)C4_CLASSES * K, data, rng);
    c4_fill_factor(wt, (size_t)C4_CLASSES * K, data, rng);
    c4_check_floats(c, "dx", C4_CHECK_OUT, n * K, data, rng);
}

static void call_bwd_data(c4_check_fn *f, const int *v, void *const *p) {
    ((c4_linear_bwd_data_fn *)f)(v[0], p[0], p[1], p[2]);
}

static void naive_bwd_data(const struct c4_check_case *c, double *const *want) {
    const float *d = c->array[0].content, *wt = c->array[1].content;
    for (size_t i = 0; i < c->array[2].count; i++)
        for (size_t o = 0; o < C4_CLASSES; o++)
            want[2][i] += (double)d[i / K * O + o] * (double)wt[o * K + i % K];
}

const struct c4_check_op c4_check_linear_bwd_data = {
    .size_names = "n",
    C4_CHECK_SIZES(batch_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.5,
    .make = make_bwd_data,
    .call = call_bwd_data,
    .naive = naive_bwd_data,
};

static void make_bwd_weights(struct c4_check_case *c, enum c4_check_data data,
                             struct c4_check_rng *rng) {
    size_t n = (size_t)c->sizes[0];
    c4_check_floats(c, "x", C4_CHECK_IN, n * K, data, rng);
    float *d = c4_check_floats(c, "dlogits", C4_CHECK_IN, n * O, data, rng);
    c4_fill_factor(d, n * O, data, rng);
    pad(d, n * O);
    c4_check_floats(c, "dw", C4_CHECK_OUT, (size_t)K * O, data, rng);
    c4_check_floats(c, "dbias", C4_CHECK_OUT, O, data, rng);
    c->max_zeros = n <= 3 ? 0.8 : 0.5; /* six of sixteen columns are padding */
}

static void call_bwd_weights(c4_check_fn *f, const int *v, void *const *p) {
    ((c4_linear_bwd_weights_fn *)f)(v[0], p[0], p[1], p[2], p[3]);
}

static void naive_bwd_weights(const struct c4_check_case *c, double *const *want) {
    const float *x = c->array[0].content, *d = c->array[1].content;
    for (size_t n = 0; n < (size_t)c->sizes[0]; n++)
        for (size_t o = 0; o < O; o++) {
            want[3][o] += (double)d[n * O + o];
            for (size_t k = 0; k < K; k++)
                want[2][k * O + o] += (double)x[n * K + k] * (double)d[n * O + o];
        }
}

const struct c4_check_op c4_check_linear_bwd_weights = {
    .size_names = "n",
    C4_CHECK_SIZES(batch_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.5,
    .make = make_bwd_weights,
    .call = call_bwd_weights,
    .naive = naive_bwd_weights,
};

/* --- sgd_update: count, lr and momentum in thousandths --- */

static const int sgd_sizes[][C4_CHECK_MAX_SIZES] = {
    {1, 1, 900},  {2, 250, 500},   {3, 1, 900},    {7, 0, 900},      {8, 1, 0},
    {9, 1, 900},  {15, 250, 500},  {16, 1, 900},   {17, 100, 0},     {31, 1, 900},
    {33, 1, 900}, {100, 250, 500}, {1000, 1, 900}, {115658, 1, 900},
};

static float lr_of(const int *v) {
    return (float)v[1] / 1000;
}
static float momentum_of(const int *v) {
    return (float)v[2] / 1000;
}

/* Some velocities land around 2^-100, where the rule on small ones begins. */
static void make_sgd(struct c4_check_case *c, enum c4_check_data data, struct c4_check_rng *rng) {
    static const float near_limit[] = {0x1p-100f,         -0x1p-100f,       0x1.fffffep-101f,
                                       -0x1.fffffep-101f, 0x1.000002p-100f, 0x1p-149f};
    enum { NEAR = sizeof near_limit / sizeof *near_limit };
    size_t count = (size_t)c->sizes[0];
    float *g = c4_check_add(c, "g", C4_CHECK_F32, C4_CHECK_IN, count, 4);
    float *v = c4_check_add(c, "v", C4_CHECK_F32, C4_CHECK_INOUT, count, 4);
    float *w = c4_check_add(c, "w", C4_CHECK_F32, C4_CHECK_INOUT, count, 4);
    c4_fill(g, count, data, rng);
    c4_fill(v, count, data, rng);
    c4_fill(w, count, data, rng);
    if (count < 16) c->max_zeros = 1; /* a few small integers may all be zero */
    for (size_t i = 0; g && v && data == C4_CHECK_EXTREMES && i < count; i++) {
        if (c4_check_rng_between(rng, 0, 3) != 0) continue;
        g[i] = near_limit[c4_check_rng_between(rng, 0, NEAR - 1)];
        v[i] = 0;
    }
}

static void call_sgd(c4_check_fn *f, const int *v, void *const *p) {
    ((c4_sgd_update_fn *)f)(v[0], lr_of(v), momentum_of(v), p[0], p[1], p[2]);
}

static void naive_sgd(const struct c4_check_case *c, double *const *want) {
    const float *g = c->array[0].content, *v = c->array[1].content, *w = c->array[2].content;
    for (size_t i = 0; i < c->array[0].count; i++) {
        double velocity = (double)momentum_of(c->sizes) * (double)v[i] + (double)g[i];
        if (fabs(velocity) < 0x1p-100) velocity = 0;
        velocity = (double)(float)velocity;
        want[1][i] = velocity;
        want[2][i] = (double)(float)((double)w[i] - (double)lr_of(c->sizes) * velocity);
    }
}

const struct c4_check_op c4_check_sgd_update = {
    .size_names = "count lr/1000 momentum/1000",
    C4_CHECK_SIZES(sgd_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.6,
    .make = make_sgd,
    .call = call_sgd,
    .naive = naive_sgd,
};

/* --- gram_block: rows_x rows_y features, then how much longer the strides are --- */

static const int gram_sizes[][C4_CHECK_MAX_SIZES] = {
    {1, 1, 1, 0, 0},    {1, 2, 3, 0, 0},      {2, 1, 10, 1, 1},     {3, 3, 15, 0, 2},
    {2, 2, 16, 0, 0},   {4, 3, 17, 3, 0},     {5, 5, 31, 0, 1},     {7, 2, 63, 1, 0},
    {4, 8, 64, 0, 0},   {8, 9, 65, 0, 3},     {3, 4, 255, 1, 0},    {4, 4, 256, 0, 1},
    {5, 3, 257, 0, 0},  {2, 6, 271, 5, 1},    {6, 7, 511, 0, 0},    {17, 5, 512, 16, 0},
    {9, 13, 513, 0, 2}, {33, 16, 1024, 0, 0}, {16, 31, 4096, 0, 1}, {2, 2, 16384, 0, 0},
};

/* The last row ends where its features end: nothing beyond may be read. */
static size_t rows_count(int rows, int features, int extra) {
    return (size_t)(rows - 1) * (size_t)(features + extra) + (size_t)features;
}

/* Between two rows lies nothing that may count. */
static void spoil_gaps(float *values, size_t count, int features, int extra) {
    for (size_t i = 0; values && i < count; i++)
        if (i % (size_t)(features + extra) >= (size_t)features) values[i] = NAN;
}

static void make_gram(struct c4_check_case *c, enum c4_check_data data, struct c4_check_rng *rng) {
    const int *v = c->sizes;
    size_t x_count = rows_count(v[0], v[2], v[3]), y_count = rows_count(v[1], v[2], v[4]);
    float *x = c4_check_add(c, "x", C4_CHECK_F32, C4_CHECK_IN, x_count, 4);
    float *y = c4_check_add(c, "y", C4_CHECK_F32, C4_CHECK_IN, y_count, 4);
    c4_fill(x, x_count, data, rng);
    c4_fill(y, y_count, data, rng);
    spoil_gaps(x, x_count, v[2], v[3]);
    spoil_gaps(y, y_count, v[2], v[4]);
    c4_check_add(c, "gram", C4_CHECK_F64, C4_CHECK_OUT, rows_count(v[0], v[1], v[4]), 8);
    if (v[0] * v[1] < 16) c->max_zeros = 1; /* a few sums of small integers may all be zero */
}

static void call_gram(c4_check_fn *f, const int *v, void *const *p) {
    size_t rows_x = (size_t)v[0], rows_y = (size_t)v[1], features = (size_t)v[2];
    ((c4_gram_block_fn *)f)(p[0], p[1], rows_x, rows_y, features, features + (size_t)v[3],
                            features + (size_t)v[4], p[2], rows_y + (size_t)v[4]);
}

static void naive_gram(const struct c4_check_case *c, double *const *want) {
    const int *v = c->sizes;
    const float *x = c->array[0].content, *y = c->array[1].content;
    size_t rows_y = (size_t)v[1], features = (size_t)v[2];
    size_t extra_x = (size_t)v[3], extra_y = (size_t)v[4];
    for (size_t i = 0; i < c->array[2].count; i++) want[2][i] = NAN; /* gaps are left alone */
    for (size_t i = 0; i < (size_t)v[0]; i++)
        for (size_t j = 0; j < rows_y; j++) {
            double sum = 0;
            for (size_t k = 0; k < features; k++)
                sum += (double)x[i * (features + extra_x) + k] *
                       (double)y[j * (features + extra_y) + k];
            want[2][i * (rows_y + extra_y) + j] = sum;
        }
}

const struct c4_check_op c4_check_gram_block = {
    .size_names = "rows_x rows_y features extra_x extra_y",
    C4_CHECK_SIZES(gram_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.5,
    .make = make_gram,
    .call = call_gram,
    .naive = naive_gram,
};
