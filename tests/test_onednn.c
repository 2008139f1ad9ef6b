/* The oneDNN backend against the reference.
 *
 * Two float implementations round differently, so that now and then a pooling window or a ReLU
 * decides otherwise; one such flip moves a gradient by up to 1e-2. The tight comparisons therefore
 * run on the first inputs, in a fixed order of seeds, on which every decision equals the double
 * reference's; on the others the loose bound holds. Both are counted and printed.
 *
 * The library adds up batch statistics in single float chains over a thread's share of the pixels.
 * Equal addends, such as the zeros behind a ReLU, then all round to the same side, and the error
 * grows with the length of the chain instead of its root: with relu-bn the variance of block 1 is
 * off by 1e-5 at 5 images and by 1e-4 at 32. So its inputs here have few zeros, and its tolerance
 * is wider. */
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/net/init.h"
#include "simd/dispatch.h"
#include "tests/unit.h"

#ifdef C4_HAVE_ONEDNN

#include "simd/onednn/describe.h"

enum { C = C4_CHANNELS, MAX_BATCH = 32 };

#define LOOSE 5e-2 /* with a few flipped decisions */
#define SEEDS 24

/* Of statistics, maps and gradients, as the norm of the difference over the norm. */
static double tolerance(enum c4_order order, int n) {
    if (order == C4_BN_RELU) return n <= 5 ? 1e-5 : 2e-5;
    return n <= 5 ? 3e-5 : 2e-4;
}

static const char *const order_name[] = {"bn-relu", "relu-bn"};

static void *room(size_t count, size_t size) {
    void *memory = calloc(count, size);
    assert_non_null(memory);
    return memory;
}

static void ok(enum c4_status status) {
    if (status != C4_OK) print_error("%s\n", c4_error());
    assert_int_equal(status, C4_OK);
}

/* A batch and a state drawn from a seed. */
struct input {
    uint8_t images[MAX_BATCH * C4_IMAGE_BYTES], labels[MAX_BATCH];
    double state[C4_STATE_COUNT], momentum[C4_LEARNED_COUNT];
};

static double uniform(uint64_t seed, uint32_t stream, size_t i, double low, double high) {
    uint32_t word = c4_rng_draw(seed, C4_RNG_TEST, stream, i / 4).word[i % 4];
    return (double)(float)(low + (high - low) * c4_rng_unit(word));
}

/* Scales of both signs (a negative one turns pooling into a minimum), shifts and running statistics
 * away from their initial values; in relu-bn, biases that leave few zeros. */
static void draw(uint64_t seed, enum c4_order order, struct input *in) {
    for (size_t i = 0; i < sizeof in->images; i++)
        in->images[i] =
            (uint8_t)(c4_rng_draw(seed, C4_RNG_TEST, 1, i / 16).word[i / 4 % 4] >> (8 * (i % 4)));
    for (size_t i = 0; i < MAX_BATCH; i++) in->labels[i] = (uint8_t)uniform(seed, 2, i, 0, 9.99);
    c4_net_init(seed, in->state);
    for (int b = 0; b < C4_BLOCKS; b++)
        for (size_t c = 0; c < C; c++) {
            uint32_t stream = 16 * (uint32_t)b;
            double size = uniform(seed, stream + 3, c, 0.5, 1.5);
            in->state[c4_block_param(b, C4_PARAM_GAMMA)->offset + c] = c % 5 == 4 ? -size : size;
            in->state[c4_block_param(b, C4_PARAM_BETA)->offset + c] =
                uniform(seed, stream + 4, c, -0.3, 0.3);
            in->state[c4_block_running(b, C4_PARAM_RUNNING_MEAN)->offset + c] =
                uniform(seed, stream + 5, c, -0.1, 0.1);
            in->state[c4_block_running(b, C4_PARAM_RUNNING_VAR)->offset + c] =
                uniform(seed, stream + 6, c, 0.2, 0.6);
            if (order == C4_RELU_BN)
                in->state[c4_block_param(b, C4_PARAM_BIAS)->offset + c] =
                    uniform(seed, stream + 8, c, b ? 0.6 : 0.3, b ? 1.2 : 0.6);
        }
    for (size_t i = 0; i < C4_LEARNED_COUNT; i++)
        in->momentum[i] = uniform(seed, 7, i, -0.01, 0.01);
}

struct plan {
    const struct c4_step_api *api;
    struct c4_plan *plan;
};

static struct plan open_plan(const char *name, enum c4_order order, enum c4_conv_algorithm conv,
                             int threads, const struct input *in) {
    struct c4_dispatch dispatch;
    ok(c4_dispatch(name, &dispatch));
    assert_string_equal(dispatch.step_origin->name, name);
    const struct c4_plan_config config = {
        .order = order, .conv = conv, .max_batch = MAX_BATCH, .threads = threads};
    struct plan p = {dispatch.backend.step, NULL};
    ok(p.api->create(&config, &p.plan));
    ok(p.api->load(p.plan, in->state, in->momentum));
    return p;
}

static void close_plan(struct plan *p) {
    p->api->destroy(p->plan);
}

static struct c4_batch batch_of(const struct input *in, int n) {
    return (struct c4_batch){in->images, in->labels, n};
}

static double *values_of(const struct plan *p, const char *name, int block, size_t *count) {
    char full[24];
    snprintf(full, sizeof full, block ? "%s%d" : "%s", name, block);
    size_t capacity = (size_t)MAX_BATCH * 32 * 32 * C;
    double *values = room(capacity, sizeof *values);
    ok(p->api->read(p->plan, full, values, capacity, count));
    return values;
}

/* |a - b| / |b|, and |a| where b is 0. */
static double distance(const double *a, const double *b, size_t count) {
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        difference += (a[i] - b[i]) * (a[i] - b[i]);
        norm += b[i] * b[i];
    }
    return sqrt(norm > 0 ? difference / norm : difference);
}

static double distance_of(const struct plan *p, const struct plan *want, const char *name,
                          int block) {
    size_t count, want_count;
    double *a = values_of(p, name, block, &count), *b = values_of(want, name, block, &want_count);
    assert_int_equal(count, want_count);
    double d = distance(a, b, count);
    free(a);
    free(b);
    return d;
}

/* Decisions of the last step that differ and that a gradient passes through. */
static int flips(const struct plan *p, const struct plan *want, enum c4_order order) {
    int count = 0;
    for (int block = 1; block <= C4_BLOCKS; block++) {
        size_t size;
        double *arg = values_of(p, "arg", block, &size);
        double *want_arg = values_of(want, "arg", block, &size);
        double *pool = values_of(p, "pool", block, &size);
        double *want_pool = values_of(want, "pool", block, &size);
        for (size_t i = 0; i < size; i++) {
            bool dead = order == C4_BN_RELU && pool[i] <= 0 && want_pool[i] <= 0;
            bool mask = order == C4_BN_RELU && (pool[i] > 0) != (want_pool[i] > 0);
            count += mask || (!dead && arg[i] != want_arg[i]);
        }
        free(arg);
        free(want_arg);
        free(pool);
        free(want_pool);
        if (order == C4_BN_RELU) continue;
        double *y = values_of(p, "conv", block, &size);
        double *want_y = values_of(want, "conv", block, &size);
        for (size_t i = 0; i < size; i++) count += (y[i] > 0) != (want_y[i] > 0);
        free(y);
        free(want_y);
    }
    return count;
}

static double gradient_distance(const struct plan *p, const struct plan *want,
                                enum c4_order order) {
    size_t count;
    double *grad = values_of(p, "grad", 0, &count), *want_grad = values_of(want, "grad", 0, &count);
    double worst = 0;
    assert_int_equal(count, C4_LEARNED_COUNT);
    for (int t = 0; t < C4_LEARNED_TENSORS; t++) {
        const struct c4_param *param = &c4_params[t];
        bool conv_bias = t < C4_PARAM_LINEAR_WEIGHT && t % 4 == C4_PARAM_BIAS;
        if (conv_bias && order == C4_BN_RELU) {
            for (size_t i = 0; i < param->count; i++) assert_true(grad[param->offset + i] == 0.0);
            continue;
        }
        double d = distance(grad + param->offset, want_grad + param->offset, param->count);
        worst = d > worst || isnan(d) ? d : worst;
    }
    free(grad);
    free(want_grad);
    return worst;
}

static void near(double value, double bound, const char *what, int block) {
    if (!(value <= bound)) print_error("%s %d: %.1e is above %.1e\n", what, block, value, bound);
    assert_true(value <= bound);
}

static void same_statistics(const struct plan *p, const struct plan *want, double bound) {
    static const char *const names[] = {"mean", "var", "conv", "pool"};
    for (int block = 1; block <= C4_BLOCKS; block++)
        for (int i = 0; i < 4; i++)
            near(distance_of(p, want, names[i], block), bound, names[i], block);
    near(distance_of(p, want, "logits", 0), bound, "logits", 0);
}

/* One step on n images from each seed until one has no flip: gradients there, and everything that
 * does not hang on single decisions everywhere. With fewer than SEEDS seeds there may be none.
 * `slack` widens the tolerance. */
static void compare_steps(enum c4_order order, enum c4_conv_algorithm conv, int n, int threads,
                          uint64_t seeds, double slack) {
    struct input *in = room(1, sizeof *in);
    int hidden = 0;
    double bound = slack * tolerance(order, n), tight = INFINITY;
    for (uint64_t seed = 1; seed <= seeds && !(tight < bound); seed++) {
        draw(seed, order, in);
        struct plan p = open_plan("onednn", order, conv, threads, in);
        struct plan want = open_plan("ref64", order, C4_DIRECT, 2, in);
        const struct c4_batch batch = batch_of(in, n);
        struct c4_step_result result, want_result;
        ok(p.api->step(p.plan, &batch, NULL, &result));
        ok(want.api->step(want.plan, &batch, NULL, &want_result));
        near(fabs(result.loss / want_result.loss - 1), bound / 5, "loss", 0);
        assert_int_equal(result.hits, want_result.hits);
        same_statistics(&p, &want, bound);
        double d = gradient_distance(&p, &want, order);
        int flipped = flips(&p, &want, order);
        print_message("%s, %s, n %d, threads %d, seed %d: %d flips, gradients within %.1e\n",
                      order_name[order], conv == C4_DIRECT ? "direct" : "winograd", n, threads,
                      (int)seed, flipped, d);
        near(d, LOOSE, "gradients", 0);
        if (flipped == 0) tight = d;
        /* Two values that batch norm rounds to one are a flip that cannot be seen. */
        hidden += flipped == 0 && !(d < bound);
        close_plan(&p);
        close_plan(&want);
    }
    if (seeds == SEEDS) assert_true(tight < bound);
    assert_true(hidden <= 1);
    free(in);
}

/* Single images, small batches, several threads; then Winograd where the library has it, whose
 * textbook points cost another digit. */
static void one_step(enum c4_order order) {
    compare_steps(order, C4_DIRECT, 1, 1, SEEDS, 1);
    compare_steps(order, C4_DIRECT, 5, 1, SEEDS, 1);
    compare_steps(order, C4_DIRECT, 5, 2, SEEDS, 1);
    compare_steps(order, C4_DIRECT, 12, 2, SEEDS, 1);
    compare_steps(order, C4_DIRECT, 32, 2, order == C4_BN_RELU ? SEEDS : 2, 1);
    compare_steps(order, C4_WINOGRAD, 5, 2, SEEDS, 10);
}

static void one_step_bn_relu(void **state) {
    (void)state;
    one_step(C4_BN_RELU);
}

static void one_step_relu_bn(void **state) {
    (void)state;
    one_step(C4_RELU_BN);
}

/* From initial weights, where half of what ReLU leaves is zeros: each variance within the bound of
 * one float chain over the pixels. */
static void variance_of_many_zeros(void **state) {
    (void)state;
    struct input *in = room(1, sizeof *in);
    draw(50, C4_RELU_BN, in);
    c4_net_init(50, in->state);
    struct plan p = open_plan("onednn", C4_RELU_BN, C4_DIRECT, 1, in);
    struct plan want = open_plan("ref64", C4_RELU_BN, C4_DIRECT, 2, in);
    const struct c4_batch batch = batch_of(in, MAX_BATCH);
    struct c4_step_result result;
    ok(p.api->step(p.plan, &batch, NULL, &result));
    ok(want.api->step(want.plan, &batch, NULL, &result));
    size_t count;
    double *var = values_of(&p, "var", 1, &count), *want_var = values_of(&want, "var", 1, &count);
    double worst = 0;
    for (size_t c = 0; c < C; c++) worst = fmax(worst, fabs(var[c] / want_var[c] - 1));
    print_message("variance of block 1 within %.1e\n", worst);
    near(worst, MAX_BATCH * 1024 * 0x1p-24, "var", 1);
    free(var);
    free(want_var);
    close_plan(&p);
    close_plan(&want);
    free(in);
}

/* Three steps of SGD, the last on a partial batch: weights, momentum and running statistics. */
static void three_steps(void **state) {
    (void)state;
    struct input *in = room(1, sizeof *in);
    for (int i = 0; i < 2; i++) {
        enum c4_order order = (enum c4_order)i;
        draw(100, order, in);
        struct plan p = open_plan("onednn", order, C4_DIRECT, 2, in);
        struct plan want = open_plan("ref", order, C4_WINOGRAD, 2, in);
        const struct c4_sgd sgd = {0.001, 0.9};
        const int sizes[] = {32, 32, 7};
        for (int step = 0; step < 3; step++) {
            struct c4_step_result result, want_result;
            const struct c4_batch batch = batch_of(in, sizes[step]);
            ok(p.api->step(p.plan, &batch, &sgd, &result));
            ok(want.api->step(want.plan, &batch, &sgd, &want_result));
            print_message("%s step %d: loss %.9g, reference %.9g, %d flips\n", order_name[order],
                          step, result.loss, want_result.loss, flips(&p, &want, order));
            near(fabs(result.loss / want_result.loss - 1), tolerance(order, 32), "loss", step);
        }
        double *got = room(2 * C4_STATE_COUNT, sizeof *got), *momentum = got + C4_STATE_COUNT;
        double *ref = room(2 * C4_STATE_COUNT, sizeof *ref), *ref_momentum = ref + C4_STATE_COUNT;
        ok(p.api->store(p.plan, got, momentum));
        ok(want.api->store(want.plan, ref, ref_momentum));
        for (int t = 0; t < C4_STATE_TENSORS; t++) {
            const struct c4_param *param = &c4_params[t];
            size_t at = param->offset;
            near(distance(got + at, ref + at, param->count), tolerance(order, 32), param->name, 0);
            if (t < C4_LEARNED_TENSORS)
                near(distance(momentum + at, ref_momentum + at, param->count), LOOSE, param->name,
                     0);
            near(1e-5, distance(got + at, in->state + at, param->count), param->name,
                 0); /* moved */
        }
        free(got);
        free(ref);
        close_plan(&p);
        close_plan(&want);
    }
    free(in);
}

/* Both statistics, features included. */
static void evaluation(void **state) {
    (void)state;
    struct input *in = room(1, sizeof *in);
    for (int variant = 0; variant < 8; variant++) {
        enum c4_order order = (enum c4_order)(variant & 1);
        enum c4_bn_statistics statistics = (enum c4_bn_statistics)(variant >> 1 & 1);
        int n = variant & 4 ? 3 : MAX_BATCH;
        draw(200, order, in);
        struct plan p[2] = {open_plan("onednn", order, C4_DIRECT, 2, in),
                            open_plan("ref64", order, C4_DIRECT, 2, in)};
        struct c4_step_result result[2];
        float *features[2][C4_LAYERS];
        const struct c4_batch batch = batch_of(in, n);
        for (int i = 0; i < 2; i++) {
            for (int layer = 0; layer < C4_LAYERS; layer++)
                features[i][layer] = room((size_t)n * c4_layer_features(layer), sizeof(float));
            ok(p[i].api->evaluate(p[i].plan, &batch, statistics, &result[i], features[i]));
        }
        near(fabs(result[0].loss / result[1].loss - 1), tolerance(order, n) / 5, "loss", variant);
        assert_int_equal(result[0].hits, result[1].hits);
        for (int layer = 0; layer < C4_LAYERS; layer++) {
            double difference = 0, norm = 0;
            for (size_t i = 0; i < (size_t)n * c4_layer_features(layer); i++) {
                double a = (double)features[0][layer][i], b = (double)features[1][layer][i];
                difference += (a - b) * (a - b);
                norm += b * b;
            }
            assert_true(norm > 0);
            near(sqrt(difference / norm), tolerance(order, n), c4_layer_name[layer], variant);
        }
        double *after = room(C4_STATE_COUNT, sizeof *after);
        ok(p[0].api->store(p[0].plan, after, NULL));
        assert_memory_equal(after, in->state, C4_STATE_COUNT * sizeof *after);
        struct c4_step_result alone; /* without features */
        ok(p[0].api->evaluate(p[0].plan, &batch, statistics, &alone, NULL));
        assert_true(alone.loss == result[0].loss);
        free(after);
        for (int i = 0; i < 2; i++) {
            for (int layer = 0; layer < C4_LAYERS; layer++) free(features[i][layer]);
            close_plan(&p[i]);
        }
    }
    free(in);
}

/* What is stored is what was loaded, and a plan continued from a store goes on as the old one. */
static void store_and_load(void **state) {
    (void)state;
    struct input *in = room(1, sizeof *in), *middle = room(1, sizeof *middle);
    draw(300, C4_BN_RELU, in);
    struct plan p = open_plan("onednn", C4_BN_RELU, C4_WINOGRAD, 1, in);
    ok(p.api->store(p.plan, middle->state, middle->momentum));
    assert_memory_equal(middle->state, in->state, sizeof in->state);
    assert_memory_equal(middle->momentum, in->momentum, sizeof in->momentum);

    const struct c4_batch batch = batch_of(in, 6);
    const struct c4_sgd sgd = {0.01, 0.9};
    struct c4_step_result result, resumed_result;
    ok(p.api->step(p.plan, &batch, &sgd, &result));
    ok(p.api->store(p.plan, middle->state, middle->momentum));
    ok(p.api->step(p.plan, &batch, &sgd, &result));
    struct plan resumed = open_plan("onednn", C4_BN_RELU, C4_WINOGRAD, 1, middle);
    ok(resumed.api->step(resumed.plan, &batch, &sgd, &resumed_result));
    assert_true(fabs(result.loss - resumed_result.loss) < 1e-6 * result.loss);
    ok(p.api->store(p.plan, in->state, in->momentum));
    ok(resumed.api->store(resumed.plan, middle->state, middle->momentum));
    assert_true(distance(middle->state, in->state, C4_STATE_COUNT) < 1e-6);
    assert_true(distance(middle->momentum, in->momentum, C4_LEARNED_COUNT) < 1e-4);

    ok(p.api->load(p.plan, middle->state, NULL)); /* no momentum: zeros */
    ok(p.api->store(p.plan, in->state, in->momentum));
    for (size_t i = 0; i < C4_LEARNED_COUNT; i++) assert_true(in->momentum[i] == 0.0);
    close_plan(&p);
    close_plan(&resumed);
    free(in);
    free(middle);
}

/* More batch sizes than a plan keeps at a time: an evicted one comes back as it was, and weights
 * that changed in between reach all of them. */
static void many_batch_sizes(void **state) {
    (void)state;
    struct input *in = room(1, sizeof *in);
    draw(400, C4_BN_RELU, in);
    struct plan p = open_plan("onednn", C4_BN_RELU, C4_WINOGRAD, 1, in);
    struct c4_step_result first[10], again;
    for (int n = 1; n < 10; n++) {
        const struct c4_batch batch = batch_of(in, n);
        ok(p.api->step(p.plan, &batch, NULL, &first[n]));
    }
    for (int n = 1; n < 10; n++) {
        const struct c4_batch batch = batch_of(in, n);
        ok(p.api->evaluate(p.plan, &batch, C4_BN_BATCH, &again, NULL));
        assert_true(fabs(again.loss - first[n].loss) < 1e-6 * first[n].loss);
    }
    const struct c4_batch one = batch_of(in, 9), other = batch_of(in, 8);
    const struct c4_sgd sgd = {0.1, 0.9};
    struct c4_step_result before, after, fresh;
    ok(p.api->evaluate(p.plan, &one, C4_BN_BATCH, &before, NULL));
    ok(p.api->step(p.plan, &other, &sgd, &again));
    ok(p.api->evaluate(p.plan, &one, C4_BN_BATCH, &after, NULL));
    assert_true(fabs(after.loss - before.loss) > 1e-4 * before.loss);
    ok(p.api->store(p.plan, in->state, in->momentum));
    struct plan q = open_plan("onednn", C4_BN_RELU, C4_WINOGRAD, 1, in);
    ok(q.api->evaluate(q.plan, &one, C4_BN_BATCH, &fresh, NULL));
    assert_true(fabs(after.loss - fresh.loss) < 1e-6 * fresh.loss);
    close_plan(&p);
    close_plan(&q);
    free(in);
}

static void refusals_and_threads(void **state) {
    (void)state;
    struct input *in = room(1, sizeof *in);
    draw(500, C4_BN_RELU, in);
    struct plan p = open_plan("onednn", C4_BN_RELU, C4_WINOGRAD, 2, in);
    assert_string_equal(c4_onednn_describe(p.plan), "");
    double value;
    size_t count;
    assert_int_equal(p.api->read(p.plan, "grad", &value, 1, &count), C4_ERR_USAGE);
    struct c4_step_result result;
    const struct c4_batch none = batch_of(in, 0), many = batch_of(in, MAX_BATCH + 1);
    assert_int_equal(p.api->step(p.plan, &none, NULL, &result), C4_ERR_USAGE);
    assert_int_equal(p.api->evaluate(p.plan, &many, C4_BN_BATCH, &result, NULL), C4_ERR_USAGE);

    int threads = omp_get_max_threads();
    omp_set_num_threads(3);
    const struct c4_batch batch = batch_of(in, 4);
    ok(p.api->step(p.plan, &batch, NULL, &result));
    assert_int_equal(omp_get_max_threads(), 3);
    omp_set_num_threads(threads);
    assert_non_null(strstr(c4_onednn_describe(p.plan), "conv1 forward: "));
    assert_non_null(strstr(c4_onednn_describe(p.plan), "conv4 backward data: "));
    assert_int_equal(p.api->read(p.plan, "grad", &value, 1, &count), C4_ERR_USAGE);
    assert_int_equal(count, C4_LEARNED_COUNT);
    assert_int_equal(p.api->read(p.plan, "conv5", &value, 1, &count), C4_ERR_USAGE);
    assert_int_equal(p.api->read(p.plan, "", &value, 1, &count), C4_ERR_USAGE);

    struct c4_plan *plan = NULL;
    const struct c4_plan_config bad[] = {{.max_batch = 0, .threads = 1},
                                         {.max_batch = 1, .threads = 0}};
    for (int i = 0; i < 2; i++) assert_int_equal(p.api->create(&bad[i], &plan), C4_ERR_USAGE);
    p.api->destroy(NULL);
    close_plan(&p);
    free(in);
}

/* Buffers of a slot, 64-byte aligned, with a margin that must survive on both sides. */
enum { MARGIN = 16 };

static float *buffer(size_t count, uint32_t stream) {
    size_t padded = (count + 2 * MARGIN + 15) / 16 * 16;
    float *memory = aligned_alloc(64, padded * sizeof *memory);
    assert_non_null(memory);
    for (size_t i = 0; i < padded; i++)
        memory[i] = stream ? (float)uniform(9, stream, i, -1, 1) : 12345.0F;
    if (!stream)
        for (size_t i = 0; i < count; i++) memory[MARGIN + i] = NAN;
    return memory + MARGIN;
}

static void same_output(const float *got, const float *want, size_t count, const char *what,
                        const struct c4_conv_shape *shape) {
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        difference += ((double)got[i] - (double)want[i]) * ((double)got[i] - (double)want[i]);
        norm += (double)want[i] * (double)want[i];
    }
    if (!(sqrt(difference) <= 2e-6 * sqrt(norm)))
        print_error("%s of %dx%dx%dx%d: %.1e\n", what, shape->n, shape->h, shape->w, shape->ci,
                    sqrt(difference / norm));
    assert_true(sqrt(difference) <= 2e-6 * sqrt(norm));
    for (size_t i = 0; i < MARGIN; i++) {
        assert_true(got[-1 - (ptrdiff_t)i] == 12345.0F);
        assert_true(got[count + i] == 12345.0F);
    }
}

static void slots(void **state) {
    (void)state;
    static const struct c4_conv_shape shapes[] = {
        {1, 1, 1, 64}, {2, 3, 5, 64},  {1, 1, 9, 64}, {3, 16, 16, 64}, {4, 4, 4, 64},
        {1, 1, 1, 3},  {2, 32, 32, 3}, {3, 7, 2, 3},  {5, 8, 8, 64},   {1, 33, 17, 3},
    };
    struct c4_dispatch dnn, ref;
    ok(c4_dispatch("onednn", &dnn));
    ok(c4_dispatch("ref", &ref));
    const enum c4_op_slot own[] = {C4_SLOT_conv_fwd_direct, C4_SLOT_conv_bwd_data_direct,
                                   C4_SLOT_conv_bwd_weights_direct};
    ok(c4_dispatch_strict(&dnn, true, own, 3));
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const struct c4_conv_shape *shape = &shapes[s];
        size_t pixels = (size_t)shape->n * (size_t)shape->h * (size_t)shape->w;
        size_t narrow = pixels * (size_t)shape->ci, wide = pixels * C,
               filters = 9 * (size_t)shape->ci * C;
        float *x = buffer(narrow, 20), *dy = buffer(wide, 21), *w = buffer(filters, 22);
        float *y[2] = {buffer(wide, 0), buffer(wide, 0)};
        float *dx[2] = {buffer(narrow, 0), buffer(narrow, 0)};
        float *dw[2] = {buffer(filters, 0), buffer(filters, 0)};
        const struct c4_backend *backend[2] = {&dnn.backend, &ref.backend};
        int threads = omp_get_max_threads();
        for (int i = 0; i < 2; i++) {
            backend[i]->conv_fwd_direct(shape, x, w, y[i]);
            backend[i]->conv_bwd_data_direct(shape, dy, w, dx[i]);
            backend[i]->conv_bwd_weights_direct(shape, x, dy, dw[i]);
        }
        assert_int_equal(omp_get_max_threads(), threads);
        same_output(y[0], y[1], wide, "forward", shape);
        same_output(dx[0], dx[1], narrow, "data gradient", shape);
        same_output(dw[0], dw[1], filters, "weight gradient", shape);
        float *const all[] = {x, dy, w, y[0], y[1], dx[0], dx[1], dw[0], dw[1]};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i] - MARGIN);
    }
}

/* The caller splits images over threads. */
static void slots_in_a_team(void **state) {
    (void)state;
    struct c4_dispatch dnn;
    ok(c4_dispatch("onednn", &dnn));
    enum { IMAGES = 4 };
    const struct c4_conv_shape shape = {1, 8, 8, 64};
    size_t image = 64 * C;
    float *x = buffer(IMAGES * image, 30), *w = buffer((size_t)9 * 64 * C, 31);
    float *alone = buffer(IMAGES * image, 0), *team = buffer(IMAGES * image, 0);
    for (size_t i = 0; i < IMAGES; i++)
        dnn.backend.conv_fwd_direct(&shape, x + i * image, w, alone + i * image);
#pragma omp parallel for num_threads(2)
    for (size_t i = 0; i < IMAGES; i++)
        dnn.backend.conv_fwd_direct(&shape, x + i * image, w, team + i * image);
    same_output(team, alone, IMAGES * image, "forward in a team", &shape);
    float *const all[] = {x, w, alone, team};
    for (size_t i = 0; i < 4; i++) free(all[i] - MARGIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_step_bn_relu),
        cmocka_unit_test(one_step_relu_bn),
        cmocka_unit_test(variance_of_many_zeros),
        cmocka_unit_test(three_steps),
        cmocka_unit_test(evaluation),
        cmocka_unit_test(store_and_load),
        cmocka_unit_test(many_batch_sizes),
        cmocka_unit_test(refusals_and_threads),
        cmocka_unit_test(slots),
        cmocka_unit_test(slots_in_a_team),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* Visible in the summary: a build without the library has not tested it. */
static void onednn_is_not_part_of_this_build(void **state) {
    (void)state;
    struct c4_dispatch dispatch;
    assert_int_equal(c4_dispatch("onednn", &dispatch), C4_ERR_ENVIRONMENT);
    skip();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(onednn_is_not_part_of_this_build)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
