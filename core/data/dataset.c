#include "core/data/dataset.h"

#include "core/data/files.h"
#include "core/data/standing.h"
#include "core/data/synthetic.h"
#include "core/file/sha256.h"
#include "core/op/stem.h"

#include <stdio.h>
#include <stdlib.h>

void c4_dataset_free(struct c4_dataset *dataset) {
    free(dataset->owned);
    free(dataset->owned_patch_sums);
    *dataset = (struct c4_dataset){0};
}

enum c4_status c4_dataset_alloc(uint32_t count, struct c4_dataset *out, uint8_t **images,
                                uint8_t **labels) {
    *out = (struct c4_dataset){0};
    size_t image_bytes = (size_t)count * C4_IMAGE_BYTES; /* a multiple of 64 */
    size_t bytes = (image_bytes + count + 63) / 64 * 64;
    uint8_t *memory = aligned_alloc(64, bytes > 0 ? bytes : 64);
    if (memory == NULL) {
        return c4_fail(C4_ERR_MEMORY, "out of memory: %u images need %zu bytes", count, bytes);
    }
    out->owned = memory;
    out->owner.images = *images = memory;
    out->owner.labels = *labels = memory + image_bytes;
    out->count = count;
    return C4_OK;
}

const uint8_t *c4_dataset_images(const struct c4_dataset *dataset) {
    const uint8_t *images = dataset->owner.images;
    return images ? images + (size_t)dataset->first_index * C4_IMAGE_BYTES : NULL;
}

const uint8_t *c4_dataset_labels(const struct c4_dataset *dataset) {
    const uint8_t *labels = dataset->owner.labels;
    return labels ? labels + dataset->first_index : NULL;
}

const int32_t *c4_dataset_patch_sums(const struct c4_dataset *dataset) {
    const int32_t *patch_sums = dataset->owner.patch_sums;
    return patch_sums ? patch_sums + (size_t)dataset->first_index * C4_PATCH_SUMS : NULL;
}

struct c4_dataset c4_dataset_borrow(const struct c4_dataset *described,
                                    const struct c4_image_arrays *arrays) {
    struct c4_dataset borrowed = *described;
    borrowed.owner = *arrays;
    borrowed.owned = borrowed.owned_patch_sums = NULL;
    return borrowed;
}

_Static_assert(sizeof((struct c4_dataset *)0)->sha256 == C4_SHA256_HEX_SIZE, "its SHA-256 fits");

static enum c4_status digest(struct c4_sha256 *hash, struct c4_dataset *dataset) {
    const uint8_t count[4] = {(uint8_t)dataset->count, (uint8_t)(dataset->count >> 8),
                              (uint8_t)(dataset->count >> 16), (uint8_t)(dataset->count >> 24)};
    C4_TRY(c4_sha256_update(hash, count, sizeof count));
    C4_TRY(c4_sha256_update(hash, c4_dataset_images(dataset),
                            (size_t)dataset->count * C4_IMAGE_BYTES));
    C4_TRY(c4_sha256_update(hash, c4_dataset_labels(dataset), dataset->count));
    return c4_sha256_final(hash, dataset->sha256);
}

enum c4_status c4_dataset_hash(struct c4_dataset *dataset) {
    struct c4_sha256 hash;
    C4_TRY(c4_sha256_init(&hash));
    enum c4_status status = digest(&hash, dataset);
    c4_sha256_free(&hash);
    return status;
}

_Static_assert(sizeof((struct c4_dataset *)0)->name + sizeof C4_DATASET_UNOFFICIAL + 1 <= 128,
               "a text holds everything but the list of files");

void c4_dataset_text(const struct c4_dataset *dataset, char text[C4_DATASET_TEXT_BYTES]) {
    bool unofficial = dataset->unofficial[0] != '\0';
    snprintf(text, C4_DATASET_TEXT_BYTES, "%s%s%s%s", dataset->name,
             unofficial ? C4_DATASET_UNOFFICIAL : "", dataset->unofficial, unofficial ? ")" : "");
}

static enum c4_status check_limit(const char *name, uint32_t limit, uint32_t total) {
    if (limit <= total) return C4_OK;
    return c4_fail(C4_ERR_USAGE, "%s has %u images; %u were requested", name, total, limit);
}

static enum c4_status load_synthetic(const struct c4_set *set, enum c4_split split, uint64_t seed,
                                     uint32_t limit, struct c4_dataset *out) {
    const struct c4_stand_in *stand_in = set->stand_in;
    enum c4_split from = split == C4_TUNING ? set->tuning.split : split;
    uint32_t total = split == C4_TUNING ? C4_FINETUNE_COUNT : stand_in->images[from];
    char name[sizeof out->name];
    c4_synthetic_name(stand_in, from, name);
    C4_TRY(check_limit(name, limit, total));
    return c4_synthetic_make(stand_in, from, seed, limit > 0 ? limit : total, out);
}

/* Fills the fields that describe what is loaded. `total` is the number of images in the files,
 * whatever the limit. */
static void name_set(const struct c4_data_files *files, const struct c4_set *set,
                     enum c4_split split, uint32_t total, struct c4_dataset *out) {
    enum c4_split from = split == C4_TUNING ? set->tuning.split : split;
    if (files->synthetic) {
        out->synthetic = true;
        out->id = set->stand_in->id[from];
        c4_synthetic_name(set->stand_in, from, out->name);
        return;
    }
    uint32_t official = set->files.images[from];
    const char *word = c4_split_word(from);
    out->id = set->id[from];
    out->substitute = !set->files.whole && total != official;
    if (!out->substitute) {
        snprintf(out->name, sizeof out->name, "%s %s", set->title, word);
    } else if (split != C4_TUNING) {
        snprintf(out->name, sizeof out->name, "%s %s (%u of %u)", set->title, word, total,
                 official);
    } else if (total >= C4_FINETUNE_COUNT) {
        snprintf(out->name, sizeof out->name, "%s", set->tuning.substitute);
    } else {
        snprintf(out->name, sizeof out->name, "%s substitute (%u %s)", set->title, total,
                 set->tuning.images);
    }
}

/* For fine-tuning, test images follow if there are too few train images. */
static enum c4_status find_files(const char *folder, const struct c4_set *set, enum c4_split split,
                                 struct c4_data_files *files) {
    if (split != C4_TUNING) return c4_data_find(folder, set, split, files);
    C4_TRY(c4_data_find(folder, set, set->tuning.split, files));
    if (set->files.whole || files->synthetic || set->tuning.split == C4_TEST) return C4_OK;
    uint32_t train;
    C4_TRY(c4_data_file_count(&files->file[0], &train));
    if (train >= C4_FINETUNE_COUNT) return C4_OK;
    struct c4_data_files test;
    C4_TRY(c4_data_find(folder, set, C4_TEST, &test));
    files->file[files->count++] = test.file[0];
    return C4_OK;
}

static enum c4_status read_files(const struct c4_data_files *files, const uint32_t *counts,
                                 uint32_t wanted, struct c4_dataset *out) {
    uint8_t *images = NULL, *labels = NULL;
    C4_TRY(c4_dataset_alloc(wanted, out, &images, &labels));
    uint32_t done = 0;
    for (uint32_t i = 0; i < files->count && done < wanted; i++) {
        uint32_t n = counts[i] < wanted - done ? counts[i] : wanted - done;
        struct c4_judged judged;
        C4_TRY(c4_data_file_read(&files->file[i], counts[i], n,
                                 images + (size_t)done * C4_IMAGE_BYTES, labels + done, &judged));
        c4_standing_add(out->unofficial, &files->file[i], &judged);
        done += n;
    }
    return C4_OK;
}

static enum c4_status load_folder(const char *folder, const struct c4_set *set, enum c4_split split,
                                  uint32_t limit, struct c4_dataset *out) {
    struct c4_data_files files;
    C4_TRY(find_files(folder, set, split, &files));
    uint32_t counts[C4_DATA_FILES_MAX] = {0};
    uint32_t total = 0, wanted = limit;
    for (uint32_t i = 0; i < files.count && (limit == 0 || total < limit || !set->files.whole);
         i++) {
        C4_TRY(c4_data_file_count(&files.file[i], &counts[i]));
        total += counts[i];
    }
    struct c4_dataset named = {0};
    name_set(&files, set, split, total, &named);
    if (split == C4_TUNING && total > C4_FINETUNE_COUNT) total = C4_FINETUNE_COUNT;
    C4_TRY(check_limit(named.name, limit, total));
    if (limit == 0) wanted = total;
    C4_TRY(read_files(&files, counts, wanted, out));
    out->id = named.id;
    out->synthetic = named.synthetic;
    out->substitute = named.substitute;
    snprintf(out->name, sizeof out->name, "%s", named.name);
    return c4_dataset_hash(out);
}

enum c4_status c4_dataset_load(const char *folder, const struct c4_set *set, enum c4_split split,
                               uint64_t synth_seed, uint32_t limit, struct c4_dataset *out) {
    *out = (struct c4_dataset){0};
    enum c4_status status = folder == NULL ? load_synthetic(set, split, synth_seed, limit, out)
                                           : load_folder(folder, set, split, limit, out);
    if (status != C4_OK) c4_dataset_free(out);
    return status;
}
