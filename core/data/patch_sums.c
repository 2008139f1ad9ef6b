#include "core/data/patch_sums.h"

#include <stdlib.h>

enum c4_status c4_dataset_add_patch_sums(struct c4_dataset *dataset,
                                         c4_stem_moments_fn *stem_moments) {
    size_t bytes = c4_patch_sums_bytes(dataset->count);
    int32_t *kept = malloc(bytes > 0 ? bytes : 1);
    if (!kept)
        return c4_fail(C4_ERR_MEMORY, "out of memory: the patch sums of %u images need %zu bytes",
                       dataset->count, bytes);
    dataset->owned_patch_sums = kept;
    dataset->owner.patch_sums = kept;
    const uint8_t *images = c4_dataset_images(dataset);
    for (size_t image = 0; image < dataset->count; image++) {
        int64_t first[C4_PATCH], second[C4_PATCH * C4_PATCH];
        stem_moments(1, images + image * C4_IMAGE_BYTES, first, second);
        for (int k = 0; k < C4_PATCH; k++) *kept++ = (int32_t)first[k];
        for (int k = 0; k < C4_PATCH; k++)
            for (int l = k; l < C4_PATCH; l++) *kept++ = (int32_t)second[k * C4_PATCH + l];
    }
    return C4_OK;
}
