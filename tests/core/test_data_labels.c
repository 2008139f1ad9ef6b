/* Label rules, views and batches: the properties that pair the study's experiments. */
#include "core/data/batch.h"
#include "core/data/labels.h"
#include "core/data/patch_sums.h"
#include "core/data/split.h"
#include "core/data/synthetic.h"
#include "tests/harness/unit.h"

#include <stdlib.h>
#include <string.h>

enum { N = 20000 };
enum { CIFAR10_TRAIN = 1, CIFAR10_TEST, SVHN_TRAIN }; /* keys, which never change */
static uint8_t images[N];                             /* never read: only labels matter */
static uint8_t truth[N], drawn[10][N];

static struct c4_dataset labelled(uint64_t id) {
    for (int i = 0; i < N; i++) truth[i] = (uint8_t)(i * 7 % 10);
    return (struct c4_dataset){.owner = {.images = images, .labels = truth}, .count = N, .id = id};
}

static void draw(int degree, uint64_t seed, const struct c4_dataset *data, uint8_t *out) {
    struct c4_label_spec spec = {.rule = C4_LABELS_RANDOM, .degree = degree};
    assert_int_equal(c4_labels_make(spec, seed, data, out), C4_OK);
}

static void degree_zero_and_true_are_the_labels(void **state) {
    (void)state;
    struct c4_dataset data = labelled(CIFAR10_TRAIN);
    draw(0, 3, &data, drawn[0]);
    assert_memory_equal(drawn[0], truth, N);
    struct c4_label_spec plain = {.rule = C4_LABELS_TRUE, .degree = 77};
    assert_int_equal(c4_labels_make(plain, 3, &data, drawn[1]), C4_OK);
    assert_memory_equal(drawn[1], truth, N);
    for (int degree = -1; degree <= 10; degree += 11) {
        struct c4_label_spec bad = {.rule = C4_LABELS_RANDOM, .degree = degree};
        assert_int_equal(c4_labels_make(bad, 3, &data, drawn[1]), C4_ERR_USAGE);
    }
}

/* Pearson's chi-square of 0..d against uniform. 9 degrees of freedom exceed 30 with p < 0.0005. */
static void degrees_are_uniform(void **state) {
    (void)state;
    struct c4_dataset data = labelled(CIFAR10_TRAIN);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        for (int d = 1; d <= 9; d++) {
            draw(d, seed, &data, drawn[d]);
            double count[10] = {0}, expected = (double)N / (d + 1), chi = 0;
            for (int i = 0; i < N; i++) count[(drawn[d][i] + 10 - truth[i]) % 10]++;
            for (int k = 0; k <= d; k++) {
                chi += (count[k] - expected) * (count[k] - expected) / expected;
            }
            for (int k = d + 1; k < 10; k++) assert_true(count[k] == 0);
            assert_true(chi < 30);
            assert_true(chi > 0);
            double changed = 1 - count[0] / N, want = (double)d / (d + 1);
            assert_true(changed > want - 0.015 && changed < want + 0.015);
        }
    }
}

/* Y = floor(u (d + 1)) of one u: Y of d is Y of d + 1 or one less. */
static void one_draw_serves_all_degrees(void **state) {
    (void)state;
    struct c4_dataset data = labelled(SVHN_TRAIN);
    for (int d = 0; d <= 9; d++) draw(d, 2, &data, drawn[d]);
    for (int i = 0; i < N; i++) {
        for (int d = 0; d < 9; d++) {
            int step = (drawn[d + 1][i] + 10 - truth[i]) % 10 - (drawn[d][i] + 10 - truth[i]) % 10;
            assert_true(step == 0 || step == 1);
        }
    }
}

static int differences(const uint8_t *a, const uint8_t *b) {
    int count = 0;
    for (int i = 0; i < N; i++) count += a[i] != b[i];
    return count;
}

/* A tenth agrees by chance. */
static void noise_depends_on_seed_and_set_alone(void **state) {
    (void)state;
    struct c4_dataset data = labelled(CIFAR10_TRAIN), part;
    draw(9, 1, &data, drawn[0]);
    draw(9, 2, &data, drawn[1]);
    data.id = CIFAR10_TEST;
    draw(9, 1, &data, drawn[2]);
    assert_true(abs(differences(drawn[0], drawn[1]) - N * 9 / 10) < N / 50);
    assert_true(abs(differences(drawn[0], drawn[2]) - N * 9 / 10) < N / 50);

    struct c4_dataset owner;
    assert_int_equal(c4_synthetic_make(&c4_synthetic_digits, C4_TEST, 1, 60, &owner), C4_OK);
    draw(9, 4, &owner, drawn[3]);
    assert_int_equal(c4_dataset_view(&owner, 25, 30, &part), C4_OK);
    draw(9, 4, &part, drawn[4]);
    assert_memory_equal(drawn[4], drawn[3] + 25, 30);
    c4_dataset_free(&part);
    c4_dataset_free(&owner);
}

static void shifts_go_round_and_never_stand(void **state) {
    (void)state;
    struct c4_dataset data = labelled(CIFAR10_TEST);
    const int want[11] = {9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1};
    struct c4_label_spec spec = {.rule = C4_LABELS_SHIFTED, .degree = 99};
    for (uint64_t seed = 0; seed <= 10; seed++) {
        assert_int_equal(c4_labels_shift(seed), want[seed]);
        assert_int_equal(c4_labels_make(spec, seed, &data, drawn[0]), C4_OK);
        for (int i = 0; i < N; i++) {
            assert_int_equal(drawn[0][i], (truth[i] + want[seed]) % 10);
        }
    }
    assert_in_range(c4_labels_shift(UINT64_MAX), 1, 9);
}

static void views_share_and_are_bounded(void **state) {
    (void)state;
    struct c4_dataset owner, view, inner;
    assert_int_equal(c4_synthetic_make(&c4_synthetic_objects, C4_TEST, 1, 5040, &owner), C4_OK);
    assert_int_equal(c4_dataset_view(&owner, 10, 20, &view), C4_OK);
    assert_ptr_equal(c4_dataset_images(&view), c4_dataset_images(&owner) + 10 * C4_IMAGE_BYTES);
    assert_ptr_equal(c4_dataset_labels(&view), c4_dataset_labels(&owner) + 10);
    assert_string_equal(view.name, "synthetic objects test [10..29]");
    assert_true(view.synthetic);
    assert_int_equal(view.first_index, 10);
    assert_string_not_equal(view.sha256, owner.sha256);
    assert_int_equal(c4_dataset_view(&view, 5, 15, &inner), C4_OK);
    assert_int_equal(inner.first_index, 15);
    assert_ptr_equal(c4_dataset_labels(&inner), c4_dataset_labels(&owner) + 15);
    c4_dataset_free(&view);
    assert_int_equal(c4_dataset_view(&owner, 0, 5040, &view), C4_OK);
    assert_string_equal(view.sha256, owner.sha256);
    assert_int_equal(c4_dataset_view(&owner, 5040, 1, &view), C4_ERR_USAGE);
    assert_int_equal(c4_dataset_view(&owner, UINT32_MAX, 2, &view), C4_ERR_USAGE);
    assert_int_equal(c4_dataset_view(&owner, 2, UINT32_MAX, &view), C4_ERR_USAGE);
    assert_int_equal(c4_dataset_view(&owner, 0, 0, &view), C4_ERR_USAGE);
    assert_null(c4_dataset_images(&view));

    /* A prefix of a set hashes like the same images loaded alone. */
    assert_int_equal(c4_dataset_view(&owner, 0, 7, &view), C4_OK);
    assert_int_equal(c4_synthetic_make(&c4_synthetic_objects, C4_TEST, 1, 7, &inner), C4_OK);
    assert_string_equal(view.sha256, inner.sha256);
    c4_dataset_free(&inner);

    assert_int_equal(c4_dataset_half(&owner, C4_HALF_TRAIN, 0, &view), C4_OK);
    assert_int_equal(view.count, 5000);
    assert_int_equal(c4_dataset_half(&owner, C4_HALF_TEST, 40, &view), C4_OK);
    assert_int_equal(view.first_index, 5000);
    assert_int_equal(view.count, 40);
    assert_int_equal(c4_dataset_half(&owner, C4_HALF_TEST, 41, &view), C4_ERR_USAGE);
    assert_int_equal(c4_dataset_half(&owner, C4_HALF_TEST, 0, &view), C4_ERR_USAGE);
    assert_int_equal(c4_dataset_half(&owner, C4_HALF_TRAIN, 5001, &view), C4_ERR_USAGE);
    c4_dataset_free(&owner);
}

static void epochs_visit_every_image_once(void **state) {
    (void)state;
    enum { IMAGES = 75, BATCH = 32 };
    struct c4_dataset data;
    uint32_t order[IMAGES], other[IMAGES];
    static uint8_t batch[BATCH * C4_IMAGE_BYTES];
    uint8_t labels[BATCH], own[IMAGES];
    assert_int_equal(c4_synthetic_make(&c4_synthetic_objects, C4_TRAIN, 1, IMAGES, &data), C4_OK);
    for (int i = 0; i < IMAGES; i++) own[i] = (uint8_t)(i + 100);
    c4_batch_order(4, C4_RNG_SHUFFLE, 1, order, IMAGES);
    c4_batch_order(4, C4_RNG_FINETUNE_SHUFFLE, 1, other, IMAGES);
    assert_memory_not_equal(order, other, sizeof order);
    c4_batch_order(4, C4_RNG_SHUFFLE, 2, other, IMAGES);
    assert_memory_not_equal(order, other, sizeof order);
    c4_batch_order(5, C4_RNG_SHUFFLE, 1, other, IMAGES);
    assert_memory_not_equal(order, other, sizeof order);
    c4_batch_order(4, C4_RNG_SHUFFLE, 1, other, IMAGES);
    assert_memory_equal(order, other, sizeof order);

    for (int shuffled = 0; shuffled < 2; shuffled++) {
        int seen[IMAGES] = {0};
        uint32_t first = 0, batches = 0, n;
        for (; (n = c4_batch_gather(&data, own, shuffled ? order : NULL, first, BATCH, batch,
                                    labels, NULL)) > 0;
             first += n) {
            batches++;
            assert_int_equal(n, batches < 3 ? BATCH : IMAGES - 2 * BATCH);
            for (uint32_t i = 0; i < n; i++) {
                int image = labels[i] - 100;
                seen[image]++;
                assert_memory_equal(batch + i * C4_IMAGE_BYTES,
                                    c4_dataset_images(&data) + image * C4_IMAGE_BYTES,
                                    C4_IMAGE_BYTES);
                if (!shuffled) assert_int_equal(image, first + i);
            }
        }
        assert_int_equal(batches, c4_batch_count(IMAGES, BATCH));
        for (int i = 0; i < IMAGES; i++) assert_int_equal(seen[i], 1);
    }
    assert_int_equal(c4_batch_gather(&data, NULL, NULL, 70, BATCH, batch, labels, NULL), 5);
    assert_memory_equal(labels, c4_dataset_labels(&data) + 70, 5);
    assert_int_equal(c4_batch_count(64, 32), 2);
    assert_int_equal(c4_batch_count(0, 32), 0);
    c4_dataset_free(&data);
}

/* Patch sums that identify their image by its first bytes. */
static void name_image(int n, const uint8_t *pixels, int64_t *first, int64_t *second) {
    assert_int_equal(n, 1);
    for (int k = 0; k < C4_PATCH; k++) first[k] = pixels[k];
    for (int k = 0; k < C4_PATCH * C4_PATCH; k++) second[k] = 256 * pixels[0] + pixels[k % 3072];
}

static void has_patch_sums_of(const uint8_t *pixels, const int32_t *patch_sums) {
    for (int k = 0; k < C4_PATCH; k++) assert_int_equal(patch_sums[k], pixels[k]);
    assert_int_equal(patch_sums[C4_PATCH + 1], 256 * pixels[0] + pixels[1]);
}

/* Images, labels and patch sums stay together, however a part is selected. */
static void parts_keep_arrays_together(void **state) {
    (void)state;
    enum { IMAGES = 40, FROM = 7, COUNT = 25 };
    static uint8_t pixels[5 * C4_IMAGE_BYTES], drawn_labels[5], own[COUNT];
    static int32_t patch_sums[5 * C4_PATCH_SUMS];
    struct c4_dataset data, view, inner;
    assert_int_equal(c4_synthetic_make(&c4_synthetic_objects, C4_TEST, 3, IMAGES, &data), C4_OK);
    assert_int_equal(c4_dataset_add_patch_sums(&data, name_image), C4_OK);
    assert_int_equal(c4_dataset_view(&data, FROM, COUNT, &view), C4_OK);
    assert_int_equal(c4_dataset_view(&view, 5, 10, &inner), C4_OK);
    has_patch_sums_of(c4_dataset_images(&data) + (FROM + 5) * C4_IMAGE_BYTES,
                      c4_dataset_patch_sums(&inner));
    for (int i = 0; i < COUNT; i++) own[i] = (uint8_t)(i % 10);

    const struct c4_batch batch = c4_batch_in_place(&view, own, 11, 4);
    assert_int_equal(batch.n, 4);
    for (int i = 0; i < 4; i++) {
        const uint8_t *image = c4_dataset_images(&data) + (FROM + 11 + i) * C4_IMAGE_BYTES;
        assert_ptr_equal(batch.images + i * C4_IMAGE_BYTES, image);
        assert_int_equal(batch.labels[i], (11 + i) % 10);
        has_patch_sums_of(image, batch.patch_sums + i * C4_PATCH_SUMS);
    }
    const uint32_t order[COUNT] = {[20] = 3, [21] = 24, [22] = 0, [23] = 8, [24] = 9};
    assert_int_equal(c4_batch_gather(&view, NULL, order, 20, 9, pixels, drawn_labels, patch_sums),
                     5);
    for (int i = 0; i < 5; i++) {
        const uint8_t *image = c4_dataset_images(&data) + (FROM + order[20 + i]) * C4_IMAGE_BYTES;
        assert_memory_equal(pixels + i * C4_IMAGE_BYTES, image, C4_IMAGE_BYTES);
        assert_int_equal(drawn_labels[i], c4_dataset_labels(&data)[FROM + order[20 + i]]);
        has_patch_sums_of(image, patch_sums + i * C4_PATCH_SUMS);
    }
    c4_dataset_free(&data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(degree_zero_and_true_are_the_labels),
        cmocka_unit_test(degrees_are_uniform),
        cmocka_unit_test(one_draw_serves_all_degrees),
        cmocka_unit_test(noise_depends_on_seed_and_set_alone),
        cmocka_unit_test(shifts_go_round_and_never_stand),
        cmocka_unit_test(views_share_and_are_bounded),
        cmocka_unit_test(epochs_visit_every_image_once),
        cmocka_unit_test(parts_keep_arrays_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
