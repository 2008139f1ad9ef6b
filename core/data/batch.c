#include "core/data/batch.h"

#include "core/data/patch_sums.h"

#include <string.h>

void c4_batch_order(uint64_t seed, enum c4_rng_purpose purpose, uint32_t epoch, uint32_t *order,
                    uint32_t n) {
    c4_rng_permutation(seed, purpose, epoch, order, n);
}

uint32_t c4_batch_gather(const struct c4_dataset *dataset, const uint8_t *labels,
                         const uint32_t *order, uint32_t first, uint32_t n, uint8_t *images_out,
                         uint8_t *labels_out, int32_t *patch_sums_out) {
    const uint8_t *images = c4_dataset_images(dataset);
    const int32_t *patch_sums = c4_dataset_patch_sums(dataset);
    if (first >= dataset->count) return 0;
    if (n > dataset->count - first) n = dataset->count - first;
    if (labels == NULL) labels = c4_dataset_labels(dataset);
    for (size_t i = 0; i < n; i++) {
        size_t image = order != NULL ? order[first + i] : first + i;
        memcpy(images_out + i * C4_IMAGE_BYTES, images + image * C4_IMAGE_BYTES, C4_IMAGE_BYTES);
        labels_out[i] = labels[image];
        if (patch_sums_out)
            memcpy(patch_sums_out + i * C4_PATCH_SUMS, patch_sums + image * C4_PATCH_SUMS,
                   c4_patch_sums_bytes(1));
    }
    return n;
}

struct c4_batch c4_batch_in_place(const struct c4_dataset *dataset, const uint8_t *labels,
                                  uint32_t first, uint32_t n) {
    const int32_t *patch_sums = c4_dataset_patch_sums(dataset);
    if (labels == NULL) labels = c4_dataset_labels(dataset);
    return (struct c4_batch){.images = c4_dataset_images(dataset) + (size_t)first * C4_IMAGE_BYTES,
                             .labels = labels + first,
                             .n = (int)n,
                             .patch_sums =
                                 patch_sums ? patch_sums + (size_t)first * C4_PATCH_SUMS : NULL};
}
