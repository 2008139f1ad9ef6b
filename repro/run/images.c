#define _GNU_SOURCE /* memfd_create() */
#include "repro/run/images.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/data/split.h"
#include "core/file/file.h"

/* Fine-tuning's halves as views of the loaded sets. */
static enum c4_status make_halves(struct c4_images *images, const struct c4_scale *scale) {
    if (!images->tunes) return C4_OK;
    for (int data = 0; data < 2; data++) {
        const struct c4_dataset *parent =
            &images->set[data == C4_DATA_CIFAR10 ? C4_SET_TEST : C4_SET_DIGITS];
        C4_TRY(
            c4_dataset_half(parent, C4_HALF_TRAIN, scale->finetune_images, &images->tuning[data]));
        C4_TRY(c4_dataset_half(parent, C4_HALF_TEST, 0, &images->heldout[data]));
    }
    return C4_OK;
}

static uint32_t most_training_images(const struct c4_scale *scale) {
    uint32_t most = scale->pretrain_images;
    for (int i = 0; i < scale->sizes.count; i++)
        if (scale->sizes.value[i] > most) most = scale->sizes.value[i];
    return most;
}

enum c4_status c4_images_load(const char *folder, const struct c4_protocol *protocol,
                              const struct c4_scale *scale, const struct c4_schedule *schedule,
                              struct c4_images *images) {
    uint32_t seed = protocol->synthetic_seed;
    *images = (struct c4_images){0};
    for (int i = 0; i < schedule->count; i++)
        images->tunes = images->tunes || schedule->run[i].kind == C4_KIND_FINETUNE ||
                        schedule->run[i].kind == C4_KIND_SCRATCH;
    C4_TRY(c4_dataset_load(folder, C4_CIFAR10, C4_TRAIN, seed, most_training_images(scale),
                           &images->set[C4_SET_TRAINING]));
    C4_TRY(c4_dataset_load(folder, C4_CIFAR10, C4_TEST, seed, 0, &images->set[C4_SET_TEST]));
    if (!images->tunes) return C4_OK;
    enum c4_status status =
        c4_dataset_load(folder, C4_SVHN_FINETUNE, C4_TRAIN, seed, 0, &images->set[C4_SET_DIGITS]);
    if (status != C4_OK) {
        char sentence[900];
        snprintf(sentence, sizeof sentence, "%s", c4_error());
        return c4_fail(status, "%s (figures 1 to 3 do without SVHN: --figures 1,2,3)", sentence);
    }
    return make_halves(images, scale);
}

void c4_images_free(struct c4_images *images) {
    for (int i = 0; i < 2; i++) {
        c4_dataset_free(&images->tuning[i]);
        c4_dataset_free(&images->heldout[i]);
    }
    for (int i = 0; i < C4_SETS; i++) c4_dataset_free(&images->set[i]);
    if (images->mapping) munmap(images->mapping, images->mapping_bytes);
    *images = (struct c4_images){0};
}

enum c4_status c4_images_add_patch_sums(struct c4_images *images,
                                        c4_stem_moments_fn *stem_moments) {
    for (int i = 0; i < C4_SETS; i++)
        if (images->set[i].count > 0)
            C4_TRY(c4_dataset_add_patch_sums(&images->set[i], stem_moments));
    return C4_OK;
}

/* Room for what begins on a cache line of its own. */
static uint64_t reserve(struct c4_shared_images *shared, uint64_t bytes) {
    uint64_t offset = shared->bytes;
    shared->bytes += (bytes + 63) / 64 * 64;
    return offset;
}

static enum c4_status write_at(int descriptor, uint64_t offset, const void *bytes, size_t size) {
    if (lseek(descriptor, (off_t)offset, SEEK_SET) < 0)
        return c4_fail(C4_ERR_FAILED, "images cannot be shared: %s", strerror(errno));
    return c4_file_write_all(descriptor, "shared images", bytes, size);
}

static enum c4_status fill(struct c4_shared_images *shared, const struct c4_images *images,
                           int descriptor) {
    for (int i = 0; i < C4_SETS; i++) {
        const struct c4_dataset *set = &images->set[i];
        size_t image_bytes = (size_t)set->count * C4_IMAGE_BYTES;
        if (set->count == 0) continue;
        C4_TRY(write_at(descriptor, shared->offset_bytes[i], c4_dataset_images(set), image_bytes));
        C4_TRY(c4_file_write_all(descriptor, "shared images", c4_dataset_labels(set), set->count));
        if (c4_dataset_patch_sums(set))
            C4_TRY(write_at(descriptor, shared->patch_sums_offset_bytes[i],
                            c4_dataset_patch_sums(set), c4_patch_sums_bytes(set->count)));
    }
    return C4_OK;
}

enum c4_status c4_images_share(struct c4_images *images, const struct c4_scale *scale,
                               int *descriptor, struct c4_shared_images *shared) {
    *shared = (struct c4_shared_images){.tunes = images->tunes};
    for (int i = 0; i < C4_SETS; i++) {
        const struct c4_dataset *set = &images->set[i];
        shared->set[i] = *set;
        shared->offset_bytes[i] = reserve(shared, (uint64_t)set->count * (C4_IMAGE_BYTES + 1));
        if (c4_dataset_patch_sums(set))
            shared->patch_sums_offset_bytes[i] = reserve(shared, c4_patch_sums_bytes(set->count));
    }
    *descriptor = memfd_create("conv4-images", 0);
    if (*descriptor < 0)
        return c4_fail(C4_ERR_FAILED, "no memory can be shared with other processes: %s",
                       strerror(errno));
    C4_TRY(fill(shared, images, *descriptor));
    if (ftruncate(*descriptor, (off_t)shared->bytes) != 0)
        return c4_fail(C4_ERR_FAILED, "images cannot be shared: %s", strerror(errno));
    c4_images_free(images);
    return c4_images_map(*descriptor, shared, scale, images);
}

enum c4_status c4_images_map(int descriptor, const struct c4_shared_images *shared,
                             const struct c4_scale *scale, struct c4_images *images) {
    *images = (struct c4_images){.tunes = shared->tunes, .mapping_bytes = shared->bytes};
    void *mapping = mmap(NULL, shared->bytes, PROT_READ, MAP_SHARED, descriptor, 0);
    if (mapping == MAP_FAILED)
        return c4_fail(C4_ERR_MEMORY, "the shared images cannot be mapped: %s", strerror(errno));
    images->mapping = mapping;
    for (int i = 0; i < C4_SETS; i++) {
        const struct c4_dataset *set = &shared->set[i];
        const uint8_t *begin = mapping, *first = begin + shared->offset_bytes[i];
        const void *patch_sums = begin + shared->patch_sums_offset_bytes[i];
        const struct c4_image_arrays arrays = {
            .images = first,
            .labels = first + (size_t)set->count * C4_IMAGE_BYTES,
            .patch_sums = shared->patch_sums_offset_bytes[i] ? patch_sums : NULL};
        images->set[i] = c4_dataset_borrow(set, &arrays);
    }
    return make_halves(images, scale);
}

const struct c4_dataset *c4_images_of(const struct c4_images *images, enum c4_image_set set) {
    switch (set) {
    case C4_IMAGES_CIFAR10_HELDOUT:
        return &images->heldout[C4_DATA_CIFAR10];
    case C4_IMAGES_SVHN_HELDOUT:
        return &images->heldout[C4_DATA_SVHN];
    case C4_IMAGES_CIFAR10_TEST:
        break;
    }
    return &images->set[C4_SET_TEST];
}

enum c4_image_set c4_run_image_set(const struct c4_run *run) {
    if (run->kind == C4_KIND_PRETRAIN || run->kind == C4_KIND_SIZE) return C4_IMAGES_CIFAR10_TEST;
    return run->data == C4_DATA_SVHN ? C4_IMAGES_SVHN_HELDOUT : C4_IMAGES_CIFAR10_HELDOUT;
}

bool c4_run_cross_set(const struct c4_run *run, enum c4_image_set *set) {
    if (run->kind != C4_KIND_FINETUNE) return false;
    *set = run->data == C4_DATA_SVHN ? C4_IMAGES_CIFAR10_HELDOUT : C4_IMAGES_SVHN_HELDOUT;
    return true;
}

enum c4_status c4_run_training(const struct c4_images *images, const struct c4_run *run,
                               struct c4_dataset *training) {
    const struct c4_dataset *parent = &images->set[C4_SET_TRAINING];
    if (run->kind == C4_KIND_FINETUNE || run->kind == C4_KIND_SCRATCH)
        parent = &images->tuning[run->data];
    return c4_dataset_view(parent, 0, run->images, training);
}
