#include "core/data/sets.h"

#include <stdio.h>
#include <string.h>

#include "core/data/synthetic_draw.h"

/* Indices into the table. */
enum { CIFAR10, SVHN };

const struct c4_stand_in c4_synthetic_objects = {
    .name = "objects", .draw = c4_draw_object, .id = {5, 6}, .images = {50000, 10000}};

const struct c4_stand_in c4_synthetic_digits = {
    .name = "digits", .draw = c4_draw_digit, .id = {7, 8}, .images = {10000, 10000}};

const struct c4_set c4_sets[] = {
    [CIFAR10] =
        {.word = "cifar10",
         .title = "CIFAR-10",
         .id = {1, 2},
         .pretrains = true,
         .test_images = "cifar10-test",
         .heldout_images = "cifar10-heldout",
         .files = {.images = {50000, 10000},
                   .per_file = 10000,
                   .whole = true,
                   .layout = {{{"cifar-10-batches-bin"},
                               {"data_batch_%u.bin", "test_batch.bin"},
                               &c4_format_records},
                              {{""}, {"data_batch_%u.bin", "test_batch.bin"}, &c4_format_records},
                              {{"cifar-10-batches-py"},
                               {"data_batch_%u", "test_batch"},
                               &c4_format_pickle},
                              {{""}, {"data_batch_%u", "test_batch"}, &c4_format_pickle}},
                   .absent = "%1$s: no CIFAR-10 here; looked for data_batch_1.bin in "
                             "cifar-10-batches-bin and beside it, and for the Python version; get "
                             "it with 'conv4 data fetch cifar10 --data %1$s', or unpack "
                             "cifar-10-binary.tar.gz there"},
         .tuning = {.split = C4_TEST,
                    .images = "CIFAR-10 test images",
                    .degrees = "finetune_degrees",
                    .other = SVHN},
         .stand_in = &c4_synthetic_objects},
    [SVHN] = {.word = "svhn",
              .title = "SVHN",
              .id = {3, 4},
              .heldout_images = "svhn-heldout",
              .files =
                  {.images = {73257, 26032},
                   .layout = {{{"", "svhn"}, {"train_32x32.mat", "test_32x32.mat"}, &c4_format_mat},
                              {{"svhn"}, {"train_32x32.mat", "test_32x32.mat"}, &c4_format_mat},
                              {{"svhn", ""},
                               {"svhn_train.bin", "svhn_test.bin"},
                               &c4_format_records},
                              {{""}, {"svhn_train.bin", "svhn_test.bin"}, &c4_format_records}},
                   .absent = "%1$s: no SVHN %2$s digits here; looked for %2$s_32x32.mat, "
                             "svhn/%2$s_32x32.mat, svhn/svhn_%2$s.bin and svhn_%2$s.bin; get "
                             "%2$s_32x32.mat (format 2, cropped digits) with 'conv4 data fetch "
                             "svhn --data %1$s'"},
              .tuning = {.split = C4_TRAIN,
                         .option = "svhn-finetune",
                         .images = "digits",
                         .substitute = "SVHN-10k substitute",
                         .degrees = "svhn_degrees",
                         .other = CIFAR10},
              .stand_in = &c4_synthetic_digits},
};

#define COUNT ((int)(sizeof c4_sets / sizeof *c4_sets))
_Static_assert(COUNT <= C4_SETS_MAX, "arrays by set hold all sets");

const int c4_set_count = COUNT;

const char *c4_split_word(enum c4_split split) {
    return split == C4_TEST ? "test" : "train";
}

const struct c4_set *c4_set_find(const char *word) {
    for (int i = 0; i < COUNT; i++)
        if (strcmp(c4_sets[i].word, word) == 0) return &c4_sets[i];
    return NULL;
}

const char *c4_set_word(int index) {
    return index < COUNT ? c4_sets[index].word : NULL;
}

const struct c4_format *c4_set_unread(const struct c4_set *set) {
    for (int i = 0; set != NULL && i < C4_LAYOUTS_MAX; i++) {
        const struct c4_format *format = set->files.layout[i].format;
        if (format != NULL && !c4_format_available(format)) return format;
    }
    return NULL;
}

const struct c4_layout *c4_set_plain(const struct c4_set *set) {
    const struct c4_layout *layout = set->files.layout;
    while (layout->format != &c4_format_records) layout++;
    return layout;
}

uint32_t c4_set_file_count(const struct c4_set *set, uint32_t images) {
    uint32_t per_file = set->files.per_file;
    return per_file == 0 ? 1 : (images + per_file - 1) / per_file;
}

void c4_layout_name(const struct c4_layout *layout, enum c4_split split, uint32_t number,
                    char name[C4_RECORD_NAME_BYTES]) {
    snprintf(name, C4_RECORD_NAME_BYTES, layout->name[split], number);
}
