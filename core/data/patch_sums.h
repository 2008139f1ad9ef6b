/* The patch sums of a data set's images, from which bn-relu steps know the statistics of their
 * first batch norm: they depend on the images alone, so that all epochs and runs share them. */
#ifndef C4_DATA_PATCH_SUMS_H
#define C4_DATA_PATCH_SUMS_H

#include "core/data/dataset.h"
#include "core/op/stem.h"

/* Bytes that they take for `count` images: 1,620 each. */
static inline size_t c4_patch_sums_bytes(uint32_t count) {
    return (size_t)count * C4_PATCH_SUMS * sizeof(int32_t);
}

/* Computes dataset->patch_sums by a backend's slot, image by image; any gives the same integers.
 * The data set owns them. It must not be a view, nor have some. C4_ERR_MEMORY: it has none. */
enum c4_status c4_dataset_add_patch_sums(struct c4_dataset *dataset,
                                         c4_stem_moments_fn *stem_moments);

#endif
