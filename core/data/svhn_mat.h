/* SVHN's official files, train_32x32.mat and test_32x32.mat: X is uint8, 32 x 32 x 3 x N, column
 * major; y has N labels 1..10 of any numeric class, 10 meaning digit 0. Read with matio after a
 * check of the file's elements and checksums (core/data/mat5.h); in a build without matio, counting
 * and reading return C4_ERR_ENVIRONMENT and name what to install.
 *
 * matio's log function is process-wide; these functions set it to one that prints nothing. */
#ifndef C4_DATA_SVHN_MAT_H
#define C4_DATA_SVHN_MAT_H

#include "core/base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether this build reads .mat files. */
bool c4_svhn_mat_available(void);

/* N, from the shape of X. At most 1,000,000; C4_ERR_DATA if the file is not as described. */
enum c4_status c4_svhn_mat_count(const char *path, uint32_t *count);

/* The first `count` images, transposed to planar row-major, and labels 0..9. Temporarily needs
 * memory for all of X. C4_ERR_DATA (also for damage after these images), C4_ERR_MEMORY. */
enum c4_status c4_svhn_mat_read(const char *path, uint32_t count, uint8_t *images, uint8_t *labels);

#endif
