/* CIFAR-10's record files: records of one label byte and the image's 3072 bytes, without a header.
 * The plain layout of every data set here. */
#ifndef C4_DATA_RECORD_H
#define C4_DATA_RECORD_H

#include "core/base/status.h"

#include <stdint.h>

#define C4_RECORD_BYTES 3073
#define C4_RECORD_HOLE 16 /* this many consecutive all-zero records are damage */

/* Number of records, from the file's size. C4_ERR_DATA if it is missing, not a regular file, or
 * ends inside a record. */
enum c4_status c4_record_count(const char *path, uint32_t *count);

/* Reads the first `count` records: count x 3072 bytes to images, count bytes to labels. C4_ERR_DATA
 * if the file cannot be read or is shorter, or if the records read have a label byte above 9 or at
 * least C4_RECORD_HOLE consecutive all-zero records. */
enum c4_status c4_record_read(const char *path, uint32_t count, uint8_t *images, uint8_t *labels);

/* Reads only the label bytes of the first `count` records, whatever their values. C4_ERR_DATA if
 * the file cannot be read or is shorter. */
enum c4_status c4_record_labels(const char *path, uint32_t count, uint8_t *labels);

/* Writes a record file atomically: `path` holds either its old content or all of the new one
 * (temporary name beside it, fsync, rename, fsync of the folder). C4_ERR_FAILED if that fails; the
 * temporary file is then removed. */
enum c4_status c4_record_write(const char *path, const uint8_t *images, const uint8_t *labels,
                               uint32_t count);

#endif
