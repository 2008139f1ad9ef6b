/* Every backward op of the double reference against central differences of its forward op, and the
 * identities behind Winograd and the stem.
 *
 * The bound on the relative error is 1e-6. With step H = 1e-6, a central difference of a loss of
 * size L is uncertain by about eps L / H = 2e-10 L from rounding and by H^2 = 1e-12 times the third
 * derivative; losses here are up to a few hundred times the gradients with which they are compared.
 */
#define C4_REF_DOUBLE 1
#define C4_REF_SUFFIX _ref64

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/op/scalar.h"
#include "simd/ref/ref_ops.h"
#include "tests/harness/check.h"
#include "tests/harness/unit.h"

#define H 1e-6
#define BOUND 1e-6
#define IDENTITY 1e-12 /* equal except for rounding in double */

enum { C = C4_CHANNELS, ELEMENTS = 6, SEED = 1, MAX_SEEDS = 20 };

/* --- vectors --- */

static double *vector(size_t count) {
    double *v = aligned_alloc(64, (count * sizeof *v + 63) / 64 * 64);
    assert_non_null(v);
    memset(v, 0, count * sizeof *v);
    return v;
}

static double *random_vector(struct c4_check_rng *rng, size_t count) {
    double *v = vector(count);
    for (size_t i = 0; i < count; i++) v[i] = 2 * c4_check_rng_unit(rng) - 1;
    return v;
}

static double dot(const double *a, const double *b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

/* Relative norm of the difference. */
static double distance(const double *got, const double *want, size_t count) {
    double error = 0;
    for (size_t i = 0; i < count; i++) error += (got[i] - want[i]) * (got[i] - want[i]);
    assert_true(dot(want, want, count) > 0);
    return sqrt(error / dot(want, want, count));
}

/* --- central differences --- */

/* A scalar loss of some vectors, and what must not change when one of them is perturbed: a hash of
 * all selections (pooling winners, signs at a ReLU), or 0. */
struct loss {
    double (*value)(void *context, uint64_t *selections);
    void *context;
    uint64_t selections;
    bool kink; /* a selection changed: these inputs lie too close to a tie */
};

static double evaluate(struct loss *loss) {
    uint64_t selections = 0;
    double value = loss->value(loss->context, &selections);
    loss->kink = loss->kink || selections != loss->selections;
    return value;
}

/* The relative error of `gradient` for x, along a few elements and in one direction through all. */
static double gradient_error(struct loss *loss, double *x, size_t count, const double *gradient,
                             struct c4_check_rng *rng) {
    double *start = vector(count), *direction = vector(count), worst = 0;
    memcpy(start, x, count * sizeof *x);
    double rms = sqrt(dot(gradient, gradient, count) / (double)count);
    assert_true(rms > 0 && isfinite(rms));
    for (int probe = 0; probe <= ELEMENTS; probe++) {
        int one = c4_check_rng_between(rng, 0, (int)count - 1);
        for (size_t i = 0; i < count; i++) {
            double sign = c4_check_rng_between(rng, 0, 1) ? 1 : -1;
            direction[i] = probe == ELEMENTS ? sign : i == (size_t)one;
        }
        double values[2];
        for (int side = 0; side < 2; side++) {
            for (size_t i = 0; i < count; i++) x[i] = start[i] + (side ? H : -H) * direction[i];
            values[side] = evaluate(loss);
        }
        double numeric = (values[1] - values[0]) / (2 * H);
        double analytic = dot(gradient, direction, count);
        worst = fmax(worst, fabs(numeric - analytic) / fmax(fabs(analytic), rms));
    }
    memcpy(x, start, count * sizeof *x);
    free(start);
    free(direction);
    return worst;
}

static void report(const char *op, double error) {
    printf("  %-44s %.1e\n", op, error);
    assert_true(error <= BOUND); /* false for a NaN */
}

static uint64_t mix(uint64_t hash, uint64_t value) {
    return (hash ^ value) * 1099511628211u;
}

/* --- convolution --- */

struct conv {
    struct c4_conv_shape shape;
    bool winograd;
    double *x, *w, *wt, *u, *ut, *y, *dy, *dx, *dw, *du, *scratch;
    size_t x_count, y_count, w_count;
};

static void transpose(struct conv *k) {
    size_t ci = (size_t)k->shape.ci;
    for (size_t tap = 0; tap < 9; tap++)
        for (size_t c = 0; c < ci; c++)
            for (size_t o = 0; o < C; o++)
                k->wt[(tap * C + o) * ci + c] = k->w[(tap * ci + c) * C + o];
}

static struct conv make_conv(struct c4_conv_shape shape, bool winograd, struct c4_check_rng *rng) {
    size_t pixels = (size_t)shape.n * (size_t)shape.h * (size_t)shape.w, ci = (size_t)shape.ci;
    struct conv k = {.shape = shape, .winograd = winograd};
    k.x_count = pixels * ci;
    k.y_count = pixels * C;
    k.w_count = 9 * ci * C;
    k.x = random_vector(rng, k.x_count);
    k.w = random_vector(rng, k.w_count);
    k.dy = random_vector(rng, k.y_count);
    k.wt = vector(k.w_count);
    k.y = vector(k.y_count);
    k.dx = vector(k.x_count);
    k.dw = vector(k.w_count);
    k.u = vector((size_t)C4_WINOGRAD_POSITIONS * C * C);
    k.ut = vector((size_t)C4_WINOGRAD_POSITIONS * C * C);
    k.du = vector((size_t)C4_WINOGRAD_POSITIONS * C * C);
    k.scratch = vector(C4_WINOGRAD_SCRATCH);
    return k;
}

static void free_conv(struct conv *k) {
    double *all[] = {k->x, k->w, k->wt, k->u, k->ut, k->y, k->dy, k->dx, k->dw, k->du, k->scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static void conv_forward(struct conv *k) {
    if (k->winograd) {
        c4_winograd_weights_ref64(k->w, k->u);
        c4_conv_fwd_winograd_ref64(&k->shape, k->x, k->u, k->y, k->scratch);
    } else {
        c4_conv_fwd_direct_ref64(&k->shape, k->x, k->w, k->y);
    }
}

static void conv_backward(struct conv *k) {
    transpose(k);
    if (k->winograd) {
        c4_winograd_weights_ref64(k->wt, k->ut);
        c4_conv_bwd_data_winograd_ref64(&k->shape, k->dy, k->ut, k->dx, k->scratch);
        c4_conv_bwd_weights_winograd_ref64(&k->shape, k->x, k->dy, k->du, k->dw, k->scratch);
    } else {
        c4_conv_bwd_data_direct_ref64(&k->shape, k->dy, k->wt, k->dx);
        c4_conv_bwd_weights_direct_ref64(&k->shape, k->x, k->dy, k->dw);
    }
}

static double conv_loss(void *context, uint64_t *selections) {
    struct conv *k = context;
    (void)selections;
    conv_forward(k);
    return dot(k->y, k->dy, k->y_count);
}

static void conv_gradients(struct c4_conv_shape shape, bool winograd, const char *name) {
    struct c4_check_rng rng = c4_check_rng_start(SEED, name);
    struct conv k = make_conv(shape, winograd, &rng);
    struct loss loss = {conv_loss, &k, 0, false};
    char text[64];
    conv_backward(&k);
    snprintf(text, sizeof text, "%s, data", name);
    report(text, gradient_error(&loss, k.x, k.x_count, k.dx, &rng));
    snprintf(text, sizeof text, "%s, weights", name);
    report(text, gradient_error(&loss, k.w, k.w_count, k.dw, &rng));
    free_conv(&k);
}

static void convolution_gradients(void **state) {
    (void)state;
    conv_gradients((struct c4_conv_shape){2, 3, 5, 3}, false, "direct, 3 channels, 2x3x5");
    conv_gradients((struct c4_conv_shape){2, 4, 3, 64}, false, "direct, 64 channels, 2x4x3");
    conv_gradients((struct c4_conv_shape){1, 1, 1, 64}, false, "direct, 64 channels, 1x1x1");
    conv_gradients((struct c4_conv_shape){1, 4, 4, 64}, true, "Winograd, 1x4x4");
    conv_gradients((struct c4_conv_shape){2, 8, 4, 64}, true, "Winograd, 2x8x4");
}

static void winograd_equals_direct(void **state) {
    (void)state;
    static const struct c4_conv_shape shapes[] = {
        {1, 4, 4, 64}, {3, 4, 8, 64}, {1, 12, 4, 64}, {2, 8, 8, 64}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct c4_check_rng one = c4_check_rng_start(SEED, "equal"), two = one;
        struct conv direct = make_conv(shapes[i], false, &one);
        struct conv winograd = make_conv(shapes[i], true, &two);
        conv_forward(&direct);
        conv_forward(&winograd);
        conv_backward(&direct);
        conv_backward(&winograd);
        double y = distance(winograd.y, direct.y, direct.y_count);
        double dx = distance(winograd.dx, direct.dx, direct.x_count);
        double dw = distance(winograd.dw, direct.dw, direct.w_count);
        printf("  Winograd against direct, %dx%dx%d: y %.1e, dx %.1e, dw %.1e\n", shapes[i].n,
               shapes[i].h, shapes[i].w, y, dx, dw);
        assert_true(y <= IDENTITY && dx <= IDENTITY && dw <= IDENTITY);
        free_conv(&direct);
        free_conv(&winograd);
    }
}

/* --- batch norm, ReLU and pooling --- */

enum { BN_N = 2, BN_H = 4, BN_W = 6, PIXELS = BN_N * BN_H * BN_W, POOLED = PIXELS / 4 };

struct chain {
    bool relu_first;
    double *y, *gamma, *beta, *bias;                             /* perturbed */
    double *dp;                                                  /* the loss is p.dp */
    double *r, *selected, *p, *ds, *dy, *dgamma, *dbeta, *dbias; /* computed */
    uint8_t arg[POOLED * C];
    struct c4_bn_channel bn[C];
};

static double chain_loss(void *context, uint64_t *selections) {
    struct chain *k = context;
    double sum[C], sum_sq[C], scale[C], shift[C];
    memcpy(k->r, k->y, PIXELS * C * sizeof *k->r);
    if (k->relu_first) c4_bias_relu_ref64(PIXELS, k->r, k->bias, k->r);
    c4_channel_sums_ref64(BN_N, BN_H, BN_W, k->r, k->r, sum, sum_sq);
    for (int c = 0; c < C; c++) {
        k->bn[c] = c4_bn_from_sums(sum[c], sum_sq[c], PIXELS, k->gamma[c], k->beta[c]);
        scale[c] = k->bn[c].scale;
        shift[c] = k->bn[c].shift;
    }
    c4_pool_select_ref64(BN_N, BN_H, BN_W, k->r, k->gamma, k->selected, k->arg);
    c4_bn_apply_ref64(POOLED, !k->relu_first, k->selected, scale, shift, k->p);
    const double *signs = k->relu_first ? k->r : k->p;
    int sign_count = k->relu_first ? PIXELS * C : POOLED * C;
    for (int i = 0; i < POOLED * C; i++) *selections = mix(*selections, k->arg[i]);
    for (int i = 0; i < sign_count; i++) *selections = mix(*selections, signs[i] > 0);
    return dot(k->p, k->dp, POOLED * C);
}

static void chain_backward(struct chain *k) {
    double sum_ds[C], sum_ds_y[C], c0[C], c1[C], c2[C], unused[C];
    memcpy(k->ds, k->dp, POOLED * C * sizeof *k->ds);
    if (!k->relu_first) c4_relu_mask_ref64(POOLED, k->p, k->ds, k->ds);
    c4_channel_sums_ref64(BN_N, BN_H / 2, BN_W / 2, k->ds, k->selected, sum_ds, sum_ds_y);
    for (int c = 0; c < C; c++) {
        struct c4_bn_gradient g =
            c4_bn_backward(&k->bn[c], k->gamma[c], sum_ds[c], sum_ds_y[c], PIXELS);
        k->dgamma[c] = g.dgamma;
        k->dbeta[c] = g.dbeta;
        c0[c] = g.c0;
        c1[c] = g.c1;
        c2[c] = g.c2;
    }
    c4_bn_rebuild_ref64(BN_N, BN_H, BN_W, k->relu_first, k->r, k->ds, k->arg, c0, c1, c2, k->dy);
    c4_channel_sums_ref64(BN_N, BN_H, BN_W, k->dy, k->dy, k->dbias, unused);
}

/* False if these inputs lie too close to a tie. */
static bool try_chain(bool relu_first, uint64_t seed) {
    struct c4_check_rng rng = c4_check_rng_start(seed, "chain");
    struct chain k = {.relu_first = relu_first};
    k.y = random_vector(&rng, PIXELS * C);
    k.gamma = random_vector(&rng, C);
    k.beta = random_vector(&rng, C);
    k.bias = random_vector(&rng, C);
    k.dp = random_vector(&rng, POOLED * C);
    double **made[] = {&k.r, &k.dy, &k.selected, &k.p, &k.ds, &k.dgamma, &k.dbeta, &k.dbias};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) *made[i] = vector(PIXELS * C);

    struct loss loss = {chain_loss, &k, 0, false};
    chain_loss(&k, &loss.selections);
    chain_backward(&k);
    double y = gradient_error(&loss, k.y, PIXELS * C, k.dy, &rng);
    double gamma = gradient_error(&loss, k.gamma, C, k.dgamma, &rng);
    double beta = gradient_error(&loss, k.beta, C, k.dbeta, &rng);
    double bias = relu_first ? gradient_error(&loss, k.bias, C, k.dbias, &rng) : 0;
    if (!loss.kink) {
        report(relu_first ? "ReLU, BN, pool: y" : "BN, ReLU, pool: y", y);
        report("  gamma", gamma);
        report("  beta", beta);
        if (relu_first) report("  bias", bias);
    }
    double *all[] = {k.y, k.gamma, k.beta, k.bias, k.dp};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) free(*made[i]);
    return !loss.kink;
}

static void batch_norm_chains(void **state) {
    (void)state;
    for (int relu_first = 0; relu_first < 2; relu_first++) {
        uint64_t seed = SEED;
        while (!try_chain(relu_first, seed)) assert_true(++seed <= MAX_SEEDS);
    }
}

/* --- the stem --- */

enum { STEM_N = 2, STEM_PIXELS = STEM_N * C4_IMAGE_SIDE * C4_IMAGE_SIDE };

static void stem_identities(void **state) {
    (void)state;
    struct c4_check_rng rng = c4_check_rng_start(SEED, "stem");
    const int side = C4_IMAGE_SIDE;
    const struct c4_conv_shape shape = {STEM_N, side, side, 3};
    static uint8_t images[STEM_N * C4_IMAGE_BYTES], arg[STEM_PIXELS / 4 * C];
    for (size_t i = 0; i < sizeof images; i++) /* not symmetric, so that means matter */
        images[i] = (uint8_t)(c4_check_rng_between(&rng, 0, 200) * (1 + (int)(i % 5)) / 5);
    double *x = vector((size_t)STEM_PIXELS * 3), *y = vector((size_t)STEM_PIXELS * C);
    double *w = random_vector(&rng, (size_t)C4_PATCH * C);
    c4_stem_input_ref64(STEM_N, images, x);
    c4_conv_fwd_direct_ref64(&shape, x, w, y);

    /* Statistics from patch sums against two passes over the dense output. */
    int64_t first[C4_PATCH], second[C4_PATCH * C4_PATCH];
    double mean[C], var[C], plain_mean[C] = {0}, plain_var[C] = {0};
    c4_stem_moments_ref64(STEM_N, images, first, second);
    c4_stem_statistics(first, second, STEM_PIXELS, w, mean, var);
    for (size_t i = 0; i < (size_t)STEM_PIXELS * C; i++) plain_mean[i % C] += y[i] / STEM_PIXELS;
    for (size_t i = 0; i < (size_t)STEM_PIXELS * C; i++) {
        double d = y[i] - plain_mean[i % C];
        plain_var[i % C] += d * d / STEM_PIXELS;
    }
    double mean_error = distance(mean, plain_mean, C), var_error = distance(var, plain_var, C);
    printf("  stem statistics: mean %.1e, variance %.1e\n", mean_error, var_error);
    assert_true(mean_error <= IDENTITY && var_error <= IDENTITY);

    /* The sparse weight gradient against the dense one. */
    double *gamma = random_vector(&rng, C), *ds = random_vector(&rng, STEM_PIXELS / 4 * C);
    double *selected = vector(STEM_PIXELS / 4 * C), *dy = vector((size_t)STEM_PIXELS * C);
    double *r = vector((size_t)C4_PATCH * C), *dense = vector((size_t)C4_PATCH * C);
    double sparse[C4_PATCH * C], sum_ds[C], sum_ds_y[C], c0[C], c1[C], c2[C];
    struct c4_bn_gradient bn[C];
    for (size_t i = 0; i < STEM_PIXELS / 4 * C; i++)
        if (c4_check_rng_between(&rng, 0, 1)) ds[i] = 0;
    c4_pool_select_ref64(STEM_N, side, side, y, gamma, selected, arg);
    c4_channel_sums_ref64(STEM_N, side / 2, side / 2, ds, selected, sum_ds, sum_ds_y);
    for (int c = 0; c < C; c++) {
        struct c4_bn_channel channel = c4_bn_from_patch_sums(mean[c], var[c], gamma[c], 0);
        bn[c] = c4_bn_backward(&channel, gamma[c], sum_ds[c], sum_ds_y[c], STEM_PIXELS);
        c0[c] = bn[c].c0;
        c1[c] = bn[c].c1;
        c2[c] = bn[c].c2;
    }
    c4_bn_rebuild_ref64(STEM_N, side, side, false, y, ds, arg, c0, c1, c2, dy);
    c4_conv_bwd_weights_direct_ref64(&shape, x, dy, dense);
    c4_stem_select_grad_ref64(STEM_N, x, ds, arg, r, NULL); /* the reference needs no scratch */
    c4_stem_weight_grad(first, second, w, r, bn, 0, C4_PATCH, sparse);
    double error = distance(sparse, dense, (size_t)C4_PATCH * C);
    printf("  stem weight gradient, sparse against dense: %.1e\n", error);
    assert_true(error <= IDENTITY);
    double *all[] = {x, y, w, gamma, ds, selected, dy, r, dense};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

/* --- the head --- */

enum { HEAD_N = 3, K = C4_FLAT, O = C4_LOGITS_STRIDE };

struct head {
    double *x, *w, *wt, *bias, *logits, *d_logits, *dx, *dw, *dbias;
    int labels[HEAD_N];
};

static double head_loss(void *context, uint64_t *selections) {
    struct head *k = context;
    double loss = 0;
    int hit;
    (void)selections;
    c4_linear_fwd_ref64(HEAD_N, k->x, k->w, k->bias, k->logits);
    for (int i = 0; i < HEAD_N; i++)
        loss += c4_softmax_xent(k->logits + i * O, k->labels[i], HEAD_N, NULL, &hit) / HEAD_N;
    return loss;
}

static double softmax_loss(void *context, uint64_t *selections) {
    struct head *k = context;
    int hit;
    (void)selections;
    return c4_softmax_xent(k->logits, k->labels[0], 1, NULL, &hit);
}

static void linear_and_softmax(void **state) {
    (void)state;
    struct c4_check_rng rng = c4_check_rng_start(SEED, "head");
    struct head k = {.labels = {0, 9, 4}};
    k.x = random_vector(&rng, (size_t)HEAD_N * K);
    k.w = random_vector(&rng, (size_t)K * O);
    k.bias = random_vector(&rng, O);
    k.wt = vector((size_t)C4_CLASSES * K);
    k.logits = vector((size_t)HEAD_N * O);
    k.d_logits = vector((size_t)HEAD_N * O);
    k.dx = vector((size_t)HEAD_N * K);
    k.dw = vector((size_t)K * O);
    k.dbias = vector(O);
    for (size_t i = 0; i < (size_t)K * O; i++) {
        k.w[i] = i % O < C4_CLASSES ? k.w[i] / 8 : 0;
        if (i % O < C4_CLASSES) k.wt[i % O * K + i / O] = k.w[i];
    }
    for (size_t o = C4_CLASSES; o < O; o++) k.bias[o] = 0;

    struct loss loss = {head_loss, &k, 0, false};
    int hit;
    head_loss(&k, &loss.selections);
    for (int i = 0; i < HEAD_N; i++)
        c4_softmax_xent(k.logits + i * O, k.labels[i], HEAD_N, k.d_logits + i * O, &hit);
    c4_linear_bwd_data_ref64(HEAD_N, k.d_logits, k.wt, k.dx);
    c4_linear_bwd_weights_ref64(HEAD_N, k.x, k.d_logits, k.dw, k.dbias);
    report("linear and softmax: x", gradient_error(&loss, k.x, (size_t)HEAD_N * K, k.dx, &rng));
    report("  weights", gradient_error(&loss, k.w, (size_t)K * O, k.dw, &rng));
    report("  bias", gradient_error(&loss, k.bias, O, k.dbias, &rng));

    struct loss softmax = {softmax_loss, &k, 0, false};
    head_loss(&k, &softmax.selections);
    double d[C4_CLASSES];
    c4_softmax_xent(k.logits, k.labels[0], 1, d, &hit);
    report("softmax: logits", gradient_error(&softmax, k.logits, C4_CLASSES, d, &rng));
    double *all[] = {k.x, k.w, k.wt, k.bias, k.logits, k.d_logits, k.dx, k.dw, k.dbias};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

/* A wrong gradient must be noticed: an error of 1e-5 in one tensor is ten times the bound. */
static void a_wrong_gradient_is_noticed(void **state) {
    (void)state;
    struct c4_check_rng rng = c4_check_rng_start(SEED, "wrong");
    struct conv k = make_conv((struct c4_conv_shape){1, 4, 4, 64}, true, &rng);
    struct loss loss = {conv_loss, &k, 0, false};
    conv_backward(&k);
    for (size_t i = 0; i < k.x_count; i++) k.dx[i] *= 1 + 1e-5;
    assert_true(gradient_error(&loss, k.x, k.x_count, k.dx, &rng) > BOUND);
    free_conv(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolution_gradients), cmocka_unit_test(winograd_equals_direct),
        cmocka_unit_test(batch_norm_chains),     cmocka_unit_test(stem_identities),
        cmocka_unit_test(linear_and_softmax),    cmocka_unit_test(a_wrong_gradient_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
