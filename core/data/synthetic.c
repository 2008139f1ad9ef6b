#include "core/data/synthetic.h"

#include "core/data/files.h"
#include "core/data/record.h"
#include "core/data/synthetic_draw.h"

#include <stdio.h>

const char *c4_synthetic_name(enum c4_synthetic_set set, enum c4_split split) {
    static const char *const names[2][2] = {{"synthetic objects train", "synthetic objects test"},
                                            {"synthetic digits train", "synthetic digits test"}};
    return names[set == C4_SYNTHETIC_DIGITS][split == C4_TEST];
}

uint64_t c4_synthetic_id(enum c4_synthetic_set set, enum c4_split split) {
    if (set == C4_SYNTHETIC_DIGITS)
        return split == C4_TEST ? C4_ID_DIGITS_TEST : C4_ID_DIGITS_TRAIN;
    return split == C4_TEST ? C4_ID_OBJECTS_TEST : C4_ID_OBJECTS_TRAIN;
}

void c4_synthetic_image(enum c4_synthetic_set set, enum c4_split split, uint64_t seed,
                        uint32_t index, uint8_t image[C4_IMAGE_BYTES], uint8_t *label) {
    struct c4_draws draws;
    c4_draws_begin(&draws, seed, (uint32_t)c4_synthetic_id(set, split), index);
    int class = c4_draw(&draws, 0, C4_CLASSES - 1);
    *label = (uint8_t) class;
    if (set == C4_SYNTHETIC_DIGITS) {
        c4_draw_digit(&draws, class, image);
    } else {
        c4_draw_object(&draws, class, image);
    }
}

enum c4_status c4_synthetic_make(enum c4_synthetic_set set, enum c4_split split, uint64_t seed,
                                 uint32_t count, struct c4_dataset *out) {
    uint8_t *images = NULL, *labels = NULL;
    C4_TRY(c4_dataset_alloc(count, out, &images, &labels));
    for (uint32_t i = 0; i < count; i++) {
        c4_synthetic_image(set, split, seed, i, images + (size_t)i * C4_IMAGE_BYTES, &labels[i]);
    }
    snprintf(out->name, sizeof out->name, "%s", c4_synthetic_name(set, split));
    out->synthetic = true;
    out->id = c4_synthetic_id(set, split);
    enum c4_status status = c4_dataset_hash(out);
    if (status != C4_OK) c4_dataset_free(out);
    return status;
}

/* Real files must not be overwritten, nor hide the synthetic ones. */
static enum c4_status refuse_real(const char *folder, enum c4_dataset_kind kind) {
    char path[C4_PATH_BYTES];
    if (!c4_data_holds(folder, kind, false, path)) return C4_OK;
    return c4_fail(C4_ERR_USAGE, "%s is not synthetic; write the synthetic data to another folder",
                   path);
}

static enum c4_status write_set(const char *folder, enum c4_synthetic_set set, enum c4_split split,
                                uint64_t seed, uint32_t count) {
    struct c4_dataset data;
    C4_TRY(c4_synthetic_make(set, split, seed, count, &data));
    enum c4_status status = C4_OK;
    for (uint32_t first = 0, batch = 1; first < count && status == C4_OK; batch++) {
        char name[32], path[C4_PATH_BYTES];
        uint32_t n =
            count - first < C4_CIFAR10_FILE_RECORDS ? count - first : C4_CIFAR10_FILE_RECORDS;
        if (set == C4_SYNTHETIC_DIGITS) {
            snprintf(name, sizeof name, "svhn_%s.bin", split == C4_TEST ? "test" : "train");
        } else if (split == C4_TEST) {
            snprintf(name, sizeof name, "test_batch.bin");
        } else {
            snprintf(name, sizeof name, "data_batch_%u.bin", batch);
        }
        status = c4_path_join(path, C4_PATH_BYTES, folder, name);
        if (status == C4_OK) {
            status =
                c4_record_write(path, c4_dataset_images(&data) + (size_t)first * C4_IMAGE_BYTES,
                                c4_dataset_labels(&data) + first, n);
        }
        first += n;
    }
    c4_dataset_free(&data);
    return status;
}

static enum c4_status write_pair(const char *folder, const char *name,
                                 const struct c4_synthetic_mark *mark, enum c4_synthetic_set set) {
    char inside[C4_PATH_BYTES];
    C4_TRY(c4_path_join(inside, C4_PATH_BYTES, folder, name));
    C4_TRY(c4_dir_make(inside));
    C4_TRY(c4_synthetic_mark_write(inside, mark));
    C4_TRY(write_set(inside, set, C4_TRAIN, mark->seed, mark->train));
    return write_set(inside, set, C4_TEST, mark->seed, mark->test);
}

enum c4_status c4_synthetic_write(const char *folder, uint64_t seed, uint32_t train,
                                  uint32_t test) {
    if (train < 1 || train > 50000 || test < 1 || test > 10000) {
        return c4_fail(C4_ERR_USAGE,
                       "synthetic data: %u train and %u test images; 1 to 50000 and 1 to 10000 are "
                       "possible",
                       train, test);
    }
    C4_TRY(c4_dir_make(folder));
    C4_TRY(refuse_real(folder, C4_CIFAR10));
    C4_TRY(refuse_real(folder, C4_SVHN));
    struct c4_synthetic_mark objects = {"objects", seed, train, test};
    struct c4_synthetic_mark digits = {"digits", seed, test, test};
    C4_TRY(write_pair(folder, "cifar-10-batches-bin", &objects, C4_SYNTHETIC_OBJECTS));
    return write_pair(folder, "svhn", &digits, C4_SYNTHETIC_DIGITS);
}
