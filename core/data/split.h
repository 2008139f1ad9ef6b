/* Parts of a data set, as views: nothing is copied; the parent owns the memory and must outlive
 * them. A view has its own count, first_index, name and SHA-256. */
#ifndef C4_DATA_SPLIT_H
#define C4_DATA_SPLIT_H

#include "core/data/dataset.h"

/* Images first .. first+count-1. C4_ERR_USAGE if there are fewer images, or count is 0. */
enum c4_status c4_dataset_view(const struct c4_dataset *parent, uint32_t first, uint32_t count,
                               struct c4_dataset *out);

/* The halves of the fine-tuning protocol: images 0-4999 train, 5000-9999 test. The parent is a
 * set's C4_TUNING images. */
enum c4_half { C4_HALF_TRAIN, C4_HALF_TEST };
#define C4_HALF_IMAGES 5000

/* The first `limit` images of a half (0: all 5,000). C4_ERR_USAGE if the parent does not have them
 * or limit is above 5,000. */
enum c4_status c4_dataset_half(const struct c4_dataset *parent, enum c4_half half, uint32_t limit,
                               struct c4_dataset *out);

#endif
