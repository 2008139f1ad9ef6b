/* Messages between coordinator and worker, and images in shared memory. */
#include "tests/harness/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "repro/workers/message.h"

static void put(unsigned char *bytes, size_t size, unsigned salt) {
    for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)(i * 31 + salt);
}

/* Messages of many sizes arrive complete and in order, however the pipe splits them. */
static void frames_arrive_whole(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 8, 40000, 3, 60000, 0, 12345};
    enum { FRAMES = sizeof sizes / sizeof *sizes };
    unsigned char *sent = malloc(60000);
    struct c4_inbox inbox = {0};
    size_t taken = 0, next = 0;
    int ends[2];
    bool open = true;
    assert_non_null(sent);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    for (size_t i = 0; i < FRAMES; i++) {
        struct c4_message message;
        put(sent, sizes[i], (unsigned)i);
        size_t half = sizes[i] / 2;
        const struct c4_message_part parts[] = {{sent, half}, {sent + half, sizes[i] - half}};
        assert_int_equal(c4_message_write(ends[1], C4_MESSAGE_DONE, parts, 2), C4_OK);
        if (i % 3 == 0 && i + 1 < FRAMES && sizes[i] + sizes[i + 1] < 50000)
            continue; /* two at a time */
        for (int reads = 0; reads < 3; reads++)
            assert_int_equal(c4_inbox_read(&inbox, ends[0], &open), C4_OK);
        assert_true(open);
        while (c4_inbox_next(&inbox, &taken, &message)) {
            put(sent, sizes[next], (unsigned)next);
            assert_int_equal(message.kind, C4_MESSAGE_DONE);
            assert_int_equal(message.size_bytes, sizes[next]);
            assert_memory_equal(message.payload, sent, sizes[next]);
            next++;
        }
    }
    assert_int_equal(next, FRAMES);
    close(ends[1]);
    assert_int_equal(c4_inbox_read(&inbox, ends[0], &open), C4_OK);
    assert_false(open);
    close(ends[0]);
    c4_inbox_free(&inbox);
    free(sent);
}

/* Half a message is not delivered, even when its writer has exited. */
static void half_a_frame(void **state) {
    (void)state;
    const uint32_t header[2] = {C4_MESSAGE_DONE, 100};
    struct c4_inbox inbox = {0};
    struct c4_message message;
    size_t taken = 0;
    int ends[2];
    bool open = true;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], header, sizeof header), sizeof header);
    assert_int_equal(c4_inbox_read(&inbox, ends[0], &open), C4_OK);
    assert_false(c4_inbox_next(&inbox, &taken, &message));
    assert_int_equal(write(ends[1], "0123456789", 10), 10);
    assert_int_equal(c4_inbox_read(&inbox, ends[0], &open), C4_OK);
    assert_false(c4_inbox_next(&inbox, &taken, &message));
    close(ends[1]);
    assert_int_equal(c4_inbox_read(&inbox, ends[0], &open), C4_OK);
    assert_false(open);
    assert_false(c4_inbox_next(&inbox, &taken, &message));
    close(ends[0]);
    c4_inbox_free(&inbox);
}

static void same_images(const struct c4_dataset *a, const struct c4_dataset *b) {
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->first_index, b->first_index);
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->sha256, b->sha256);
    assert_true(a->id == b->id && a->synthetic == b->synthetic);
    assert_memory_equal(c4_dataset_images(a), c4_dataset_images(b),
                        (size_t)a->count * C4_IMAGE_BYTES);
    assert_memory_equal(c4_dataset_labels(a), c4_dataset_labels(b), a->count);
}

/* Integers that distinguish images, elements and their order. */
static void numbered_patch_sums(int n, const uint8_t *images, int64_t *first, int64_t *second) {
    assert_int_equal(n, 1);
    for (int k = 0; k < C4_PATCH; k++) {
        first[k] = images[k];
        for (int l = 0; l < C4_PATCH; l++) second[k * C4_PATCH + l] = 1000 * k + l + images[k];
    }
}

static void has_numbered_patch_sums(const struct c4_dataset *set) {
    for (uint32_t image = 0; image < set->count; image += set->count - 1) {
        const uint8_t *bytes = c4_dataset_images(set) + (size_t)image * C4_IMAGE_BYTES;
        const int32_t *patch_sums = c4_dataset_patch_sums(set) + (size_t)image * C4_PATCH_SUMS;
        for (int k = 0; k < C4_PATCH; k++) assert_int_equal(*patch_sums++, bytes[k]);
        for (int k = 0; k < C4_PATCH; k++)
            for (int l = k; l < C4_PATCH; l++)
                assert_int_equal(*patch_sums++, 1000 * k + l + bytes[k]);
    }
}

/* Another process maps the images as loaded, including patch sums and halves, and cannot write
 * them. */
static void images_are_shared(void **state) {
    (void)state;
    struct c4_study study;
    struct c4_schedule schedule;
    struct c4_images plain, shared, mapped;
    struct c4_shared_images note;
    int descriptor;
    assert_int_equal(c4_study_load(NULL, &study), C4_OK);
    struct c4_scale scale = *c4_study_scale(&study, "smoke");
    scale.pretrain_images = 100;
    assert_int_equal(c4_schedule_make(&study, &scale, NULL, &schedule), C4_OK);
    assert_int_equal(c4_images_load(NULL, &study.protocol, &scale, &schedule, &plain), C4_OK);
    assert_int_equal(c4_images_training(&plain)->count, 256); /* the largest size */
    const struct c4_set *svhn = c4_set_find("svhn");
    assert_int_equal(plain.set[svhn - c4_sets].split[C4_TUNING].count, 10000);
    assert_int_equal(c4_images_load(NULL, &study.protocol, &scale, &schedule, &shared), C4_OK);
    assert_int_equal(c4_images_add_patch_sums(&shared, numbered_patch_sums), C4_OK);
    for (int i = 0; i < C4_SETS_MAX; i++) /* before they are shared */
        if (shared.set[i].tunes) {
            has_numbered_patch_sums(&shared.set[i].tuning);
            has_numbered_patch_sums(&shared.set[i].heldout);
        }
    assert_int_equal(c4_images_share(&shared, &scale, &descriptor, &note), C4_OK);
    assert_int_equal(c4_images_map(descriptor, &note, &scale, &mapped), C4_OK);
    int splits = 0, halves = 0;
    for (int i = 0; i < C4_SETS_MAX; i++) {
        const struct c4_set_images *want = &plain.set[i], *got = &mapped.set[i];
        for (int k = 0; k < C4_SPLITS; k++) {
            assert_int_equal(want->split[k].count, got->split[k].count);
            if (want->split[k].count == 0) continue;
            splits++;
            same_images(&want->split[k], &shared.set[i].split[k]);
            same_images(&want->split[k], &got->split[k]);
            assert_null(c4_dataset_patch_sums(&want->split[k]));
            has_numbered_patch_sums(&got->split[k]);
        }
        assert_int_equal(want->tunes, got->tunes);
        if (!want->tunes) continue;
        halves++;
        same_images(&want->tuning, &got->tuning);
        same_images(&want->heldout, &got->heldout);
        has_numbered_patch_sums(&got->tuning);
        has_numbered_patch_sums(&got->heldout);
        assert_int_equal(got->tuning.count, scale.finetune_images);
        assert_int_equal(got->heldout.first_index, 5000);
    }
    assert_true(splits >= 3); /* CIFAR-10's, and SVHN's for fine-tuning */
    assert_true(halves >= 2);
    c4_images_free(&plain);
    c4_images_free(&shared);
    c4_images_free(&mapped);
    close(descriptor);
    c4_schedule_free(&schedule);
}

/* The images on which runs are measured. */
static void image_sets(void **state) {
    (void)state;
    struct c4_study study;
    struct c4_run run;
    struct c4_image_set other;
    assert_int_equal(c4_study_load(NULL, &study), C4_OK);
    const struct c4_scale *scale = c4_study_scale(&study, "paper");
    assert_true(c4_run_describe(&study, scale, "size-64", 1, &run));
    assert_string_equal(c4_image_set_name(c4_run_image_set(&run)), "cifar10-test");
    assert_false(c4_run_cross_set(&run, &other));
    assert_true(c4_run_describe(&study, scale, "finetune-svhn-d0", 1, &run));
    assert_string_equal(c4_image_set_name(c4_run_image_set(&run)), "svhn-heldout");
    assert_true(c4_run_cross_set(&run, &other));
    assert_string_equal(c4_image_set_name(other), "cifar10-heldout");
    assert_true(c4_run_describe(&study, scale, "finetune-cifar10-shifted", 1, &run));
    assert_string_equal(c4_image_set_name(c4_run_image_set(&run)), "cifar10-heldout");
    assert_true(c4_run_cross_set(&run, &other));
    assert_string_equal(c4_image_set_name(other), "svhn-heldout");
    assert_true(c4_run_describe(&study, scale, "scratch-cifar10-d9", 1, &run));
    assert_string_equal(c4_image_set_name(c4_run_image_set(&run)), "cifar10-heldout");
    assert_false(c4_run_cross_set(&run, &other));
    assert_string_equal(run.from, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_arrive_whole),
        cmocka_unit_test(half_a_frame),
        cmocka_unit_test(images_are_shared),
        cmocka_unit_test(image_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
