/* Recognises files of other formats, so that the error can say what to do with them. */
#ifndef C4_FILE_FOREIGN_H
#define C4_FILE_FOREIGN_H

#include "core/base/status.h"

#include <stddef.h>

/* Returns C4_ERR_DATA with a sentence on the file that begins with these bytes: an HDF5 file, a
 * gzip archive, text, too few bytes, nothing at all, ...; the first kilobyte suffices for all
 * kinds. */
enum c4_status c4_fail_foreign(const char *path, const unsigned char *head, size_t size_bytes);

#endif
