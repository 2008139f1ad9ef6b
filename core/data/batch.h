/* Mini-batches: the order of an epoch and the bytes of a batch. The last partial batch is kept.
 *
 *     for (first = 0; (n = c4_batch_gather(set, labels, order, first, 32, images, out)) > 0; first
 * += n)
 */
#ifndef C4_DATA_BATCH_H
#define C4_DATA_BATCH_H

#include "core/base/rng.h"
#include "core/data/dataset.h"

/* Number of batches of `batch` images (>= 1) in `images`, the partial one included. */
static inline uint32_t c4_batch_count(uint32_t images, uint32_t batch) {
    return images / batch + (images % batch != 0);
}

/* Order of training epoch `epoch` (1, 2, ...) over n images: order[0..n) is a permutation that
 * depends on (seed, purpose, epoch, n) alone. purpose: C4_RNG_SHUFFLE for pre-training,
 * C4_RNG_FINETUNE_SHUFFLE for fine-tuning. */
void c4_batch_order(uint64_t seed, enum c4_rng_purpose purpose, uint32_t epoch, uint32_t *order,
                    uint32_t n);

/* Copies images order[first .. first+n) and their labels; fewer at the end of the data set.
 * order NULL: file order, for evaluation. labels NULL: the data set's own; else dataset->count of
 * them (c4_labels_make()). Overwrites n x 3072 and n bytes at the most. Returns the number of
 * images, 0 behind the last one. */
uint32_t c4_batch_gather(const struct c4_dataset *dataset, const uint8_t *labels,
                         const uint32_t *order, uint32_t first, uint32_t n, uint8_t *images_out,
                         uint8_t *labels_out);

#endif
