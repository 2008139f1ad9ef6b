/* The synthetic pair: the same bytes everywhere, and classes that a linear classifier cannot learn.
 */
#include "core/data/batch.h"
#include "core/data/synthetic.h"
#include "tests/harness/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* SHA-256 of the first 256 images of seed 1. Changing them changes every result ever obtained from
 * synthetic data. */
static void bytes_are_the_recorded_ones(void **state) {
    (void)state;
    static const char *const want[2][2] = {
        {"bee27657362f304192eb36ae07df451101d24f11b43ac5bafcec09f0aad0dbec",
         "675b649cabd68459e4cb9533a60641450aa518a884d55fdc92bbf3f189e32ce2"},
        {"6f578b0128725712e5175c09ab0de1394531774d6c4193329958afe5f416cbd5",
         "260749984d1fc0c1df247dd538ac73ea01bc286f08a2f9506c057f5b8e7d252a"}};
    for (int set = 0; set < 2; set++) {
        for (int split = 0; split < 2; split++) {
            struct c4_dataset data;
            assert_int_equal(
                c4_synthetic_make(c4_sets[set].stand_in, (enum c4_split)split, 1, 256, &data),
                C4_OK);
            assert_string_equal(data.sha256, want[set][split]);
            c4_dataset_free(&data);
        }
    }
}

static void an_image_depends_on_its_index_alone(void **state) {
    (void)state;
    struct c4_dataset some, more, other;
    uint8_t image[C4_IMAGE_BYTES], label;
    for (int set = 0; set < 2; set++) {
        const struct c4_stand_in *which = c4_sets[set].stand_in;
        assert_int_equal(c4_synthetic_make(which, C4_TRAIN, 9, 50, &some), C4_OK);
        assert_int_equal(c4_synthetic_make(which, C4_TRAIN, 9, 80, &more), C4_OK);
        assert_int_equal(c4_synthetic_make(which, C4_TRAIN, 10, 50, &other), C4_OK);
        assert_memory_equal(c4_dataset_images(&some), c4_dataset_images(&more),
                            50 * C4_IMAGE_BYTES);
        assert_memory_equal(c4_dataset_labels(&some), c4_dataset_labels(&more), 50);
        c4_synthetic_image(which, C4_TRAIN, 9, 77, image, &label);
        assert_memory_equal(image, c4_dataset_images(&more) + 77 * C4_IMAGE_BYTES, C4_IMAGE_BYTES);
        assert_int_equal(label, c4_dataset_labels(&more)[77]);
        assert_memory_not_equal(c4_dataset_labels(&some), c4_dataset_labels(&other), 50);
        c4_synthetic_image(which, C4_TEST, 9, 77, image, &label);
        assert_memory_not_equal(image, c4_dataset_images(&more) + 77 * C4_IMAGE_BYTES,
                                C4_IMAGE_BYTES);
        c4_dataset_free(&some);
        c4_dataset_free(&more);
        c4_dataset_free(&other);
    }
}

/* Every class is drawn about equally often, and no image is a flat background. */
static void classes_are_balanced(void **state) {
    (void)state;
    enum { N = 4000 };
    for (int set = 0; set < 2; set++) {
        struct c4_dataset data;
        int count[C4_CLASSES] = {0};
        assert_int_equal(c4_synthetic_make(c4_sets[set].stand_in, C4_TRAIN, 2, N, &data), C4_OK);
        for (int i = 0; i < N; i++) {
            const uint8_t *image = c4_dataset_images(&data) + (size_t)i * C4_IMAGE_BYTES;
            long sum = 0, squares = 0;
            count[c4_dataset_labels(&data)[i]]++;
            for (int j = 0; j < C4_IMAGE_BYTES; j++) {
                sum += image[j];
                squares += image[j] * image[j];
            }
            double mean = (double)sum / C4_IMAGE_BYTES;
            assert_true((double)squares / C4_IMAGE_BYTES - mean * mean > 25);
        }
        for (int c = 0; c < C4_CLASSES; c++) assert_in_range(count[c], N / 10 - 80, N / 10 + 80);
        c4_dataset_free(&data);
    }
}

enum { TRAIN = 4096, TEST = 2048, EPOCHS = 10, BATCH = 32, LANES = 16 };

/* Softmax regression on the pixels; the ten classes are padded to LANES, so that the compiler
 * vectorises. */
struct linear {
    float weight[C4_IMAGE_BYTES][LANES], weight_speed[C4_IMAGE_BYTES][LANES];
    float weight_gradient[C4_IMAGE_BYTES][LANES];
    float bias[LANES], bias_speed[LANES], bias_gradient[LANES];
};

static float input(uint8_t byte) {
    return (2.0f * (float)byte - 255.0f) / 255.0f;
}

static int logits(const struct linear *net, const uint8_t *image, float out[LANES]) {
    int best = 0;
    memcpy(out, net->bias, sizeof net->bias);
    for (int i = 0; i < C4_IMAGE_BYTES; i++) {
        float x = input(image[i]);
        for (int c = 0; c < LANES; c++) out[c] += x * net->weight[i][c];
    }
    for (int c = 1; c < C4_CLASSES; c++) best = out[c] > out[best] ? c : best;
    return best;
}

static void add_gradient(struct linear *net, const uint8_t *image, int label, float scale) {
    float p[LANES], sum = 0;
    int best = logits(net, image, p);
    float most = p[best];
    for (int c = 0; c < C4_CLASSES; c++) sum += p[c] = expf(p[c] - most);
    for (int c = 0; c < LANES; c++) {
        p[c] = c < C4_CLASSES ? (p[c] / sum - (c == label ? 1.0f : 0.0f)) * scale : 0;
        net->bias_gradient[c] += p[c];
    }
    for (int i = 0; i < C4_IMAGE_BYTES; i++) {
        float x = input(image[i]);
        for (int c = 0; c < LANES; c++) net->weight_gradient[i][c] += x * p[c];
    }
}

static void descend(float *value, float *speed, float *gradient, size_t count) {
    for (size_t i = 0; i < count; i++) {
        speed[i] = 0.9f * speed[i] + gradient[i];
        value[i] -= 0.001f * speed[i];
        gradient[i] = 0;
    }
}

static double accuracy(const struct linear *net, const struct c4_dataset *data) {
    uint32_t hits = 0;
    for (uint32_t i = 0; i < data->count; i++) {
        float out[LANES];
        hits += logits(net, c4_dataset_images(data) + (size_t)i * C4_IMAGE_BYTES, out) ==
                c4_dataset_labels(data)[i];
    }
    return (double)hits / data->count;
}

static void a_linear_classifier_fails(void **state) {
    (void)state;
    static uint8_t images[BATCH * C4_IMAGE_BYTES];
    uint8_t labels[BATCH];
    static uint32_t order[TRAIN];
    for (int set = 0; set < 2; set++) {
        struct c4_dataset train, test;
        const struct c4_stand_in *which = c4_sets[set].stand_in;
        struct linear *net = calloc(1, sizeof *net);
        assert_non_null(net);
        assert_int_equal(c4_synthetic_make(which, C4_TRAIN, 1, TRAIN, &train), C4_OK);
        assert_int_equal(c4_synthetic_make(which, C4_TEST, 1, TEST, &test), C4_OK);
        for (uint32_t epoch = 1; epoch <= EPOCHS; epoch++) {
            c4_batch_order(1, C4_RNG_TEST, epoch, order, TRAIN);
            for (uint32_t first = 0, n;
                 (n = c4_batch_gather(&train, NULL, order, first, BATCH, images, labels, NULL)) > 0;
                 first += n) {
                for (uint32_t i = 0; i < n; i++) {
                    add_gradient(net, images + i * C4_IMAGE_BYTES, labels[i], 1.0f / (float)n);
                }
                descend(&net->weight[0][0], &net->weight_speed[0][0], &net->weight_gradient[0][0],
                        (size_t)C4_IMAGE_BYTES * LANES);
                descend(net->bias, net->bias_speed, net->bias_gradient, LANES);
            }
        }
        double on_train = accuracy(net, &train), on_test = accuracy(net, &test);
        print_message("%s: linear softmax %.1f %% of %d train, %.1f %% of %d test images\n",
                      train.name, 100 * on_train, TRAIN, 100 * on_test, TEST);
        assert_true(on_train <= 0.6);
        assert_true(on_test <= 0.6);
        assert_true(on_train >= 0.15); /* it did memorise something */
        c4_dataset_free(&train);
        c4_dataset_free(&test);
        free(net);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_the_recorded_ones),
        cmocka_unit_test(an_image_depends_on_its_index_alone),
        cmocka_unit_test(classes_are_balanced),
        cmocka_unit_test(a_linear_classifier_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
