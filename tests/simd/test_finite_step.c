/* The gradient of a whole training step, in double, against central differences of its loss.
 *
 * Every learned tensor is perturbed along single elements and along a random direction through all
 * of its elements. A probe that changes a pooling winner or the sign at a ReLU crosses a kink,
 * where the loss has no derivative; it is drawn again, and the number of redraws is printed.
 *
 * The bound on the relative error is 1e-6: with step H = 1e-6 the loss (about 3) is uncertain by
 * some 1e-15 from rounding, hence a difference by 1e-15 / (2 H) = 5e-10, and each tensor's gradient
 * is 1e-3 or larger in root mean square or in the tested direction. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/init.h"
#include "simd/dispatch.h"
#include "tests/harness/check.h"
#include "tests/harness/unit.h"

#define H 1e-6
#define BOUND 1e-6

enum { MAX_N = 9, MAX_SEEDS = 5, MAX_TRIES = 10 };

static const struct mode {
    const char *name;
    enum c4_order order;
    enum c4_conv_algorithm conv;
    int n; /* 5: slices of one image; 9: slices of two, the last of one */
} modes[] = {
    {"bn-relu, Winograd, 5 images", C4_BN_RELU, C4_WINOGRAD, 5},
    {"bn-relu, direct, 9 images", C4_BN_RELU, C4_DIRECT, 9},
    {"relu-bn, Winograd, 9 images", C4_RELU_BN, C4_WINOGRAD, 9},
    {"relu-bn, direct, 5 images", C4_RELU_BN, C4_DIRECT, 5},
    {"bn-relu, Winograd, 9 images", C4_BN_RELU, C4_WINOGRAD, 9},
    {"bn-relu, direct, 5 images", C4_BN_RELU, C4_DIRECT, 5},
    {"relu-bn, Winograd, 5 images", C4_RELU_BN, C4_WINOGRAD, 5},
    {"relu-bn, direct, 9 images", C4_RELU_BN, C4_DIRECT, 9},
};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MODES = 4, ELEMENTS = 0 }; /* sanitizers are slow, and this reaches all code */
#else
enum { MODES = sizeof modes / sizeof *modes, ELEMENTS = 1 };
#endif

struct trial {
    const struct c4_step_api *api;
    struct c4_plan *plan;
    const struct mode *mode;
    struct c4_batch batch;
    uint64_t unmoved; /* the selections at `state` */
    double *values;   /* holds the largest tensor that read() gives */
    size_t capacity;
};

static double state[C4_STATE_COUNT], moved[C4_STATE_COUNT], gradient[C4_LEARNED_COUNT];
static double direction[C4_STATE_COUNT];

static uint64_t mix(uint64_t hash, uint64_t value) {
    return (hash ^ value) * 1099511628211u;
}

/* Hash of all winners, and of the signs at the ReLU: of pool<b> in bn-relu, of conv<b> in relu-bn.
 */
static uint64_t selections(const struct trial *t) {
    uint64_t hash = 0;
    for (int b = 1; b <= C4_BLOCKS; b++)
        for (int signs = 0; signs < 2; signs++) {
            char name[16];
            size_t count;
            const char *relu = t->mode->order == C4_BN_RELU ? "pool" : "conv";
            snprintf(name, sizeof name, "%s%d", signs ? relu : "arg", b);
            assert_int_equal(t->api->read(t->plan, name, t->values, t->capacity, &count), C4_OK);
            assert_true(count > 0);
            for (size_t i = 0; i < count; i++)
                hash = mix(hash, signs ? t->values[i] > 0 : (uint64_t)t->values[i]);
        }
    return hash;
}

static double loss_at(const struct trial *t, const double *at, uint64_t *hash) {
    struct c4_step_result result;
    assert_int_equal(t->api->load(t->plan, at, NULL), C4_OK);
    assert_int_equal(t->api->step(t->plan, &t->batch, NULL, &result), C4_OK);
    *hash = selections(t);
    return result.loss;
}

/* A direction of length 1 in one tensor: one element, or all. */
static void draw_direction(const struct c4_param *p, bool all, struct c4_check_rng *rng) {
    memset(direction, 0, sizeof direction);
    size_t one = (size_t)c4_check_rng_between(rng, 0, (int)p->count - 1);
    for (size_t i = 0; all && i < p->count; i++) {
        double size = 1 / sqrt((double)p->count);
        direction[p->offset + i] = c4_check_rng_between(rng, 0, 1) ? size : -size;
    }
    if (!all) direction[p->offset + one] = 1;
}

/* The loss on both sides of the state, in a direction without a kink. false: none was found. */
static bool probe(const struct trial *t, const struct c4_param *p, bool all,
                  struct c4_check_rng *rng, double values[2], int *redrawn) {
    for (int tries = 0; tries < MAX_TRIES; tries++, (*redrawn)++) {
        bool kink = false;
        draw_direction(p, all, rng);
        for (int side = 0; side < 2 && !kink; side++) {
            uint64_t hash;
            for (size_t i = 0; i < C4_STATE_COUNT; i++)
                moved[i] = state[i] + (side ? H : -H) * direction[i];
            values[side] = loss_at(t, moved, &hash);
            kink = hash != t->unmoved;
        }
        if (!kink) return true;
    }
    return false;
}

/* The relative error of the gradient for one tensor; -1 if this network lies at a kink. */
static double tensor_error(const struct trial *t, const struct c4_param *p,
                           struct c4_check_rng *rng, int *redrawn) {
    double squares = 0, worst = 0;
    for (size_t i = 0; i < p->count; i++)
        squares += gradient[p->offset + i] * gradient[p->offset + i];
    double rms = sqrt(squares / (double)p->count);
    for (int k = 0; k <= ELEMENTS; k++) {
        double values[2], analytic = 0;
        if (!probe(t, p, k == ELEMENTS, rng, values, redrawn)) return -1;
        for (size_t i = 0; i < p->count; i++)
            analytic += gradient[p->offset + i] * direction[p->offset + i];
        double error = fabs((values[1] - values[0]) / (2 * H) - analytic);
        double scale = fmax(fabs(analytic), rms);
        /* The biases before batch norm have no gradient and no influence at all. */
        double relative = scale > 0 ? error / scale : error == 0 ? 0 : INFINITY;
        worst = relative <= worst ? worst : relative; /* keeps a NaN */
    }
    return worst;
}

static uint8_t images[MAX_N * C4_IMAGE_BYTES], labels[MAX_N];

static void draw_network(const struct mode *mode, uint64_t seed, struct c4_check_rng *rng) {
    *rng = c4_check_rng_start(seed, mode->name);
    for (size_t i = 0; i < sizeof images; i++) images[i] = (uint8_t)c4_check_rng_word(rng);
    for (size_t i = 0; i < MAX_N; i++) labels[i] = (uint8_t)c4_check_rng_between(rng, 0, 9);
    c4_net_init(seed, state);
    for (int b = 0; b < C4_BLOCKS; b++)
        for (size_t c = 0; c < C4_CHANNELS; c++) { /* both signs of gamma */
            double u = 2 * c4_check_rng_unit(rng) - 1, v = 2 * c4_check_rng_unit(rng) - 1;
            state[c4_block_param(b, C4_PARAM_GAMMA)->offset + c] = u < -0.6 ? u : 1 + 0.5 * u;
            state[c4_block_param(b, C4_PARAM_BETA)->offset + c] = 0.2 * v;
        }
}

/* False if the network lies at a kink. */
static bool try_network(struct trial *t, struct c4_check_rng *rng) {
    size_t count;
    int redrawn = 0;
    double loss = loss_at(t, state, &t->unmoved), worst = 0;
    assert_true(loss > 1 && loss < 10);
    assert_int_equal(t->api->read(t->plan, "grad", gradient, C4_LEARNED_COUNT, &count), C4_OK);
    printf("%s\n ", t->mode->name);
    for (int p = 0; p < C4_LEARNED_TENSORS; p++) {
        double error = tensor_error(t, &c4_params[p], rng, &redrawn);
        if (error == -1) {
            printf(" ... this network lies at a kink\n");
            return false;
        }
        printf(" %s %.1e", c4_params[p].name, error);
        worst = error <= worst ? worst : error;
    }
    printf("\n  worst %.1e; %d probes drawn again at a kink\n", worst, redrawn);
    assert_true(worst <= BOUND);
    return true;
}

static void gradient_of_a_step(void **test_state) {
    const struct mode *mode = *test_state;
    struct c4_dispatch dispatch;
    assert_int_equal(c4_dispatch("ref64", &dispatch), C4_OK);
    assert_int_equal(c4_dispatch_strict(&dispatch, true, NULL, 0), C4_OK);
    struct trial t = {.api = dispatch.backend.step, .mode = mode};
    const struct c4_plan_config config = {mode->order, mode->conv, MAX_N, 1, {0}, NULL};
    t.batch = (struct c4_batch){images, labels, mode->n, NULL};
    t.capacity = (size_t)MAX_N * C4_IMAGE_SIDE * C4_IMAGE_SIDE * C4_CHANNELS;
    t.values = malloc(t.capacity * sizeof *t.values);
    assert_non_null(t.values);
    assert_int_equal(t.api->create(&config, &t.plan), C4_OK);
    bool done = false;
    for (uint64_t seed = 1; !done && seed <= MAX_SEEDS; seed++) {
        struct c4_check_rng rng;
        draw_network(mode, seed, &rng);
        done = try_network(&t, &rng);
    }
    assert_true(done);
    t.api->destroy(t.plan);
    free(t.values);
}

int main(void) {
    struct CMUnitTest tests[MODES];
    for (int i = 0; i < MODES; i++)
        tests[i] =
            (struct CMUnitTest){modes[i].name, gradient_of_a_step, NULL, NULL, (void *)&modes[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
