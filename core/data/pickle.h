/* CIFAR-10's "python version", which torchvision uses too: cifar-10-batches-py/data_batch_1 and so
 * on, Python pickles of a dict with 'data', a uint8 NumPy array [N, 3072], and 'labels', a list of
 * N integers.
 *
 * The pickle is read as data: names of Python functions in it are compared, never called, and
 * instructions that these files do not need are refused. */
#ifndef C4_DATA_PICKLE_H
#define C4_DATA_PICKLE_H

#include "core/base/status.h"

#include <stdint.h>

/* N. C4_ERR_DATA if the file is not as described; C4_ERR_MEMORY. */
enum c4_status c4_pickle_count(const char *path, uint32_t *count);

/* The first `count` images (planar, as in c4_record_read()) and labels 0..9. Errors as above. */
enum c4_status c4_pickle_read(const char *path, uint32_t count, uint8_t *images, uint8_t *labels);

/* Only the first `count` labels. Errors as above. */
enum c4_status c4_pickle_labels(const char *path, uint32_t count, uint8_t *labels);

#endif
