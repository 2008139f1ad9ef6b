/* The synthetic pair is worth training on: a network learns the objects from 4,096 images although
 * a linear classifier cannot (test_synthetic.c), and this helps with the digits. */
#include "tests/harness/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/data/synthetic.h"
#include "core/net/init.h"
#include "core/net/train.h"
#include "simd/dispatch.h"

enum { SEED = 1, OBJECTS = 4096, DIGITS = 1500, HELD_OUT = 1024, BATCH = 32 };

static const struct c4_step_api *step;
static struct c4_plan *plan;
static double state[C4_STATE_COUNT];

static int open_plan(void **unused) {
    (void)unused;
    struct c4_dispatch dispatch;
    const struct c4_plan_config config = {C4_BN_RELU, C4_WINOGRAD, BATCH, 2, {0}, NULL};
    if (c4_dispatch("auto", &dispatch) != C4_OK) return 1;
    step = dispatch.backend.step;
    return step->create(&config, &plan) != C4_OK;
}

static int close_plan(void **unused) {
    (void)unused;
    step->destroy(plan);
    return 0;
}

static struct c4_pass pass_over(const struct c4_dataset *data) {
    return (struct c4_pass){.step = step,
                            .plan = plan,
                            .data = data,
                            .labels = c4_dataset_labels(data),
                            .batch = BATCH};
}

/* Trains the network in `state` in place, and returns the held-out accuracy. */
static double train(const struct c4_stand_in *set, uint32_t images, enum c4_rng_purpose shuffle,
                    uint32_t epochs) {
    const struct c4_sgd sgd = {0.001, 0.9};
    struct c4_dataset data, held_out;
    struct c4_pass_result result;
    assert_int_equal(c4_synthetic_make(set, C4_TRAIN, SEED, images, &data), C4_OK);
    assert_int_equal(c4_synthetic_make(set, C4_TEST, SEED, HELD_OUT, &held_out), C4_OK);
    const struct c4_pass training = pass_over(&data), testing = pass_over(&held_out);
    assert_int_equal(step->load(plan, state, NULL), C4_OK);
    for (uint32_t epoch = 1; epoch <= epochs; epoch++)
        assert_int_equal(c4_train_epoch(&training, &sgd, SEED, shuffle, epoch, &result), C4_OK);
    assert_int_equal(c4_evaluate(&testing, C4_BN_BATCH, 0, HELD_OUT, &result, NULL), C4_OK);
    assert_int_equal(step->store(plan, state, NULL), C4_OK);
    c4_dataset_free(&data);
    c4_dataset_free(&held_out);
    return result.accuracy;
}

static void objects_are_learned_and_help_with_digits(void **unused) {
    (void)unused;
    c4_net_init(SEED, state);
    double objects = train(&c4_synthetic_objects, OBJECTS, C4_RNG_SHUFFLE, 3);
    double tuned = train(&c4_synthetic_digits, DIGITS, C4_RNG_FINETUNE_SHUFFLE, 2);
    c4_net_init(SEED + 1, state);
    double scratch = train(&c4_synthetic_digits, DIGITS, C4_RNG_FINETUNE_SHUFFLE, 2);
    print_message("held-out accuracy: objects %.1f %%, digits fine-tuned %.1f %%, from scratch "
                  "%.1f %%\n",
                  100 * objects, 100 * tuned, 100 * scratch);
    assert_true(objects >= 0.85);
    assert_true(tuned >= scratch + 0.06);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_learned_and_help_with_digits),
    };
    return cmocka_run_group_tests(tests, open_plan, close_plan);
}
