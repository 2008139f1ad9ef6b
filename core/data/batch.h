/* Mini-batches: an epoch's order and a batch's bytes. The last, partial batch is kept.
 *
 *     for (first = 0; (n = c4_batch_gather(set, labels, order, first, 32, images, out, NULL)) > 0;
 *          first += n)
 */
#ifndef C4_DATA_BATCH_H
#define C4_DATA_BATCH_H

#include "core/base/rng.h"
#include "core/data/dataset.h"
#include "core/op/step.h"

/* Number of batches of `batch` images (>= 1) in `images`, including a partial one. */
static inline uint32_t c4_batch_count(uint32_t images, uint32_t batch) {
    return images / batch + (images % batch != 0);
}

/* Order of training epoch `epoch` (1, 2, ...) over n images: order[0..n) is a permutation that
 * depends on (seed, purpose, epoch, n) alone. purpose: C4_RNG_SHUFFLE for pre-training,
 * C4_RNG_FINETUNE_SHUFFLE for fine-tuning. */
void c4_batch_order(uint64_t seed, enum c4_rng_purpose purpose, uint32_t epoch, uint32_t *order,
                    uint32_t n);

/* Copies images order[first .. first+n), their labels and their patch sums; fewer at the end of the
 * data set. order NULL: file order. labels NULL: the data set's own; else dataset->count of them
 * (c4_labels_make()). patch_sums_out may be NULL; else the data set must have patch sums.
 * Overwrites at most n of each. Returns the number of images, 0 past the last one. */
uint32_t c4_batch_gather(const struct c4_dataset *dataset, const uint8_t *labels,
                         const uint32_t *order, uint32_t first, uint32_t n, uint8_t *images_out,
                         uint8_t *labels_out, int32_t *patch_sums_out);

/* Images first .. first+n-1 without a copy, with their labels (as above) and, if the data set has
 * them, patch sums. first + n must not exceed dataset->count. */
struct c4_batch c4_batch_in_place(const struct c4_dataset *dataset, const uint8_t *labels,
                                  uint32_t first, uint32_t n);

#endif
