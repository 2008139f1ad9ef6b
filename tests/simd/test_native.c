/* The native step where its own structure could show: tile groups of several sizes, slices longer
 * than a group, long trainings, weights that force conv1 off its fast path, values by name. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/patch_sums.h"
#include "core/net/init.h"
#include "simd/cpu.h"
#include "simd/dispatch.h"
#include "tests/harness/check.h"
#include "tests/harness/check_want.h"
#include "tests/harness/unit.h"

enum { IMAGES = 140, MAX_SUBJECTS = 8 };

static const struct c4_sgd sgd = {0.001, 0.9};
static const struct c4_backend
    *subjects[MAX_SUBJECTS]; /* backends with a native step that run here */
static int subject_count;
static struct c4_dispatch reference;
static uint8_t images[IMAGES][C4_IMAGE_BYTES], labels[IMAGES];
static double initial[C4_STATE_COUNT];

static int set_up(void **state) {
    (void)state;
    const struct c4_backend *table;
    for (int i = 0; c4_backend_name(i, &table, NULL) && subject_count < MAX_SUBJECTS; i++)
        if (table && table->bit_exact && table->step && strcmp(table->name, "ref") != 0 &&
            c4_wants(table))
            subjects[subject_count++] = table;
    if (c4_dispatch("ref", &reference) != C4_OK) return -1;
    struct c4_check_rng rng = c4_check_rng_start(c4_check_seed(), "native");
    for (int n = 0; n < IMAGES; n++) {
        labels[n] = (uint8_t)c4_check_rng_between(&rng, 0, 9);
        for (int i = 0; i < C4_IMAGE_BYTES; i++)
            images[n][i] = (uint8_t)c4_check_rng_between(&rng, 0, 255);
    }
    c4_net_init(c4_check_seed(), initial);
    return subject_count > 0 ? 0 : -1; /* portable runs anywhere; a wanted backend must run */
}

/* Without FMA instructions portable calls libm for every fma: a hundred times slower. */
static bool is_slow(const struct c4_backend *backend) {
    return strcmp(backend->name, "portable") == 0 &&
           !(c4_cpu_features() & (C4_CPU_AVX2_FMA | C4_CPU_NEON));
}

struct outcome {
    double loss, state[C4_STATE_COUNT], momentum[C4_LEARNED_COUNT], grad[C4_LEARNED_COUNT];
};

/* `steps` steps of n images from `start`, cycling through the images, with these patch sums or
 * without any. */
static void train_with(const struct c4_backend *backend, const struct c4_plan_config *config,
                       const double *start, int steps, int n, const int32_t *patch_sums,
                       struct outcome *o) {
    const struct c4_step_api *api = backend->step;
    struct c4_plan *plan = NULL;
    struct c4_step_result result = {0, 0};
    size_t count;
    assert_int_equal(api->create(config, &plan), C4_OK);
    assert_int_equal(api->load(plan, start, NULL), C4_OK);
    for (int i = 0; i < steps; i++) {
        int first = i * n % (IMAGES - n + 1);
        const struct c4_batch batch = {images[first], labels + first, n,
                                       patch_sums ? patch_sums + (size_t)first * C4_PATCH_SUMS
                                                  : NULL};
        assert_int_equal(api->step(plan, &batch, &sgd, &result), C4_OK);
    }
    o->loss = result.loss;
    assert_int_equal(api->store(plan, o->state, o->momentum), C4_OK);
    assert_int_equal(api->read(plan, "grad", o->grad, C4_LEARNED_COUNT, &count), C4_OK);
    api->destroy(plan);
}

static void train(const struct c4_backend *backend, const struct c4_plan_config *config,
                  const double *start, int steps, int n, struct outcome *o) {
    train_with(backend, config, start, steps, n, NULL, o);
}

static struct outcome *want, *got;

static bool same_bits(double a, double b) {
    uint64_t x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x == y;
}

static void assert_same(const struct c4_backend *backend, const char *what) {
    if (!same_bits(want->loss, got->loss))
        fail_msg("%s, %s: loss %.17g, not %.17g", backend->name, what, got->loss, want->loss);
    for (int i = 0; i < C4_LEARNED_COUNT; i++)
        if (!same_bits(want->grad[i], got->grad[i]))
            fail_msg("%s, %s: gradient %d is %a, not %a", backend->name, what, i, got->grad[i],
                     want->grad[i]);
    assert_memory_equal(want->state, got->state, sizeof want->state);
    assert_memory_equal(want->momentum, got->momentum, sizeof want->momentum);
}

/* Slices of 1 to 18 images, groups of 16 and 32 tiles: whole and partial groups, several per slice.
 */
static void every_batch_size_and_group(void **state) {
    (void)state;
    static const int sizes[] = {1, 2, 3, 7, 9, 16, 17, 24, 33, 70, 140};
    static const struct c4_caches caches[] = {{0}, {.l1d_bytes = 48 << 10, .l2_bytes = 1 << 20}};
    for (int order = 0; order < 2; order++)
        for (int conv = 0; conv < 2; conv++)
            for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
                int n = sizes[k];
                if (n > 33 && (order || conv)) continue; /* slices longer than groups: Winograd's */
                struct c4_plan_config config = {
                    (enum c4_order)order, (enum c4_conv_algorithm)conv, n, 2, {0}, NULL};
                train(&reference.backend, &config, initial, 1, n, want);
                for (int i = 0; i < subject_count; i++)
                    for (size_t l = 0; l < 2; l++) {
                        char what[96];
                        if (is_slow(subjects[i]) && n > 3) continue;
                        config.caches = caches[l];
                        config.threads = 1 + (int)l;
                        train(subjects[i], &config, initial, 1, n, got);
                        snprintf(what, sizeof what, "order %d, conv %d, batch %d, L2 %zu", order,
                                 conv, n, caches[l].l2_bytes);
                        assert_same(subjects[i], what);
                    }
            }
}

static void fifty_steps(void **state) {
    (void)state;
    struct c4_plan_config config = {C4_BN_RELU, C4_WINOGRAD, 8, 2, {0}, NULL};
    train(&reference.backend, &config, initial, 50, 8, want);
    int changed = 0;
    for (int i = 0; i < C4_STATE_COUNT; i++) changed += want->state[i] != initial[i];
    assert_true(changed > C4_STATE_COUNT * 3 / 4 && isfinite(want->loss));
    for (int i = 0; i < subject_count; i++) {
        if (is_slow(subjects[i])) continue;
        config.threads = 1;
        train(subjects[i], &config, initial, 50, 8, got);
        assert_same(subjects[i], "50 steps");
    }
}

/* conv1's halo of zeros is multiplied by weights; these weights would reveal it. */
static void weights_that_would_notice_the_halo(void **state) {
    (void)state;
    static const double odd[] = {0x1p-149, -0x1p-149, -0x1p-126, -0.0, 0x1p125};
    static double start[C4_STATE_COUNT];
    const struct c4_plan_config config = {C4_BN_RELU, C4_WINOGRAD, 2, 1, {0}, NULL};
    memcpy(start, initial, sizeof start);
    const struct c4_param *w = c4_block_param(0, C4_PARAM_WEIGHT);
    for (size_t i = 0; i < w->count; i++) /* filters 0-31; the others stay as they are */
        if (i < w->count / 2) start[w->offset + i] = odd[i % 4];
    for (int huge = 0; huge < 2; huge++) {
        if (huge) start[w->offset] = odd[4];
        train(&reference.backend, &config, start, 1, 2, want);
        for (int i = 0; i < subject_count; i++) {
            train(subjects[i], &config, start, 1, 2, got);
            assert_same(subjects[i], huge ? "a huge weight" : "tiny weights");
        }
    }
}

static bool same_value(double a, double b) {
    return same_bits(a, b) || (isnan(a) && isnan(b));
}

/* The same for conv1 of relu-bn, value by value: an infinite weight times the halo would be NaN,
 * and a chain of -0 would show as +0 beside a bias of -0. */
static void dense_stem_leaves_out_the_halo(void **state) {
    (void)state;
    enum { N = 2, MOST = N * 32 * 32 * C4_CHANNELS };
    enum { PATCH = 27, CENTRE = 2 * 9 + 4 }; /* the last input channel's */
    static const char *const names[] = {"conv1", "selected1", "arg1"};
    static double start[C4_STATE_COUNT];
    const struct c4_plan_config config = {C4_RELU_BN, C4_WINOGRAD, N, 1, {0}, NULL};
    const struct c4_batch batch = {images[0], labels, N, NULL};
    const struct c4_param *w = c4_block_param(0, C4_PARAM_WEIGHT);
    const struct c4_param *bias = c4_block_param(0, C4_PARAM_BIAS);
    double *a = malloc(MOST * sizeof *a), *b = malloc(MOST * sizeof *b);
    assert_true(a && b);
    memcpy(start, initial, sizeof start);
    for (size_t i = 0; i < PATCH; i++) start[w->offset + PATCH + i] = i == CENTRE ? -0x1p-149 : 0.0;
    for (size_t c = 0; c < bias->count; c++) start[bias->offset + c] = -0.0;
    for (int infinite = 0; infinite < 2; infinite++) {
        if (infinite) start[w->offset] = (double)INFINITY;
        for (int i = 0; i < subject_count; i++) {
            const struct c4_step_api *api[2] = {reference.backend.step, subjects[i]->step};
            struct c4_plan *plan[2];
            struct c4_step_result result;
            size_t count[2], negative = 0, finite = 0;
            for (int k = 0; k < 2; k++) {
                assert_int_equal(api[k]->create(&config, &plan[k]), C4_OK);
                assert_int_equal(api[k]->load(plan[k], start, NULL), C4_OK);
                assert_int_equal(api[k]->step(plan[k], &batch, NULL, &result), C4_OK);
            }
            for (size_t name = 0; name < sizeof names / sizeof *names; name++) {
                assert_int_equal(api[0]->read(plan[0], names[name], a, MOST, &count[0]), C4_OK);
                assert_int_equal(api[1]->read(plan[1], names[name], b, MOST, &count[1]), C4_OK);
                assert_int_equal(count[0], count[1]);
                for (size_t v = 0; v < count[0]; v++) {
                    if (!same_value(a[v], b[v]))
                        fail_msg("%s: %s[%zu] is %a, not %a", subjects[i]->name, names[name], v,
                                 b[v], a[v]);
                    negative += a[v] == 0 && signbit(a[v]);
                    finite += v % C4_CHANNELS == 0 && isfinite(a[v]) != 0;
                }
            }
            assert_true(negative > 0 && finite > 0);
            for (int k = 0; k < 2; k++) api[k]->destroy(plan[k]);
        }
    }
    free(a);
    free(b);
}

/* A data set's patch sums give the same bits as those that a step computes. They are really read:
 * other images' sums give other bits. */
static void kept_patch_sums_change_no_bit(void **state) {
    (void)state;
    enum { STEPS = 2, N = 9 };
    struct c4_dataset data = {.owner = {.images = images[0], .labels = labels},
                              .count = STEPS * N + 1};
    assert_int_equal(c4_dataset_add_patch_sums(&data, reference.backend.stem_moments), C4_OK);
    const struct c4_plan_config config = {C4_BN_RELU, C4_WINOGRAD, N, 2, {0}, NULL};
    train(&reference.backend, &config, initial, STEPS, N, want);
    for (int i = 0; i < subject_count; i++) {
        assert_true(subjects[i]->step->reads_patch_sums);
        train_with(subjects[i], &config, initial, STEPS, N, c4_dataset_patch_sums(&data), got);
        assert_same(subjects[i], "kept patch sums");
        train_with(subjects[i], &config, initial, STEPS, N,
                   c4_dataset_patch_sums(&data) + C4_PATCH_SUMS, got);
        assert_false(same_bits(want->loss, got->loss));
    }
    c4_dataset_free(&data);
}

static void values_by_name_are_the_reference_values(void **state) {
    (void)state;
    enum { N = 3, MOST = N * 32 * 32 * C4_CHANNELS };
    static const char *const kinds[] = {"conv", "selected", "arg", "pool", "mean", "var"};
    double *a = malloc(MOST * sizeof *a), *b = malloc(MOST * sizeof *b);
    assert_true(a && b);
    for (int order = 0; order < 2; order++)
        for (int i = 0; i < subject_count; i++) {
            const struct c4_step_api *api[2] = {reference.backend.step, subjects[i]->step};
            const struct c4_plan_config config = {
                (enum c4_order)order, C4_WINOGRAD, N, 1, {0}, NULL};
            const struct c4_batch batch = {images[0], labels, N, NULL};
            struct c4_plan *plan[2];
            struct c4_step_result result;
            for (int k = 0; k < 2; k++) {
                assert_int_equal(api[k]->create(&config, &plan[k]), C4_OK);
                assert_int_equal(api[k]->load(plan[k], initial, NULL), C4_OK);
                assert_int_equal(api[k]->step(plan[k], &batch, NULL, &result), C4_OK);
            }
            int compared = 0;
            for (int name = 0; name <= 24; name++) {
                char text[16] = "logits";
                size_t want_count, got_count;
                if (name < 24) snprintf(text, sizeof text, "%s%d", kinds[name / 4], name % 4 + 1);
                assert_int_equal(api[0]->read(plan[0], text, a, MOST, &want_count), C4_OK);
                enum c4_status status = api[1]->read(plan[1], text, b, MOST, &got_count);
                /* bn-relu never stores all of conv1. */
                bool absent = strcmp(text, "conv1") == 0 && order == C4_BN_RELU;
                assert_int_equal(status, absent ? C4_ERR_USAGE : C4_OK);
                if (absent) continue;
                assert_int_equal(want_count, got_count);
                for (size_t v = 0; v < want_count; v++)
                    if (!same_bits(a[v], b[v]))
                        fail_msg("%s: %s[%zu] is %a, not %a", subjects[i]->name, text, v, b[v],
                                 a[v]);
                compared++;
            }
            assert_true(compared >= 24);
            for (int k = 0; k < 2; k++) api[k]->destroy(plan[k]);
        }
    free(a);
    free(b);
}

static int tear_down(void **state) {
    (void)state;
    free(want);
    free(got);
    return 0;
}

int main(void) {
    want = malloc(sizeof *want);
    got = malloc(sizeof *got);
    if (!want || !got) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_batch_size_and_group),
        cmocka_unit_test(fifty_steps),
        cmocka_unit_test(weights_that_would_notice_the_halo),
        cmocka_unit_test(dense_stem_leaves_out_the_halo),
        cmocka_unit_test(kept_patch_sums_change_no_bit),
        cmocka_unit_test(values_by_name_are_the_reference_values),
    };
    printf("seed %llu (C4_CHECK_SEED)\n", (unsigned long long)c4_check_seed());
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
