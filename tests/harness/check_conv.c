/* Convolution, direct and Winograd, against three plain loops over the definition. */
#include "tests/harness/check_ops.h"

#include <math.h>

enum { C = C4_CHANNELS };

/* n h w ci. Kernels' tiles are rows of 4, 6, 8, 12, 14 or 16 pixels: widths one less, equal, one
 * more. */
static const int direct_sizes[][C4_CHECK_MAX_SIZES] = {
    {1, 1, 1, 64},  {1, 1, 1, 3},   {1, 1, 2, 64},   {1, 2, 1, 64},  {2, 2, 2, 64},
    {1, 1, 7, 3},   {1, 7, 1, 64},  {3, 3, 5, 64},   {3, 5, 3, 3},   {5, 4, 4, 64},
    {1, 4, 8, 64},  {1, 5, 6, 64},  {1, 2, 9, 64},   {1, 3, 11, 3},  {1, 2, 12, 64},
    {1, 3, 13, 64}, {1, 2, 14, 64}, {1, 2, 15, 64},  {1, 3, 16, 64}, {1, 2, 17, 3},
    {1, 2, 17, 64}, {2, 8, 8, 64},  {1, 16, 16, 64}, {2, 32, 32, 3}, {1, 32, 32, 64},
};

/* The same for Winograd, with its likely groups of 4, 8, 12 and 16 tiles. */
static const int winograd_sizes[][C4_CHECK_MAX_SIZES] = {
    {1, 4, 4, 64},   {3, 4, 4, 64},  {5, 4, 4, 64},  {1, 4, 8, 64},
    {1, 12, 4, 64},  {3, 4, 8, 64},  {7, 4, 4, 64},  {9, 4, 4, 64},
    {1, 12, 12, 64}, {11, 4, 4, 64}, {13, 4, 4, 64}, {1, 12, 20, 64},
    {2, 8, 16, 64},  {17, 4, 4, 64}, {3, 8, 8, 64},  {2, 16, 16, 64},
};

static struct c4_op_size size_of(const int *v) {
    return (struct c4_op_size){.n = v[0], .h = v[1], .w = v[2], .ci = v[3]};
}

/* The 64 products of an input element and the weights of a tap, by the definition in conv3x3.h:
 * indices of x, and at co = 0 of y, w [tap, ci, co] and wt [tap, co, ci], and the stride of co in
 * wt. */
struct product {
    size_t x, y, w, wt, wt_stride;
};

typedef void visit_fn(struct product at, const float *a, const float *b, double *out);

static void for_each_product(const struct c4_op_size *size, visit_fn *visit, const float *a,
                             const float *b, double *out) {
    size_t h = (size_t)size->h, w = (size_t)size->w, ci = (size_t)size->ci;
    for (size_t n = 0; n < (size_t)size->n; n++)
        for (size_t i = 0; i < h; i++)
            for (size_t j = 0; j < w; j++)
                for (size_t r = 0; r < 3; r++)
                    for (size_t s = 0; s < 3; s++) {
                        if (i + r < 1 || i + r > h || j + s < 1 || j + s > w) continue;
                        size_t in = (n * h + i + r - 1) * w + j + s - 1;
                        for (size_t c = 0; c < ci; c++)
                            visit((struct product){in * ci + c, ((n * h + i) * w + j) * C,
                                                   ((3 * r + s) * ci + c) * C,
                                                   (3 * r + s) * C * ci + c, ci},
                                  a, b, out);
                    }
}

static void add_forward(struct product at, const float *x, const float *w, double *y) {
    for (size_t o = 0; o < C; o++) y[at.y + o] += (double)x[at.x] * (double)w[at.w + o];
}

static void add_backward_data(struct product at, const float *dy, const float *wt, double *dx) {
    for (size_t o = 0; o < C; o++)
        dx[at.x] += (double)dy[at.y + o] * (double)wt[at.wt + o * at.wt_stride];
}

static void add_backward_weights(struct product at, const float *x, const float *dy, double *dw) {
    for (size_t o = 0; o < C; o++) dw[at.w + o] += (double)x[at.x] * (double)dy[at.y + o];
}

/* --- direct --- */

static void naive_fwd(const struct c4_check_case *c, double *const *want) {
    for_each_product(&c->size, add_forward, c->array[0].content, c->array[1].content, want[2]);
}

/* A few sums of small integers may all be zero. */
static void adjust_bwd_data(struct c4_check_case *c, enum c4_check_data data,
                            struct c4_check_rng *rng) {
    (void)data, (void)rng;
    if (c->array[2].spec.count < 16) c->max_zeros = 1;
}

static void naive_bwd_data(const struct c4_check_case *c, double *const *want) {
    for_each_product(&c->size, add_backward_data, c->array[0].content, c->array[1].content,
                     want[2]);
}

static void adjust_bwd_weights(struct c4_check_case *c, enum c4_check_data data,
                               struct c4_check_rng *rng) {
    (void)data, (void)rng;
    /* On maps one pixel wide most taps never meet the image. */
    if (c->size.h == 1 || c->size.w == 1) c->max_zeros = 0.95;
    if (c->array[0].spec.count < 16) c->max_zeros = 1; /* a few values may all be zero */
}

static void naive_bwd_weights(const struct c4_check_case *c, double *const *want) {
    for_each_product(&c->size, add_backward_weights, c->array[0].content, c->array[1].content,
                     want[2]);
}

const struct c4_check_op c4_check_conv_fwd_direct = {
    .size_names = "n h w ci",
    C4_CHECK_SIZES(direct_sizes),
    .long_sizes = 3,
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.5,
    .size = size_of,
    .naive = naive_fwd,
};
const struct c4_check_op c4_check_conv_bwd_data_direct = {
    .size_names = "n h w ci",
    C4_CHECK_SIZES(direct_sizes),
    .long_sizes = 3,
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.5,
    .size = size_of,
    .adjust = adjust_bwd_data,
    .naive = naive_bwd_data,
};
const struct c4_check_op c4_check_conv_bwd_weights_direct = {
    .size_names = "n h w ci",
    C4_CHECK_SIZES(direct_sizes),
    .long_sizes = 3,
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.6,
    .size = size_of,
    .adjust = adjust_bwd_weights,
    .naive = naive_bwd_weights,
};

/* --- Winograd --- */

/* G of F(4x4,3x3) from its points: row p is [1, p, p^2] / prod over other points q of (p - q); the
 * point at infinity gives the last coefficient. */
static void weight_matrix(double g[6][3]) {
    static const double point[5] = {0, 0.75, -0.75, 1.5, -1.5};
    for (int i = 0; i < 5; i++) {
        double scale = 1;
        for (int j = 0; j < 5; j++)
            if (j != i) scale /= point[i] - point[j];
        for (int k = 0; k < 3; k++) g[i][k] = scale * pow(point[i], k);
    }
    for (int k = 0; k < 3; k++) g[5][k] = k == 2;
}

/* u[36, 64, 64] = G w Gt, one pair of channels after the other. */
static void transform_weights(const float *w, double *u) {
    double g[6][3];
    weight_matrix(g);
    for (size_t pair = 0; pair < C * C; pair++)
        for (size_t p = 0; p < C4_WINOGRAD_POSITIONS; p++) {
            double sum = 0;
            for (size_t tap = 0; tap < 9; tap++)
                sum += g[p / 6][tap / 3] * g[p % 6][tap % 3] * (double)w[tap * C * C + pair];
            u[p * C * C + pair] = sum;
        }
}

/* channels */
static const int one_size[][C4_CHECK_MAX_SIZES] = {{64}};

static struct c4_op_size weights_size(const int *v) {
    return (struct c4_op_size){.ci = v[0]};
}

static void naive_weights(const struct c4_check_case *c, double *const *want) {
    transform_weights(c->array[0].content, want[1]);
}

/* u (or ut) from w (or wt), in double and rounded once. */
static void adjust_transformed(struct c4_check_case *c, enum c4_check_data data,
                               struct c4_check_rng *rng) {
    static double wide[C4_WINOGRAD_POSITIONS * C * C];
    float *u = c->array[1].content;
    (void)data, (void)rng;
    transform_weights(c->array[4].content, wide);
    for (size_t i = 0; i < C4_WINOGRAD_POSITIONS * C * C; i++) u[i] = (float)wide[i];
}

static void naive_fwd_winograd(const struct c4_check_case *c, double *const *want) {
    for_each_product(&c->size, add_forward, c->array[0].content, c->array[4].content, want[2]);
}

static void naive_bwd_data_winograd(const struct c4_check_case *c, double *const *want) {
    for_each_product(&c->size, add_backward_data, c->array[0].content, c->array[4].content,
                     want[2]);
}

static void naive_bwd_weights_winograd(const struct c4_check_case *c, double *const *want) {
    for_each_product(&c->size, add_backward_weights, c->array[0].content, c->array[1].content,
                     want[3]);
}

/* 64/81, 128/243 and 32/243 are not binary fractions, so Winograd is not exact even on integers. */
#define WINOGRAD_TOLERANCE 1e-5

const struct c4_check_op c4_check_winograd_weights = {
    .size_names = "channels",
    C4_CHECK_SIZES(one_size),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.5,
    .size = weights_size,
    .naive = naive_weights,
    .naive_tolerance = WINOGRAD_TOLERANCE,
};
const struct c4_check_op c4_check_conv_fwd_winograd = {
    .size_names = "n h w ci",
    C4_CHECK_SIZES(winograd_sizes),
    .long_sizes = 1,
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.5,
    .size = size_of,
    .adjust = adjust_transformed,
    .naive = naive_fwd_winograd,
    .naive_tolerance = WINOGRAD_TOLERANCE,
};
const struct c4_check_op c4_check_conv_bwd_data_winograd = {
    .size_names = "n h w ci",
    C4_CHECK_SIZES(winograd_sizes),
    .long_sizes = 1,
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.5,
    .size = size_of,
    .adjust = adjust_transformed,
    .naive = naive_bwd_data_winograd,
    .naive_tolerance = WINOGRAD_TOLERANCE,
};
const struct c4_check_op c4_check_conv_bwd_weights_winograd = {
    .size_names = "n h w ci",
    C4_CHECK_SIZES(winograd_sizes),
    .long_sizes = 1,
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.5,
    .size = size_of,
    .naive = naive_bwd_weights_winograd,
    .naive_tolerance = WINOGRAD_TOLERANCE,
};
