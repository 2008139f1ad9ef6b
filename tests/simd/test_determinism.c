/* The step API: the same bits for any number of threads and on every bit-exact backend, and a state
 * that changes only where it should. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/init.h"
#include "simd/cpu.h"
#include "simd/dispatch.h"
#include "tests/harness/check.h"
#include "tests/harness/check_want.h"
#include "tests/harness/unit.h"

extern const struct c4_backend c4_backend_ref;

enum { IMAGES = 25, MAX_BATCH = 20, MAX_SUBJECTS = 16 };

static const struct c4_sgd sgd = {0.01, 0.9};

static size_t feature_count(int layer) {
    return (size_t)MAX_BATCH * c4_layer_features(layer);
}

static const struct mode {
    enum c4_order order;
    enum c4_conv_algorithm conv;
} modes[] = {
    {C4_BN_RELU, C4_WINOGRAD},
    {C4_RELU_BN, C4_WINOGRAD},
    {C4_BN_RELU, C4_DIRECT},
    {C4_RELU_BN, C4_DIRECT},
};

static const struct c4_backend
    *subjects[MAX_SUBJECTS]; /* backends that can run here and have a step */
static int subject_count;

static uint8_t images[IMAGES][C4_IMAGE_BYTES], labels[IMAGES];
static double initial[C4_STATE_COUNT];

static void add_subject(const struct c4_backend *backend) {
    if (!c4_wants(backend)) return;
    for (int i = 0; i < subject_count; i++)
        if (subjects[i] == backend) return;
    if (backend->step && subject_count < MAX_SUBJECTS) subjects[subject_count++] = backend;
}

/* The baseline reference calls libm for every fma; ref_fma is the same source with FMA
 * instructions. */
static bool has_faster_twin(const struct c4_backend *backend) {
    return backend == &c4_backend_ref && (c4_cpu_features() & C4_CPU_AVX2_FMA);
}

static int set_up(void **state) {
    (void)state;
    const struct c4_backend *table;
    add_subject(&c4_backend_ref);
    for (int i = 0; c4_backend_name(i, &table, NULL); i++)
        if (table) add_subject(table);
    struct c4_check_rng rng = c4_check_rng_start(c4_check_seed(), "determinism");
    for (int n = 0; n < IMAGES; n++) {
        labels[n] = (uint8_t)c4_check_rng_between(&rng, 0, 9);
        for (int i = 0; i < C4_IMAGE_BYTES; i++)
            images[n][i] = (uint8_t)c4_check_rng_between(&rng, 0, 255);
    }
    c4_net_init(c4_check_seed(), initial);
    /* Both signs of gamma, and shifts, biases and running statistics that are not trivial. */
    for (int b = 0; b < C4_BLOCKS; b++)
        for (int c = 0; c < C4_CHANNELS; c++) {
            double u = 2 * c4_check_rng_unit(&rng) - 1, v = 2 * c4_check_rng_unit(&rng) - 1;
            initial[c4_block_param(b, C4_PARAM_GAMMA)->offset + (size_t)c] = (float)(1 + 1.2 * u);
            initial[c4_block_param(b, C4_PARAM_BETA)->offset + (size_t)c] = (float)(0.3 * v);
            initial[c4_block_running(b, C4_PARAM_RUNNING_MEAN)->offset + (size_t)c] =
                (float)(0.1 * v);
            initial[c4_block_running(b, C4_PARAM_RUNNING_VAR)->offset + (size_t)c] =
                (float)(0.5 + 0.4 * v);
        }
    return 0;
}

static struct c4_batch batch_of(int first, int n) {
    return (struct c4_batch){images[first], labels + first, n, NULL};
}

static struct c4_plan *new_plan(const struct c4_backend *backend, const struct mode *mode,
                                int threads) {
    struct c4_plan_config config = {mode->order, mode->conv, MAX_BATCH, threads, {0}, NULL};
    struct c4_plan *plan = NULL;
    assert_int_equal(backend->step->create(&config, &plan), C4_OK);
    assert_int_equal(backend->step->load(plan, initial, NULL), C4_OK);
    return plan;
}

/* All results of a short training. */
struct outcome {
    struct c4_step_result step[2], batch_evaluation, running_evaluation;
    double state[C4_STATE_COUNT], momentum[C4_LEARNED_COUNT], grad[2][C4_LEARNED_COUNT];
    float *features[2][C4_LAYERS]; /* by batch and by running statistics */
};

static struct outcome *new_outcome(void) {
    struct outcome *o = calloc(1, sizeof *o);
    assert_non_null(o);
    for (int s = 0; s < 2; s++)
        for (int layer = 0; layer < C4_LAYERS; layer++) {
            o->features[s][layer] = calloc(feature_count(layer), sizeof(float));
            assert_non_null(o->features[s][layer]);
        }
    return o;
}

static void free_outcome(struct outcome *o) {
    for (int s = 0; s < 2; s++)
        for (int layer = 0; layer < C4_LAYERS; layer++) free(o->features[s][layer]);
    free(o);
}

/* Two steps with `n` images each, then an evaluation of the second batch by both statistics. */
static void train(const struct c4_backend *backend, const struct mode *mode, int threads,
                  const int n[2], struct outcome *o) {
    const struct c4_step_api *api = backend->step;
    struct c4_plan *plan = new_plan(backend, mode, threads);
    size_t count;
    const struct c4_batch batches[2] = {batch_of(0, n[0]), batch_of(n[0], n[1])};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(api->step(plan, &batches[i], &sgd, &o->step[i]), C4_OK);
        assert_int_equal(api->read(plan, "grad", o->grad[i], C4_LEARNED_COUNT, &count), C4_OK);
        assert_int_equal(count, C4_LEARNED_COUNT);
    }
    assert_int_equal(
        api->evaluate(plan, &batches[1], C4_BN_BATCH, &o->batch_evaluation, o->features[0]), C4_OK);
    assert_int_equal(
        api->evaluate(plan, &batches[1], C4_BN_RUNNING, &o->running_evaluation, o->features[1]),
        C4_OK);
    assert_int_equal(api->store(plan, o->state, o->momentum), C4_OK);
    api->destroy(plan);
}

static void assert_same_result(struct c4_step_result a, struct c4_step_result b) {
    assert_memory_equal(&a.loss, &b.loss, sizeof a.loss);
    assert_int_equal(a.hits, b.hits);
}

static void assert_same_outcome(const struct outcome *a, const struct outcome *b) {
    for (int i = 0; i < 2; i++) {
        assert_same_result(a->step[i], b->step[i]);
        assert_memory_equal(a->grad[i], b->grad[i], sizeof a->grad[i]);
        for (int layer = 0; layer < C4_LAYERS; layer++)
            assert_memory_equal(a->features[i][layer], b->features[i][layer],
                                feature_count(layer) * sizeof(float));
    }
    assert_same_result(a->batch_evaluation, b->batch_evaluation);
    assert_same_result(a->running_evaluation, b->running_evaluation);
    assert_memory_equal(a->state, b->state, sizeof a->state);
    assert_memory_equal(a->momentum, b->momentum, sizeof a->momentum);
}

/* Comparing bits proves nothing if nothing was trained. */
static void assert_trained(const struct outcome *o) {
    int changed = 0, moving = 0;
    for (int i = 0; i < C4_STATE_COUNT; i++) changed += o->state[i] != initial[i];
    for (int i = 0; i < C4_LEARNED_COUNT; i++) moving += o->momentum[i] != 0;
    assert_true(changed > C4_STATE_COUNT * 3 / 4);
    assert_true(moving > C4_LEARNED_COUNT * 3 / 4);
    assert_true(isfinite(o->step[0].loss) && isfinite(o->step[1].loss));
    assert_true(o->step[0].loss > 1 && o->step[0].loss < 20);
    assert_true(o->batch_evaluation.loss != o->running_evaluation.loss);
}

static void any_number_of_threads_gives_the_same_bits(void **state) {
    const struct mode *mode = *state;
    static const int threads[] = {2, 3, 5, 8};
    static const int n[2] = {11, 8}; /* five slices of 2 and one of 1; eight of 1 */
    int compared = 0;
    for (int i = 0; i < subject_count; i++) {
        if (!subjects[i]->bit_exact || has_faster_twin(subjects[i])) continue;
        struct outcome *one = new_outcome(), *many = new_outcome();
        train(subjects[i], mode, 1, n, one);
        assert_trained(one);
        for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
            train(subjects[i], mode, threads[t], n, many);
            assert_same_outcome(one, many);
            compared++;
        }
        free_outcome(one);
        free_outcome(many);
    }
    assert_true(compared > 0);
}

static void every_exact_backend_gives_the_reference_bits(void **state) {
    const struct mode *mode = *state;
    static const int n[2] = {20, 5}; /* slices of 3, the last of 2; slices of 1 */
    int compared = 0;
    struct outcome *want = new_outcome(), *got = new_outcome();
    for (int i = 0; i < subject_count; i++) {
        if (!subjects[i]->bit_exact || subjects[i] == c4_want_reference()) continue;
        if (compared++ == 0) train(c4_want_reference(), mode, 2, n, want);
        train(subjects[i], mode, 2, n, got);
        assert_trained(got);
        assert_same_outcome(want, got);
    }
    free_outcome(want);
    free_outcome(got);
    if (compared == 0) skip(); /* only the plain reference runs here or is wanted */
}

static void a_plan_keeps_nothing_from_the_batch_before(void **state) {
    const struct mode *mode = *state;
    const struct c4_batch big = batch_of(0, 9), small = batch_of(9, 5);
    for (int i = 0; i < subject_count; i++) {
        if (!subjects[i]->bit_exact || has_faster_twin(subjects[i])) continue;
        const struct c4_step_api *api = subjects[i]->step;
        struct c4_plan *fresh = new_plan(subjects[i], mode, 2);
        struct c4_plan *used = new_plan(subjects[i], mode, 2);
        struct c4_step_result want, got;
        struct outcome *a = new_outcome(), *b = new_outcome();
        assert_int_equal(api->step(used, &big, &sgd, &got), C4_OK);
        assert_int_equal(api->evaluate(used, &big, C4_BN_RUNNING, &got, NULL), C4_OK);
        assert_int_equal(api->load(used, initial, NULL), C4_OK);
        assert_int_equal(api->step(used, &small, &sgd, &got), C4_OK);
        assert_int_equal(api->step(fresh, &small, &sgd, &want), C4_OK);
        assert_same_result(want, got);
        assert_int_equal(api->store(fresh, a->state, a->momentum), C4_OK);
        assert_int_equal(api->store(used, b->state, b->momentum), C4_OK);
        assert_same_outcome(a, b);
        free_outcome(a);
        free_outcome(b);
        api->destroy(fresh);
        api->destroy(used);
    }
}

static void load_and_store_keep_every_float(void **state) {
    (void)state;
    static const double odd[] = {-0.0, 0x1p-149, -0x1p-126, 0x1.fffffep127, 1, -0x1.000002p0, 0};
    static double in[C4_STATE_COUNT], in_momentum[C4_LEARNED_COUNT];
    static double out[C4_STATE_COUNT], out_momentum[C4_LEARNED_COUNT];
    struct c4_check_rng rng = c4_check_rng_start(c4_check_seed(), "load and store");
    for (size_t i = 0; i < C4_STATE_COUNT; i++)
        in[i] = i % 5 ? (double)(float)c4_check_rng_unit(&rng) : odd[i / 5 % 7];
    for (size_t i = 0; i < C4_LEARNED_COUNT; i++) in_momentum[i] = -in[C4_STATE_COUNT - 1 - i];
    for (int i = 0; i < subject_count; i++) {
        const struct c4_step_api *api = subjects[i]->step;
        struct c4_plan *plan = new_plan(subjects[i], &modes[0], 1);
        assert_int_equal(api->load(plan, in, in_momentum), C4_OK);
        assert_int_equal(api->store(plan, out, out_momentum), C4_OK);
        assert_memory_equal(in, out, sizeof in);
        assert_memory_equal(in_momentum, out_momentum, sizeof in_momentum);
        assert_int_equal(api->load(plan, in, NULL), C4_OK); /* no momentum: zeros */
        assert_int_equal(api->store(plan, out, NULL), C4_OK);
        assert_int_equal(api->store(plan, out, out_momentum), C4_OK);
        for (size_t k = 0; k < C4_LEARNED_COUNT; k++) assert_true(out_momentum[k] == 0);
        api->destroy(plan);
    }
}

static void only_a_step_with_sgd_changes_the_state(void **state) {
    const struct mode *mode = *state;
    static double before[C4_STATE_COUNT], after[C4_STATE_COUNT];
    static double momentum_before[C4_LEARNED_COUNT], momentum_after[C4_LEARNED_COUNT];
    const struct c4_batch batch = batch_of(0, 3), second = batch_of(3, 2);
    for (int i = 0; i < subject_count; i++) {
        if (has_faster_twin(subjects[i])) continue;
        const struct c4_step_api *api = subjects[i]->step;
        struct c4_step_result result, again;
        struct c4_plan *plan = new_plan(subjects[i], mode, 2);
        assert_int_equal(api->step(plan, &batch, &sgd, &result), C4_OK);
        assert_int_equal(api->store(plan, before, momentum_before), C4_OK);
        assert_int_equal(api->step(plan, &batch, NULL, &result), C4_OK);
        assert_int_equal(api->evaluate(plan, &second, C4_BN_BATCH, &result, NULL), C4_OK);
        assert_int_equal(api->evaluate(plan, &second, C4_BN_RUNNING, &result, NULL), C4_OK);
        assert_int_equal(api->store(plan, after, momentum_after), C4_OK);
        assert_memory_equal(before, after, sizeof before);
        assert_memory_equal(momentum_before, momentum_after, sizeof momentum_before);
        /* Nor does the result of a step depend on values read in between. */
        assert_int_equal(api->step(plan, &batch, NULL, &result), C4_OK);
        assert_int_equal(api->step(plan, &batch, &sgd, &again), C4_OK);
        assert_same_result(result, again);
        assert_int_equal(api->store(plan, after, momentum_after), C4_OK);
        assert_memory_not_equal(before, after, sizeof before);
        assert_memory_not_equal(momentum_before, momentum_after, sizeof momentum_before);
        api->destroy(plan);
    }
}

static void what_does_not_fit_is_refused_with_a_sentence(void **state) {
    (void)state;
    static double before[C4_STATE_COUNT], after[C4_STATE_COUNT];
    for (int i = 0; i < subject_count; i++) {
        const struct c4_step_api *api = subjects[i]->step;
        struct c4_plan *plan = new_plan(subjects[i], &modes[0], 1);
        const struct c4_batch large = batch_of(0, MAX_BATCH + 1), none = batch_of(0, 0);
        struct c4_step_result result;
        assert_int_equal(api->store(plan, before, NULL), C4_OK);
        assert_int_equal(api->step(plan, &large, &sgd, &result), C4_ERR_USAGE);
        assert_non_null(strstr(c4_error(), "21")); /* names the batch size and the limit */
        assert_non_null(strstr(c4_error(), "20"));
        assert_int_equal(api->evaluate(plan, &large, C4_BN_BATCH, &result, NULL), C4_ERR_USAGE);
        assert_int_equal(api->step(plan, &none, &sgd, &result), C4_ERR_USAGE);
        assert_int_equal(api->evaluate(plan, &none, C4_BN_BATCH, &result, NULL), C4_ERR_USAGE);
        double value;
        size_t count;
        assert_int_equal(api->read(plan, "no such thing", &value, 1, &count), C4_ERR_USAGE);
        assert_non_null(strstr(c4_error(), "no such thing"));
        assert_int_equal(api->read(plan, "grad", &value, 1, &count), C4_ERR_USAGE);
        assert_int_equal(api->store(plan, after, NULL), C4_OK);
        assert_memory_equal(before, after, sizeof before);
        api->destroy(plan);
        api->destroy(NULL);

        struct c4_plan_config config = {C4_BN_RELU, C4_WINOGRAD, 0, 1, {0}, NULL};
        assert_int_equal(api->create(&config, &plan), C4_ERR_USAGE);
        config.max_batch = 1;
        config.threads = 0;
        assert_int_equal(api->create(&config, &plan), C4_ERR_USAGE);
    }
}

int main(void) {
#define IN_MODE(test, k)                                                                           \
    { #test, test, NULL, NULL, (void *)&modes[k] }
#define IN_ALL_MODES(test) IN_MODE(test, 0), IN_MODE(test, 1), IN_MODE(test, 2), IN_MODE(test, 3)
    const struct CMUnitTest tests[] = {
        IN_ALL_MODES(any_number_of_threads_gives_the_same_bits),
        IN_ALL_MODES(every_exact_backend_gives_the_reference_bits),
        IN_ALL_MODES(a_plan_keeps_nothing_from_the_batch_before),
        IN_ALL_MODES(only_a_step_with_sgd_changes_the_state),
        cmocka_unit_test(load_and_store_keep_every_float),
        cmocka_unit_test(what_does_not_fit_is_refused_with_a_sentence),
    };
    printf("seed %llu (C4_CHECK_SEED)\n", (unsigned long long)c4_check_seed());
    return cmocka_run_group_tests(tests, set_up, NULL);
}
