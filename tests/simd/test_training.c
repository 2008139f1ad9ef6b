/* A training of fifty steps: its losses, its final state, and each layer's CKA to the initial
 * network have recorded hashes, on every bit-exact backend and every CPU. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/batch.h"
#include "core/data/synthetic.h"
#include "core/file/sha256.h"
#include "core/net/init.h"
#include "core/similarity/cka.h"
#include "simd/cpu.h"
#include "simd/dispatch.h"
#include "tests/harness/check_want.h"
#include "tests/harness/unit.h"

enum { SEED = 1, STEPS = 50, BATCH = 8, IMAGES = 80, EXAMPLES = 24, THREADS = 2 };

static const char recorded[65] = "96a9f37dfc209d158612d4ac28712581dab36b04652e4d81e251f730b620fb67";
static const char recorded_similarity[65] =
    "7e5338da3a00fbd80f8ddc500ccf53868ad35126304fdc65bfb0639bab86fd66";

static struct c4_dataset data;
static float *features[2][C4_LAYERS]; /* of the initial and of the trained network */

/* As little-endian binary64. */
static void add(struct c4_sha256 *sha, const double *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        unsigned char bytes[8];
        memcpy(&word, &values[i], sizeof word);
        for (int b = 0; b < 8; b++) bytes[b] = (unsigned char)(word >> (8 * b));
        assert_int_equal(c4_sha256_update(sha, bytes, sizeof bytes), C4_OK);
    }
}

static void train(const struct c4_backend *backend, struct c4_sha256 *sha) {
    static double state[C4_STATE_COUNT], before[C4_STATE_COUNT], momentum[C4_LEARNED_COUNT];
    static const struct c4_sgd sgd = {0.001, 0.9};
    const struct c4_plan_config config = {C4_BN_RELU, C4_WINOGRAD, EXAMPLES, THREADS, {0}, NULL};
    const struct c4_batch examples = c4_batch_in_place(&data, NULL, 0, EXAMPLES);
    const struct c4_step_api *api = backend->step;
    struct c4_plan *plan = NULL;
    struct c4_step_result result;
    double first_loss = 0;
    c4_net_init(SEED, before);
    assert_int_equal(api->create(&config, &plan), C4_OK);
    assert_int_equal(api->load(plan, before, NULL), C4_OK);
    assert_int_equal(api->evaluate(plan, &examples, C4_BN_BATCH, &result, features[0]), C4_OK);
    for (int i = 0; i < STEPS; i++) {
        int first = i * BATCH % IMAGES;
        const struct c4_batch batch = c4_batch_in_place(&data, NULL, (uint32_t)first, BATCH);
        assert_int_equal(api->step(plan, &batch, &sgd, &result), C4_OK);
        if (i == 0) first_loss = result.loss;
        add(sha, &result.loss, 1);
    }
    /* The hash of a training that did not learn would prove little. */
    assert_true(isfinite(result.loss) && result.loss < first_loss);
    assert_int_equal(api->store(plan, state, momentum), C4_OK);
    assert_memory_not_equal(state, before, sizeof state);
    add(sha, state, C4_STATE_COUNT);
    add(sha, momentum, C4_LEARNED_COUNT);
    assert_int_equal(api->evaluate(plan, &examples, C4_BN_BATCH, &result, features[1]), C4_OK);
    add(sha, &result.loss, 1);
    api->destroy(plan);
}

static void compare_layers(const struct c4_backend *backend, struct c4_sha256 *sha) {
    const struct c4_cka_options options = {.gram = c4_backend_gram(backend), .threads = THREADS};
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        struct c4_features x = {.data = features[0][layer],
                                .rows = EXAMPLES,
                                .features = c4_layer_features(layer),
                                .name = c4_layer_name[layer]};
        struct c4_features y = x;
        struct c4_cka_result result;
        y.data = features[1][layer];
        assert_int_equal(c4_cka(&x, &y, &options, &result), C4_OK);
        assert_true(result.biased > 0.3 && result.biased < 1);
        add(sha, &result.biased, 1);
        add(sha, &result.debiased, 1);
    }
}

/* A backend without FMA instructions would take minutes; a wanted one must still run. */
static bool is_slow(const struct c4_backend *table) {
    bool plain_c = strcmp(table->name, "ref") == 0 || strcmp(table->name, "portable") == 0;
    return plain_c && !c4_want_name() && !(c4_cpu_features() & (C4_CPU_AVX2_FMA | C4_CPU_NEON));
}

static void fifty_steps_give_the_recorded_bits(void **state) {
    (void)state;
    const struct c4_backend *table;
    const char *name;
    int trained = 0;
    for (int i = 0; (name = c4_backend_name(i, &table, NULL)); i++) {
        if (!table || !table->bit_exact || !c4_wants(table) || is_slow(table)) continue;
        struct c4_dispatch dispatch;
        struct c4_sha256 sha, similarity;
        char hash[65], of_similarity[65];
        assert_int_equal(c4_dispatch(name, &dispatch), C4_OK);
        assert_int_equal(c4_sha256_init(&sha), C4_OK);
        assert_int_equal(c4_sha256_init(&similarity), C4_OK);
        train(&dispatch.backend, &sha);
        compare_layers(&dispatch.backend, &similarity);
        assert_int_equal(c4_sha256_final(&sha, hash), C4_OK);
        assert_int_equal(c4_sha256_final(&similarity, of_similarity), C4_OK);
        c4_sha256_free(&sha);
        c4_sha256_free(&similarity);
        printf("%s: training hash %s, of similarity %s\n", name, hash, of_similarity);
        assert_string_equal(hash, recorded);
        assert_string_equal(of_similarity, recorded_similarity);
        trained++;
    }
    if (trained == 0) skip(); /* only a CPU without FMA instructions */
}

static int set_up(void **state) {
    (void)state;
    bool memory = true;
    for (int net = 0; net < 2; net++)
        for (int layer = 0; layer < C4_LAYERS; layer++) {
            features[net][layer] = malloc(EXAMPLES * c4_layer_features(layer) * sizeof(float));
            memory = memory && features[net][layer];
        }
    enum c4_status status = c4_synthetic_make(&c4_synthetic_objects, C4_TRAIN, SEED, IMAGES, &data);
    return memory && status == C4_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    for (int net = 0; net < 2; net++)
        for (int layer = 0; layer < C4_LAYERS; layer++) free(features[net][layer]);
    c4_dataset_free(&data);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(fifty_steps_give_the_recorded_bits)};
    (void)c4_want_table(); /* ends here if it cannot run */
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
