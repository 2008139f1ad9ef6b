/* Averages of an evaluation whose last batch is smaller. */
#include "core/net/train.h"
#include "tests/harness/unit.h"

enum { IMAGES = 33, BATCH = 32 };

/* A network whose loss for an image is its label. */
static enum c4_status evaluate(struct c4_plan *plan, const struct c4_batch *batch,
                               enum c4_bn_statistics statistics, struct c4_step_result *result,
                               float *const features[C4_LAYERS]) {
    (void)plan;
    (void)statistics;
    (void)features;
    *result = (struct c4_step_result){0};
    for (int i = 0; i < batch->n; i++) {
        result->loss += batch->labels[i];
        result->hits += batch->labels[i] == 9;
    }
    result->loss /= batch->n;
    return C4_OK;
}

static void every_image_counts_the_same(void **state) {
    (void)state;
    static uint8_t images[IMAGES * C4_IMAGE_BYTES], labels[IMAGES];
    const struct c4_step_api step = {.evaluate = evaluate};
    const struct c4_dataset data = {.owner = {.images = images, .labels = labels}, .count = IMAGES};
    const struct c4_pass pass = {.step = &step, .data = &data, .labels = labels, .batch = BATCH};
    struct c4_pass_result result;
    for (int i = 0; i < IMAGES; i++) labels[i] = i < BATCH ? 1 : 9;
    assert_int_equal(c4_evaluate(&pass, C4_BN_BATCH, 0, IMAGES, &result, NULL), C4_OK);
    assert_int_equal(result.batches, 2);
    assert_true(result.loss == (32.0 + 9) / 33);
    assert_true(result.accuracy == 1.0 / 33);
    /* Only whole batches: the mean of their means. */
    assert_int_equal(c4_evaluate(&pass, C4_BN_BATCH, 0, BATCH, &result, NULL), C4_OK);
    assert_true(result.loss == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_image_counts_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
