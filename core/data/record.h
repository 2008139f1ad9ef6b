/* CIFAR-10's record files: one label byte, then the image's 3072 bytes, record after record, no
 * header. The plain layout of every data set here. */
#ifndef C4_DATA_RECORD_H
#define C4_DATA_RECORD_H

#include "core/base/status.h"

#include <stdint.h>

#define C4_RECORD_BYTES 3073
#define C4_RECORD_HOLE 16 /* so many records in a row without a byte that is not 0 are damage */

/* Number of records, from the file's size. C4_ERR_DATA if it is missing, not a regular file, or
 * ends inside a record. */
enum c4_status c4_record_count(const char *path, uint32_t *count);

/* Reads the first `count` records: count x 3072 bytes to images, count bytes to labels. C4_ERR_DATA
 * if the file cannot be read, is shorter, has a label byte above 9, or at least C4_RECORD_HOLE
 * records in a row, among those that are read, of nothing but zero bytes. */
enum c4_status c4_record_read(const char *path, uint32_t count, uint8_t *images, uint8_t *labels);

/* Reads the label bytes, whatever they are, of the first `count` records, and nothing else of them:
 * one byte of each. C4_ERR_DATA if the file cannot be read or is shorter. */
enum c4_status c4_record_labels(const char *path, uint32_t count, uint8_t *labels);

/* Writes a record file so that `path` holds either what it held before or the whole new content: a
 * temporary name beside it, fsync, rename, fsync of the folder. C4_ERR_FAILED if that does not
 * work; the temporary file is removed then. */
enum c4_status c4_record_write(const char *path, const uint8_t *images, const uint8_t *labels,
                               uint32_t count);

#endif
