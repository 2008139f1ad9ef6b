/* evaluate() of the native backends: the reference's bits though nothing is kept for a backward
 * pass, what can be read afterwards, its phases, and the memory it touches. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cost/op_cost.h"
#include "core/data/patch_sums.h"
#include "core/net/init.h"
#include "simd/cpu.h"
#include "simd/dispatch.h"
#include "tests/harness/check.h"
#include "tests/harness/check_want.h"
#include "tests/harness/unit.h"

enum { IMAGES = 32, MAX_SUBJECTS = 8, MOST_THREADS = 8 };

static const struct c4_backend *subjects[MAX_SUBJECTS];
static int subject_count;
static struct c4_dispatch reference;
static uint8_t images[IMAGES][C4_IMAGE_BYTES], labels[IMAGES];
static double initial[C4_STATE_COUNT];

/* Without FMA instructions portable calls libm for every fma: a hundred times slower. */
static bool is_slow(const struct c4_backend *backend) {
    return strcmp(backend->name, "portable") == 0 &&
           !(c4_cpu_features() & (C4_CPU_AVX2_FMA | C4_CPU_NEON));
}

static int set_up(void **state) {
    (void)state;
    const struct c4_backend *table;
    for (int i = 0; c4_backend_name(i, &table, NULL) && subject_count < MAX_SUBJECTS; i++)
        if (table && table->bit_exact && table->step && strcmp(table->name, "ref") != 0 &&
            c4_wants(table))
            subjects[subject_count++] = table;
    if (c4_dispatch("ref", &reference) != C4_OK) return -1;
    struct c4_check_rng rng = c4_check_rng_start(c4_check_seed(), "evaluation");
    for (int n = 0; n < IMAGES; n++) {
        labels[n] = (uint8_t)c4_check_rng_between(&rng, 0, 9);
        for (int i = 0; i < C4_IMAGE_BYTES; i++)
            images[n][i] = (uint8_t)c4_check_rng_between(&rng, 0, 255);
    }
    c4_net_init(c4_check_seed(), initial);
    /* Both signs of gamma, and shifts, biases and running statistics that are not trivial. */
    for (int b = 0; b < C4_BLOCKS; b++)
        for (size_t c = 0; c < C4_CHANNELS; c++) {
            double u = 2 * c4_check_rng_unit(&rng) - 1, v = 2 * c4_check_rng_unit(&rng) - 1;
            initial[c4_block_param(b, C4_PARAM_GAMMA)->offset + c] = (float)(1 + 1.2 * u);
            initial[c4_block_param(b, C4_PARAM_BETA)->offset + c] = (float)(0.3 * v);
            initial[c4_block_param(b, C4_PARAM_BIAS)->offset + c] = (float)(0.2 * u);
            initial[c4_block_running(b, C4_PARAM_RUNNING_MEAN)->offset + c] = (float)(0.1 * v);
            initial[c4_block_running(b, C4_PARAM_RUNNING_VAR)->offset + c] = (float)(0.5 + 0.4 * v);
        }
    return subject_count > 0 ? 0 : -1; /* portable runs anywhere; a wanted backend must run */
}

struct outcome {
    struct c4_step_result result;
    double logits[IMAGES * C4_CLASSES];
    float *features[C4_LAYERS];
};

static struct outcome want, got;

static void spoil(struct outcome *o) {
    for (int layer = 0; layer < C4_LAYERS; layer++)
        memset(o->features[layer], 0x55, IMAGES * c4_layer_features(layer) * sizeof(float));
}

/* One evaluation of the first n images. `layers`: bit i asks for features[i]; 0: for none. */
static void evaluate(const struct c4_step_api *api, struct c4_plan *plan, int n,
                     const int32_t *patch_sums, enum c4_bn_statistics statistics, unsigned layers,
                     struct outcome *o) {
    const struct c4_batch batch = {images[0], labels, n, patch_sums};
    float *features[C4_LAYERS];
    size_t count;
    spoil(o);
    for (int layer = 0; layer < C4_LAYERS; layer++)
        features[layer] = layers >> layer & 1 ? o->features[layer] : NULL;
    assert_int_equal(api->evaluate(plan, &batch, statistics, &o->result, layers ? features : NULL),
                     C4_OK);
    assert_int_equal(api->read(plan, "logits", o->logits, IMAGES * C4_CLASSES, &count), C4_OK);
    assert_int_equal(count, n * C4_CLASSES);
}

static struct c4_plan *open_plan(const struct c4_step_api *api, const struct c4_plan_config *config,
                                 const double *start) {
    struct c4_plan *plan = NULL;
    assert_int_equal(api->create(config, &plan), C4_OK);
    assert_int_equal(api->load(plan, start, NULL), C4_OK);
    return plan;
}

/* The same bits; of NaNs only that they are. */
static bool same_double(double a, double b) {
    uint64_t x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x == y || (isnan(a) && isnan(b));
}

/* Features of layers that were not asked for must be as they were. */
static void assert_same(int n, unsigned layers, const char *what) {
    const float untouched = got.features[0][0];
    if (!same_double(want.result.loss, got.result.loss) || want.result.hits != got.result.hits)
        fail_msg("%s: loss %.17g, %d hits, not %.17g, %d", what, got.result.loss, got.result.hits,
                 want.result.loss, want.result.hits);
    for (int i = 0; i < n * C4_CLASSES; i++)
        if (!same_double(want.logits[i], got.logits[i]))
            fail_msg("%s: logit %d is %a, not %a", what, i, got.logits[i], want.logits[i]);
    for (int layer = 0; layer < C4_LAYERS; layer++)
        for (size_t i = 0; i < IMAGES * c4_layer_features(layer); i++) {
            const bool asked = layers >> layer & 1 && i < (size_t)n * c4_layer_features(layer);
            const float now = got.features[layer][i], then = want.features[layer][i];
            uint32_t bits;
            memcpy(&bits, &now, sizeof bits);
            if (asked ? !same_double((double)now, (double)then) : bits != 0x55555555)
                fail_msg("%s: layer %d, feature %zu is %a, not %a", what, layer + 1, i, (double)now,
                         asked ? (double)then : (double)untouched);
        }
}

enum { ALL = (1 << C4_LAYERS) - 1 };

/* Slices of 1, 3 and 4 images; groups of 16 and 32 tiles; a plan that has just been used for
 * another batch size. Which features are asked for changes from call to call. */
static void every_mode_gives_the_reference_bits(void **state) {
    (void)state;
    static const int sizes[] = {1, 5, 20, 32};
    static const unsigned layers[] = {ALL, 0, 1 << C4_BLOCKS, 1 << 1 | 1 << 3, ALL, 1};
    int compared = 0;
    for (int mode = 0; mode < 8; mode++) {
        struct c4_plan_config config = {(enum c4_order)(mode & 1),
                                        (enum c4_conv_algorithm)(mode >> 1 & 1),
                                        IMAGES,
                                        2,
                                        {0},
                                        NULL};
        const enum c4_bn_statistics statistics = (enum c4_bn_statistics)(mode >> 2);
        const struct c4_step_api *ref = reference.backend.step;
        struct c4_plan *plain = open_plan(ref, &config, initial);
        struct c4_plan *plan[MAX_SUBJECTS][MOST_THREADS] = {0};
        for (int i = 0; i < subject_count; i++)
            for (int t = 0; t < MOST_THREADS; t++) {
                config.threads = t + 1;
                config.caches = (struct c4_caches){.l1d_bytes = t & 1 ? 48 << 10 : 0,
                                                   .l2_bytes = t & 1 ? 1 << 20 : 0};
                plan[i][t] = open_plan(subjects[i]->step, &config, initial);
            }
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            evaluate(ref, plain, sizes[k], NULL, statistics, ALL, &want);
            assert_true(isfinite(want.result.loss));
            for (int i = 0; i < subject_count; i++)
                for (int t = 0; t < MOST_THREADS; t++) {
                    const unsigned asked = layers[compared++ % 6];
                    char what[128];
                    if (is_slow(subjects[i]) && sizes[k] > 5) continue;
                    snprintf(what, sizeof what, "%s, %s, %s, %s statistics, batch %d, %d threads",
                             subjects[i]->name, mode & 1 ? "relu-bn" : "bn-relu",
                             mode & 2 ? "direct" : "winograd", mode & 4 ? "running" : "batch",
                             sizes[k], t + 1);
                    evaluate(subjects[i]->step, plan[i][t], sizes[k], NULL, statistics, asked,
                             &got);
                    assert_same(sizes[k], asked, what);
                }
        }
        ref->destroy(plain);
        for (int i = 0; i < subject_count; i++)
            for (int t = 0; t < MOST_THREADS; t++) subjects[i]->step->destroy(plan[i][t]);
    }
    assert_int_equal(compared, 8 * 4 * MOST_THREADS * subject_count);
}

/* Weights with which conv1 must skip its halo, and such that make infinities and NaNs, among which
 * a window selects as pool.h says. */
static void odd_weights_give_the_reference_bits(void **state) {
    (void)state;
    enum { N = 3, CASES = 3 };
    static const char *const names[CASES] = {"tiny weights", "a huge weight", "no numbers"};
    static double start[C4_STATE_COUNT];
    const struct c4_param *conv1 = c4_block_param(0, C4_PARAM_WEIGHT);
    const struct c4_param *conv2 = c4_block_param(1, C4_PARAM_WEIGHT);
    for (int odd = 0; odd < CASES; odd++)
        for (int mode = 0; mode < 4; mode++) {
            const struct c4_plan_config config = {
                (enum c4_order)(mode & 1), (enum c4_conv_algorithm)(mode >> 1), N, 1, {0}, NULL};
            memcpy(start, initial, sizeof start);
            for (size_t i = 0; odd == 0 && i < conv1->count / 2; i++)
                start[conv1->offset + i] = i % 3 ? 0x1p-149 : -0x1p-126;
            if (odd == 1) start[conv1->offset] = 0x1p125;
            for (size_t co = 0; odd == 2 && co < 8; co++) /* two taps of one input channel */
                start[conv2->offset + co * 576 + 4] = start[conv2->offset + co * 576 + 5] =
                    (double)INFINITY;
            const struct c4_step_api *ref = reference.backend.step;
            struct c4_plan *plain = open_plan(ref, &config, start);
            evaluate(ref, plain, N, NULL, C4_BN_RUNNING, ALL, &want);
            ref->destroy(plain);
            int nans = 0, numbers = 0;
            for (size_t i = 0; i < N * c4_layer_features(1); i++) {
                nans += isnan(want.features[1][i]);
                numbers += !isnan(want.features[1][i]);
            }
            assert_true(numbers > 0 && (odd != 2 || nans > 0));
            for (int i = 0; i < subject_count; i++) {
                const struct c4_step_api *api = subjects[i]->step;
                struct c4_plan *plan = open_plan(api, &config, start);
                char what[96];
                snprintf(what, sizeof what, "%s, mode %d, %s", subjects[i]->name, mode, names[odd]);
                evaluate(api, plan, N, NULL, C4_BN_RUNNING, ALL, &got);
                assert_same(N, ALL, what);
                api->destroy(plan);
            }
        }
}

/* Kept patch sums give the same bits, and are really read: other images' sums give other bits. */
static void kept_patch_sums_change_no_bit(void **state) {
    (void)state;
    enum { N = 9 };
    struct c4_dataset data = {.owner = {.images = images[0], .labels = labels}, .count = N + 1};
    assert_int_equal(c4_dataset_add_patch_sums(&data, reference.backend.stem_moments), C4_OK);
    const int32_t *sums = c4_dataset_patch_sums(&data);
    const struct c4_plan_config config = {C4_BN_RELU, C4_WINOGRAD, N, 2, {0}, NULL};
    for (int i = 0; i < subject_count; i++) {
        const struct c4_step_api *api = subjects[i]->step;
        struct c4_plan *plan = open_plan(api, &config, initial);
        evaluate(api, plan, N, NULL, C4_BN_BATCH, ALL, &want);
        evaluate(api, plan, N, sums, C4_BN_BATCH, ALL, &got);
        assert_same(N, ALL, "kept patch sums");
        evaluate(api, plan, N, sums + C4_PATCH_SUMS, C4_BN_BATCH, ALL, &got);
        assert_false(same_double(want.result.loss, got.result.loss));
        api->destroy(plan);
    }
    c4_dataset_free(&data);
}

/* After an evaluation: its logits and statistics, the gradient of the step before, and a sentence
 * for the maps, which a step brings back. */
static void maps_are_refused_until_the_next_step(void **state) {
    (void)state;
    enum { N = 2, MOST = N * 32 * 32 * C4_CHANNELS };
    static const char *const kept[] = {"logits", "mean", "var"};
    static const char *const maps[] = {"conv", "selected", "arg", "pool"};
    double *a = malloc(MOST * sizeof *a), *b = malloc(MOST * sizeof *b);
    assert_true(a && b);
    for (int order = 0; order < 2; order++)
        for (int i = 0; i < subject_count; i++) {
            const struct c4_step_api *api[2] = {reference.backend.step, subjects[i]->step};
            const struct c4_plan_config config = {
                (enum c4_order)order, C4_WINOGRAD, N, 1, {0}, NULL};
            const struct c4_batch batch = {images[0], labels, N, NULL},
                                  other = {images[N], labels + N, N, NULL};
            struct c4_plan *plan[2];
            struct c4_step_result result;
            size_t count[2];
            for (int k = 0; k < 2; k++) {
                plan[k] = open_plan(api[k], &config, initial);
                assert_int_equal(api[k]->step(plan[k], &batch, NULL, &result), C4_OK);
                assert_int_equal(api[k]->evaluate(plan[k], &other, C4_BN_BATCH, &result, NULL),
                                 C4_OK);
            }
            for (int name = 0; name < 9; name++) {
                char text[16] = "logits";
                if (name > 0) snprintf(text, sizeof text, "%s%d", kept[1 + name / 5], name % 4 + 1);
                assert_int_equal(api[0]->read(plan[0], text, a, MOST, &count[0]), C4_OK);
                assert_int_equal(api[1]->read(plan[1], text, b, MOST, &count[1]), C4_OK);
                assert_int_equal(count[0], count[1]);
                assert_memory_equal(a, b, count[0] * sizeof *a);
            }
            assert_int_equal(api[0]->read(plan[0], "grad", a, MOST, &count[0]), C4_OK);
            assert_int_equal(api[1]->read(plan[1], "grad", b, MOST, &count[1]), C4_OK);
            assert_memory_equal(a, b, count[0] * sizeof *a);
            for (int again = 0; again < 2; again++) {
                for (int name = 0; name < 16; name++) {
                    char text[16];
                    snprintf(text, sizeof text, "%s%d", maps[name / 4], name % 4 + 1);
                    enum c4_status status = api[1]->read(plan[1], text, b, MOST, &count[1]);
                    const bool absent = name == 0 && order == C4_BN_RELU; /* never stored */
                    assert_int_equal(status, again && !absent ? C4_OK : C4_ERR_USAGE);
                    if (again) continue;
                    assert_non_null(strstr(c4_error(), text));
                    assert_non_null(strstr(c4_error(), "evaluation"));
                }
                assert_int_equal(api[1]->step(plan[1], &batch, NULL, &result), C4_OK);
            }
            for (int k = 0; k < 2; k++) api[k]->destroy(plan[k]);
        }
    free(a);
    free(b);
}

static double all_nominal(const struct c4_phase_time *phase, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) sum += phase[i].flops_nominal;
    return sum;
}

/* phases() tells of steps, or of evaluations if that was the last call; nominal operations add up
 * to those of core/cost, and features are traffic. */
static void phases_are_those_of_the_last_call(void **state) {
    (void)state;
    enum { N = 2, MOST = 16 };
    static const char *const names[] = {"stem", "block2", "block3", "block4", "head"};
    for (int mode = 0; mode < 4; mode++)
        for (int i = 0; i < subject_count; i++) {
            const struct c4_step_api *api = subjects[i]->step;
            const enum c4_conv_algorithm conv = (enum c4_conv_algorithm)(mode >> 1);
            const struct c4_plan_config config = {(enum c4_order)(mode & 1), conv, N, 2, {0}, NULL};
            const struct c4_batch batch = {images[0], labels, N, NULL};
            struct c4_plan *plan = open_plan(api, &config, initial);
            struct c4_phase_time step[MOST], bare[MOST], full[MOST];
            struct c4_step_result result;
            int count;
            api->time_phases(plan, true);
            assert_int_equal(api->step(plan, &batch, NULL, &result), C4_OK);
            assert_int_equal(api->phases(plan, step, MOST, &count), C4_OK);
            assert_int_equal(count, 10);
            double flops = c4_step_cost(conv, 1).flops;
            assert_true(fabs(all_nominal(step, count) - flops) < 1e-6 * flops);
            evaluate(api, plan, N, NULL, C4_BN_BATCH, 0, &got);
            assert_int_equal(api->phases(plan, bare, MOST, &count), C4_OK);
            assert_int_equal(count, 5);
            evaluate(api, plan, N, NULL, C4_BN_RUNNING, ALL, &got);
            assert_int_equal(api->phases(plan, full, MOST, &count), C4_OK);
            assert_int_equal(count, 5);
            flops = c4_evaluation_cost(conv, 1).flops;
            assert_true(fabs(all_nominal(full, count) - flops) < 1e-6 * flops);
            double more = 0, expected = 0, seconds = 0; /* a phase may be shorter than a tick */
            for (int p = 0; p < count; p++) {
                assert_string_equal(full[p].name, names[p]);
                assert_true(full[p].seconds >= 0 && bare[p].seconds >= 0);
                seconds += full[p].seconds;
                more += full[p].bytes - bare[p].bytes;
            }
            for (int layer = 0; layer < C4_LAYERS; layer++)
                expected += (double)c4_layer_features(layer) * sizeof(float);
            assert_true(more == expected && seconds > 0);
            assert_int_equal(api->phases(plan, full, MOST, &count), C4_OK);
            for (int p = 0; p < count; p++) assert_true(full[p].seconds == 0);
            api->destroy(plan);
        }
}

/* Bytes of this process in memory; 0: unknown. */
static double resident_bytes(void) {
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return 0;
    if (fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

/* A plan that only evaluates takes no memory for the tape, which is most of its layout. */
static void an_evaluation_leaves_the_tape_alone(void **state) {
    (void)state;
    enum { ROOM = 512 };
    if (resident_bytes() == 0) skip();
    for (int order = 0; order < 2; order++)
        for (int i = 0; i < subject_count; i++) {
            const struct c4_step_api *api = subjects[i]->step;
            const struct c4_plan_config config = {
                (enum c4_order)order, C4_WINOGRAD, ROOM, 1, {0}, NULL};
            uint8_t *many = calloc(ROOM, C4_IMAGE_BYTES + 1);
            assert_non_null(many);
            memset(many, 100, (size_t)ROOM * C4_IMAGE_BYTES);
            const struct c4_batch batch = {many, many + (size_t)ROOM * C4_IMAGE_BYTES, ROOM, NULL};
            struct c4_step_result result;
            const double before = resident_bytes();
            struct c4_plan *plan = open_plan(api, &config, initial);
            if (is_slow(subjects[i])) {
                api->destroy(plan);
                free(many);
                continue;
            }
            assert_int_equal(api->evaluate(plan, &batch, C4_BN_BATCH, &result, NULL), C4_OK);
            const double evaluated = resident_bytes() - before;
            assert_int_equal(api->step(plan, &batch, NULL, &result), C4_OK);
            const double trained = resident_bytes() - before;
            const double planned = (double)api->planned_bytes(plan);
            if (evaluated > 0.4 * planned || trained < 0.6 * planned)
                fail_msg("%s, order %d: %.1f MB after an evaluation, %.1f MB after a step, of %.1f",
                         subjects[i]->name, order, evaluated * 1e-6, trained * 1e-6,
                         planned * 1e-6);
            api->destroy(plan);
            free(many);
        }
}

int main(void) {
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        want.features[layer] = malloc(IMAGES * c4_layer_features(layer) * sizeof(float));
        got.features[layer] = malloc(IMAGES * c4_layer_features(layer) * sizeof(float));
        if (!want.features[layer] || !got.features[layer]) return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mode_gives_the_reference_bits),
        cmocka_unit_test(odd_weights_give_the_reference_bits),
        cmocka_unit_test(kept_patch_sums_change_no_bit),
        cmocka_unit_test(maps_are_refused_until_the_next_step),
        cmocka_unit_test(phases_are_those_of_the_last_call),
        cmocka_unit_test(an_evaluation_leaves_the_tape_alone),
    };
    printf("seed %llu (C4_CHECK_SEED)\n", (unsigned long long)c4_check_seed());
    int failed = cmocka_run_group_tests(tests, set_up, NULL);
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        free(want.features[layer]);
        free(got.features[layer]);
    }
    return failed;
}
