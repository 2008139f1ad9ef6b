#include "core/data/synthetic.h"

#include "core/data/files.h"
#include "core/data/record.h"
#include "core/data/synthetic_draw.h"

#include <stdio.h>

_Static_assert(sizeof((struct c4_dataset *)0)->name == 64, "name[64] of c4_synthetic_name()");

void c4_synthetic_name(const struct c4_stand_in *stand_in, enum c4_split split, char name[64]) {
    snprintf(name, 64, "synthetic %s %s", stand_in->name, c4_split_word(split));
}

void c4_synthetic_image(const struct c4_stand_in *stand_in, enum c4_split split, uint64_t seed,
                        uint32_t index, uint8_t image[C4_IMAGE_BYTES], uint8_t *label) {
    struct c4_draws draws;
    c4_draws_begin(&draws, seed, (uint32_t)stand_in->id[split], index);
    int class = c4_draw(&draws, 0, C4_CLASSES - 1);
    *label = (uint8_t) class;
    stand_in->draw(&draws, class, image);
}

enum c4_status c4_synthetic_make(const struct c4_stand_in *stand_in, enum c4_split split,
                                 uint64_t seed, uint32_t count, struct c4_dataset *out) {
    uint8_t *images = NULL, *labels = NULL;
    C4_TRY(c4_dataset_alloc(count, out, &images, &labels));
    for (uint32_t i = 0; i < count; i++) {
        c4_synthetic_image(stand_in, split, seed, i, images + (size_t)i * C4_IMAGE_BYTES,
                           &labels[i]);
    }
    c4_synthetic_name(stand_in, split, out->name);
    out->synthetic = true;
    out->id = stand_in->id[split];
    enum c4_status status = c4_dataset_hash(out);
    if (status != C4_OK) c4_dataset_free(out);
    return status;
}

/* Real files must neither be overwritten nor hide the synthetic ones. */
static enum c4_status refuse_real(const char *folder, const struct c4_set *set) {
    char path[C4_PATH_BYTES];
    if (!c4_data_holds(folder, set, false, path)) return C4_OK;
    return c4_fail(C4_ERR_USAGE, "%s is not synthetic; write the synthetic data to another folder",
                   path);
}

static enum c4_status write_split(const char *folder, const struct c4_set *set, enum c4_split split,
                                  uint64_t seed, uint32_t count) {
    struct c4_dataset data;
    C4_TRY(c4_synthetic_make(set->stand_in, split, seed, count, &data));
    enum c4_status status = C4_OK;
    uint32_t per_file = set->files.per_file > 0 ? set->files.per_file : count;
    for (uint32_t first = 0, number = 1; first < count && status == C4_OK; number++) {
        char name[C4_RECORD_NAME_BYTES], path[C4_PATH_BYTES];
        uint32_t n = count - first < per_file ? count - first : per_file;
        c4_layout_name(c4_set_plain(set), split, number, name);
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

static enum c4_status write_set(const char *folder, const struct c4_set *set,
                                const struct c4_synthetic_mark *mark) {
    char inside[C4_PATH_BYTES];
    C4_TRY(c4_path_join(inside, C4_PATH_BYTES, folder, c4_set_plain(set)->place[0]));
    C4_TRY(c4_dir_make(inside));
    C4_TRY(c4_synthetic_mark_write(inside, mark));
    C4_TRY(write_split(inside, set, C4_TRAIN, mark->seed, mark->train));
    return write_split(inside, set, C4_TEST, mark->seed, mark->test);
}

uint32_t c4_synthetic_count(const struct c4_set *set, enum c4_split split, uint32_t train,
                            uint32_t test) {
    return set->pretrains && split == C4_TRAIN ? train : test;
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
    for (int i = 0; i < c4_set_count; i++) C4_TRY(refuse_real(folder, &c4_sets[i]));
    for (int i = 0; i < c4_set_count; i++) {
        const struct c4_set *set = &c4_sets[i];
        const struct c4_synthetic_mark mark = {set->stand_in->name, seed,
                                               c4_synthetic_count(set, C4_TRAIN, train, test),
                                               c4_synthetic_count(set, C4_TEST, train, test)};
        C4_TRY(write_set(folder, set, &mark));
    }
    return C4_OK;
}
