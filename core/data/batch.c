#include "core/data/batch.h"

#include <string.h>

void c4_batch_order(uint64_t seed, enum c4_rng_purpose purpose, uint32_t epoch, uint32_t *order,
                    uint32_t n) {
    c4_rng_permutation(seed, purpose, epoch, order, n);
}

uint32_t c4_batch_gather(const struct c4_dataset *dataset, const uint8_t *labels,
                         const uint32_t *order, uint32_t first, uint32_t n, uint8_t *images_out,
                         uint8_t *labels_out) {
    if (first >= dataset->count) return 0;
    if (n > dataset->count - first) n = dataset->count - first;
    if (labels == NULL) labels = dataset->labels;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t image = order != NULL ? order[first + i] : first + i;
        memcpy(images_out + (size_t)i * C4_IMAGE_BYTES,
               dataset->images + (size_t)image * C4_IMAGE_BYTES, C4_IMAGE_BYTES);
        labels_out[i] = labels[image];
    }
    return n;
}
