/* The patch sums of a data set's images, from which bn-relu steps compute the statistics of their
 * first batch norm. They depend only on the images, so all epochs and runs share them. */
#ifndef C4_DATA_PATCH_SUMS_H
#define C4_DATA_PATCH_SUMS_H

#include "core/data/dataset.h"
#include "core/op/stem.h"

/* Bytes for `count` images: 1,620 each. */
static inline size_t c4_patch_sums_bytes(uint32_t count) {
    return (size_t)count * C4_PATCH_SUMS * sizeof(int32_t);
}

/* Computes the patch sums image by image with a backend's slot; all backends give the same
 * integers. The data set owns them. It must not be a view or already have patch sums.
 * C4_ERR_MEMORY: nothing was added. */
enum c4_status c4_dataset_add_patch_sums(struct c4_dataset *dataset,
                                         c4_stem_moments_fn *stem_moments);

#endif
