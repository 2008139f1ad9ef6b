/* The linear head, SGD and Gram blocks. */
#include "tests/harness/check_ops.h"

#include <math.h>

enum { K = C4_FLAT, O = C4_LOGITS_STRIDE };

/* n */
static const int batch_sizes[][C4_CHECK_MAX_SIZES] = {{1}, {2},  {3},  {4},  {5},  {7},  {8},
                                                      {9}, {15}, {16}, {17}, {20}, {32}, {33}};

static struct c4_op_size batch_size(const int *v) {
    return (struct c4_op_size){.n = v[0]};
}

static void naive_fwd(const struct c4_check_case *c, double *const *want) {
    const float *x = c->array[0].content, *w = c->array[1].content, *bias = c->array[2].content;
    for (size_t i = 0; i < c->array[3].spec.count; i++) {
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
    .size = batch_size,
    .naive = naive_fwd,
};

static void naive_bwd_data(const struct c4_check_case *c, double *const *want) {
    const float *d = c->array[0].content, *wt = c->array[1].content;
    for (size_t i = 0; i < c->array[2].spec.count; i++)
        for (size_t o = 0; o < C4_CLASSES; o++)
            want[2][i] += (double)d[i / K * O + o] * (double)wt[o * K + i % K];
}

const struct c4_check_op c4_check_linear_bwd_data = {
    .size_names = "n",
    C4_CHECK_SIZES(batch_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.5,
    .size = batch_size,
    .naive = naive_bwd_data,
};

/* Six of sixteen columns are padding. */
static void adjust_bwd_weights(struct c4_check_case *c, enum c4_check_data data,
                               struct c4_check_rng *rng) {
    (void)data, (void)rng;
    if (c->size.n <= 3) c->max_zeros = 0.8;
}

static void naive_bwd_weights(const struct c4_check_case *c, double *const *want) {
    const float *x = c->array[0].content, *d = c->array[1].content;
    for (size_t n = 0; n < (size_t)c->size.n; n++)
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
    .size = batch_size,
    .adjust = adjust_bwd_weights,
    .naive = naive_bwd_weights,
};

/* --- sgd_update: count, lr and momentum in thousandths --- */

static const int sgd_sizes[][C4_CHECK_MAX_SIZES] = {
    {1, 1, 900},  {2, 250, 500},   {3, 1, 900},    {7, 0, 900},      {8, 1, 0},
    {9, 1, 900},  {15, 250, 500},  {16, 1, 900},   {17, 100, 0},     {31, 1, 900},
    {33, 1, 900}, {100, 250, 500}, {1000, 1, 900}, {115658, 1, 900},
};

static struct c4_op_size sgd_size(const int *v) {
    return (struct c4_op_size){
        .count = v[0], .lr = (float)v[1] / 1000, .momentum = (float)v[2] / 1000};
}

/* Some velocities land around 2^-100, where the rule for small ones begins. */
static void adjust_sgd(struct c4_check_case *c, enum c4_check_data data, struct c4_check_rng *rng) {
    static const float near_limit[] = {0x1p-100f,         -0x1p-100f,       0x1.fffffep-101f,
                                       -0x1.fffffep-101f, 0x1.000002p-100f, 0x1p-149f};
    enum { NEAR = sizeof near_limit / sizeof *near_limit };
    float *g = c->array[0].content, *v = c->array[1].content;
    if (c->size.count < 16) c->max_zeros = 1; /* a few small integers may all be zero */
    for (int64_t i = 0; data == C4_CHECK_EXTREMES && i < c->size.count; i++) {
        if (c4_check_rng_between(rng, 0, 3) != 0) continue;
        g[i] = near_limit[c4_check_rng_between(rng, 0, NEAR - 1)];
        v[i] = 0;
    }
}

static void naive_sgd(const struct c4_check_case *c, double *const *want) {
    const float *g = c->array[0].content, *v = c->array[1].content, *w = c->array[2].content;
    for (size_t i = 0; i < c->array[0].spec.count; i++) {
        double velocity = (double)c->size.momentum * (double)v[i] + (double)g[i];
        if (fabs(velocity) < 0x1p-100) velocity = 0;
        velocity = (double)(float)velocity;
        want[1][i] = velocity;
        want[2][i] = (double)(float)((double)w[i] - (double)c->size.lr * velocity);
    }
}

const struct c4_check_op c4_check_sgd_update = {
    .size_names = "count lr/1000 momentum/1000",
    C4_CHECK_SIZES(sgd_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.6,
    .size = sgd_size,
    .adjust = adjust_sgd,
    .naive = naive_sgd,
};

/* --- gram_pack: rows features, then the gap between rows --- */

static const int pack_sizes[][C4_CHECK_MAX_SIZES] = {
    {1, 1, 0},   {16, 1, 0},  {2, 3, 1},    {3, 15, 2},  {16, 16, 0},  {15, 16, 1},   {7, 17, 0},
    {16, 31, 3}, {4, 63, 1},  {8, 64, 0},   {12, 65, 5}, {16, 255, 1}, {16, 256, 0},  {9, 257, 0},
    {5, 8, 0},   {16, 40, 0}, {16, 512, 9}, {11, 4, 0},  {16, 12, 0},  {6, 1000, 24},
};

static struct c4_op_size pack_size(const int *v) {
    return (struct c4_op_size){
        .rows_x = (size_t)v[0], .features = (size_t)v[1], .gap_x = (size_t)v[2]};
}

/* Values between two rows must have no effect. */
static void spoil_gaps(struct c4_check_array *a, size_t length, size_t gap) {
    float *values = a->content;
    for (size_t i = 0; i < a->spec.count; i++)
        if (i % (length + gap) >= length) values[i] = NAN;
}

static void adjust_pack(struct c4_check_case *c, enum c4_check_data data,
                        struct c4_check_rng *rng) {
    (void)data, (void)rng;
    spoil_gaps(&c->array[0], c->size.features, c->size.gap_x);
    c->max_zeros = 1; /* absent rows */
}

static void naive_pack(const struct c4_check_case *c, double *const *want) {
    const struct c4_op_size *s = &c->size;
    const float *x = c->array[0].content, *shift = c->array[1].content;
    for (size_t k = 0; k < c->array[2].spec.count; k++) {
        const size_t f = k / C4_GRAM_PANEL, i = k % C4_GRAM_PANEL;
        if (i < s->rows_x)
            want[2][k] = 0.5 * ((double)x[i * (s->features + s->gap_x) + f] - (double)shift[f]);
    }
}

const struct c4_check_op c4_check_gram_pack = {
    .size_names = "rows features extra",
    C4_CHECK_SIZES(pack_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 1,
    .size = pack_size,
    .adjust = adjust_pack,
    .naive = naive_pack,
};

/* --- gram_block: rows_x panels_y features, then 16 floats between panels, doubles between rows ---
 */

static const int gram_sizes[][C4_CHECK_MAX_SIZES] = {
    {1, 1, 1, 0, 0},    {1, 2, 3, 0, 0},     {2, 1, 10, 1, 1},    {3, 3, 15, 0, 2},
    {2, 2, 16, 0, 0},   {4, 3, 17, 3, 0},    {5, 1, 31, 0, 1},    {7, 2, 63, 1, 0},
    {4, 4, 64, 0, 0},   {8, 5, 65, 0, 3},    {3, 4, 255, 1, 0},   {4, 1, 256, 0, 1},
    {5, 3, 257, 0, 0},  {16, 1, 271, 5, 1},  {6, 7, 511, 0, 0},   {17, 2, 512, 17, 0},
    {9, 3, 513, 0, 2},  {33, 3, 1024, 0, 0}, {48, 3, 300, 17, 1}, {2, 2, 16384, 0, 0},
    {22, 1, 100, 0, 0}, {47, 2, 20, 0, 16},
};

static struct c4_op_size gram_size(const int *v) {
    return (struct c4_op_size){.rows_x = (size_t)v[0],
                               .panels_y = (size_t)v[1],
                               .features = (size_t)v[2],
                               .gap_x = C4_GRAM_PANEL * (size_t)v[3],
                               .gap_gram = (size_t)v[4]};
}

/* Nor must rows of x beyond the last one. */
static void adjust_gram(struct c4_check_case *c, enum c4_check_data data,
                        struct c4_check_rng *rng) {
    const struct c4_op_size *s = &c->size;
    const size_t length = s->features * C4_GRAM_PANEL;
    (void)data, (void)rng;
    spoil_gaps(&c->array[0], length, s->gap_x);
    spoil_gaps(&c->array[1], length, s->gap_x);
    float *x = c->array[0].content;
    for (size_t k = 0; k < c->array[0].spec.count; k++) {
        const size_t panel = k / (length + s->gap_x);
        if (panel * C4_GRAM_PANEL + k % C4_GRAM_PANEL >= s->rows_x) x[k] = NAN;
    }
}

static void naive_gram(const struct c4_check_case *c, double *const *want) {
    const struct c4_op_size *s = &c->size;
    const size_t stride = s->features * C4_GRAM_PANEL + s->gap_x,
                 columns = s->panels_y * C4_GRAM_PANEL;
    const float *x = c->array[0].content, *y = c->array[1].content;
    for (size_t i = 0; i < c->array[2].spec.count; i++) want[2][i] = NAN; /* gaps: left alone */
    for (size_t i = 0; i < s->rows_x; i++)
        for (size_t j = 0; j < columns; j++) {
            double sum = C4_OP_GRAM_BEFORE;
            for (size_t f = 0; f < s->features; f++)
                sum +=
                    (double)x[i / C4_GRAM_PANEL * stride + f * C4_GRAM_PANEL + i % C4_GRAM_PANEL] *
                    (double)y[j / C4_GRAM_PANEL * stride + f * C4_GRAM_PANEL + j % C4_GRAM_PANEL];
            want[2][i * (columns + s->gap_gram) + j] = sum;
        }
}

const struct c4_check_op c4_check_gram_block = {
    .size_names = "rows_x panels_y features gap_panels gap_rows",
    C4_CHECK_SIZES(gram_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.5,
    .size = gram_size,
    .adjust = adjust_gram,
    .naive = naive_gram,
};
