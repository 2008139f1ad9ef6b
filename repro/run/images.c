#define _GNU_SOURCE /* memfd_create() */
#include "repro/run/images.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/data/split.h"
#include "core/file/file.h"

/* The split that fine-tuning halves. */
static enum c4_split halved(int set) {
    return c4_sets[set].tuning.option ? C4_TUNING : c4_sets[set].tuning.split;
}

/* Makes fine-tuning's halves, as views of the loaded sets. */
static enum c4_status make_halves(struct c4_images *images, const struct c4_scale *scale) {
    for (int i = 0; i < c4_set_count; i++) {
        struct c4_set_images *set = &images->set[i];
        const struct c4_dataset *parent = &set->split[halved(i)];
        if (!set->tunes) continue;
        C4_TRY(c4_dataset_half(parent, C4_HALF_TRAIN, scale->finetune_images, &set->tuning));
        C4_TRY(c4_dataset_half(parent, C4_HALF_TEST, 0, &set->heldout));
    }
    return C4_OK;
}

static uint32_t most_training_images(const struct c4_scale *scale) {
    uint32_t most = scale->pretrain_images;
    for (int i = 0; i < scale->sizes.count; i++)
        if (scale->sizes.value[i] > most) most = scale->sizes.value[i];
    return most;
}

/* Loads the split that fine-tuning halves, unless pre-training has loaded it. */
static enum c4_status load_tuning(const char *folder, uint32_t seed, int set,
                                  struct c4_images *images) {
    struct c4_dataset *parent = &images->set[set].split[halved(set)];
    if (parent->count > 0) return C4_OK;
    enum c4_status status = c4_dataset_load(folder, &c4_sets[set], halved(set), seed, 0, parent);
    if (status == C4_OK || status == C4_ERR_MEMORY) return status;
    return c4_fail(status, "%s (figures 1 to 3 do not need %s: --figures 1,2,3)", c4_error(),
                   c4_sets[set].title);
}

enum c4_status c4_images_load(const char *folder, const struct c4_protocol *protocol,
                              const struct c4_scale *scale, const struct c4_schedule *schedule,
                              struct c4_images *images) {
    uint32_t seed = protocol->synthetic_seed;
    *images = (struct c4_images){.pretraining = schedule->pretraining};
    for (int i = 0; i < schedule->count; i++) {
        const struct c4_run *run = &schedule->run[i];
        if (!c4_run_tunes(run)) continue;
        images->set[run->data].tunes = true;
        images->set[c4_sets[run->data].tuning.other].tunes = true;
    }
    const struct c4_set *set = &c4_sets[images->pretraining];
    struct c4_dataset *split = images->set[images->pretraining].split;
    C4_TRY(c4_dataset_load(folder, set, C4_TRAIN, seed, most_training_images(scale),
                           &split[C4_TRAIN]));
    C4_TRY(c4_dataset_load(folder, set, C4_TEST, seed, 0, &split[C4_TEST]));
    for (int i = 0; i < c4_set_count; i++)
        if (images->set[i].tunes) C4_TRY(load_tuning(folder, seed, i, images));
    return make_halves(images, scale);
}

void c4_images_free(struct c4_images *images) {
    for (int i = 0; i < C4_SETS_MAX; i++) {
        struct c4_set_images *set = &images->set[i];
        c4_dataset_free(&set->tuning);
        c4_dataset_free(&set->heldout);
        for (int k = 0; k < C4_SPLITS; k++) c4_dataset_free(&set->split[k]);
    }
    if (images->mapping) munmap(images->mapping, images->mapping_bytes);
    *images = (struct c4_images){0};
}

/* The i-th of all splits of all sets; NULL past the last. */
static struct c4_dataset *nth(struct c4_images *images, int i) {
    return i < C4_SETS_MAX * C4_SPLITS ? &images->set[i / C4_SPLITS].split[i % C4_SPLITS] : NULL;
}

static struct c4_shared_set *nth_shared(struct c4_shared_images *shared, int i) {
    return &shared->set[i / C4_SPLITS][i % C4_SPLITS];
}

enum c4_status c4_images_add_patch_sums(struct c4_images *images,
                                        c4_stem_moments_fn *stem_moments) {
    for (int i = 0; i < C4_SETS_MAX; i++) {
        struct c4_set_images *set = &images->set[i];
        for (int k = 0; k < C4_SPLITS; k++)
            if (set->split[k].count > 0)
                C4_TRY(c4_dataset_add_patch_sums(&set->split[k], stem_moments));
        if (set->tunes) set->tuning.owner = set->heldout.owner = set->split[halved(i)].owner;
    }
    return C4_OK;
}

/* Reserves bytes from the next cache line on, and returns their offset. */
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

static enum c4_status fill(const struct c4_shared_set *shared, const struct c4_dataset *set,
                           int descriptor) {
    size_t image_bytes = (size_t)set->count * C4_IMAGE_BYTES;
    if (set->count == 0) return C4_OK;
    C4_TRY(write_at(descriptor, shared->offset_bytes, c4_dataset_images(set), image_bytes));
    C4_TRY(c4_file_write_all(descriptor, "shared images", c4_dataset_labels(set), set->count));
    if (!c4_dataset_patch_sums(set)) return C4_OK;
    return write_at(descriptor, shared->patch_sums_offset_bytes, c4_dataset_patch_sums(set),
                    c4_patch_sums_bytes(set->count));
}

enum c4_status c4_images_share(struct c4_images *images, const struct c4_scale *scale,
                               int *descriptor, struct c4_shared_images *shared) {
    struct c4_dataset *set;
    *shared = (struct c4_shared_images){.pretraining = images->pretraining};
    for (int i = 0; i < C4_SETS_MAX; i++) shared->tunes[i] = images->set[i].tunes;
    for (int i = 0; (set = nth(images, i)); i++) {
        struct c4_shared_set *one = nth_shared(shared, i);
        one->data = *set;
        one->offset_bytes = reserve(shared, (uint64_t)set->count * (C4_IMAGE_BYTES + 1));
        if (c4_dataset_patch_sums(set))
            one->patch_sums_offset_bytes = reserve(shared, c4_patch_sums_bytes(set->count));
    }
    *descriptor = memfd_create("conv4-images", 0);
    if (*descriptor < 0)
        return c4_fail(C4_ERR_FAILED, "cannot share memory with other processes: %s",
                       strerror(errno));
    for (int i = 0; (set = nth(images, i)); i++)
        C4_TRY(fill(nth_shared(shared, i), set, *descriptor));
    if (ftruncate(*descriptor, (off_t)shared->bytes) != 0)
        return c4_fail(C4_ERR_FAILED, "images cannot be shared: %s", strerror(errno));
    c4_images_free(images);
    return c4_images_map(*descriptor, shared, scale, images);
}

enum c4_status c4_images_map(int descriptor, const struct c4_shared_images *shared,
                             const struct c4_scale *scale, struct c4_images *images) {
    *images =
        (struct c4_images){.pretraining = shared->pretraining, .mapping_bytes = shared->bytes};
    void *mapping = mmap(NULL, shared->bytes, PROT_READ, MAP_SHARED, descriptor, 0);
    if (mapping == MAP_FAILED)
        return c4_fail(C4_ERR_MEMORY, "cannot map the shared images: %s", strerror(errno));
    images->mapping = mapping;
    for (int i = 0; i < C4_SETS_MAX; i++) {
        images->set[i].tunes = shared->tunes[i];
        for (int k = 0; k < C4_SPLITS; k++) {
            const struct c4_shared_set *one = &shared->set[i][k];
            const uint8_t *begin = mapping, *first = begin + one->offset_bytes;
            const void *patch_sums = begin + one->patch_sums_offset_bytes;
            const struct c4_image_arrays arrays = {
                .images = first,
                .labels = first + (size_t)one->data.count * C4_IMAGE_BYTES,
                .patch_sums = one->patch_sums_offset_bytes ? patch_sums : NULL};
            images->set[i].split[k] = c4_dataset_borrow(&one->data, &arrays);
        }
    }
    return make_halves(images, scale);
}

const struct c4_dataset *c4_images_training(const struct c4_images *images) {
    return &images->set[images->pretraining].split[C4_TRAIN];
}

const struct c4_dataset *c4_images_test(const struct c4_images *images) {
    return &images->set[images->pretraining].split[C4_TEST];
}

const struct c4_dataset *c4_images_of(const struct c4_images *images, struct c4_image_set of) {
    const struct c4_set_images *set = &images->set[of.set];
    return of.heldout ? &set->heldout : &set->split[C4_TEST];
}

struct c4_image_set c4_run_image_set(const struct c4_run *run) {
    return (struct c4_image_set){.set = run->data, .heldout = c4_run_tunes(run)};
}

bool c4_run_cross_set(const struct c4_run *run, struct c4_image_set *set) {
    if (run->kind != C4_KIND_FINETUNE) return false;
    *set = (struct c4_image_set){.set = c4_sets[run->data].tuning.other, .heldout = true};
    return true;
}

enum c4_status c4_run_training(const struct c4_images *images, const struct c4_run *run,
                               struct c4_dataset *training) {
    const struct c4_set_images *set = &images->set[run->data];
    return c4_dataset_view(c4_run_tunes(run) ? &set->tuning : &set->split[C4_TRAIN], 0, run->images,
                           training);
}
