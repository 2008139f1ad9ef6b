/* Whether a version-5 .mat file is intact: its data elements and their checksums.
 *
 * Format: 116 bytes of text, 8 of subsystem data, version 0x0100 and the letters MI as two 16-bit
 * numbers in the writer's byte order; then elements to the end of the file, each a 32-bit type, a
 * 32-bit size and that many bytes. The top-level elements are matrices (type 14), or matrices
 * compressed as a zlib stream (type 15). matio checks neither a stream's checksum nor its end. */
#ifndef C4_DATA_MAT5_H
#define C4_DATA_MAT5_H

#include "core/base/status.h"

enum c4_mat5_depth {
    C4_MAT5_ELEMENTS, /* the elements follow each other to the file's last byte */
    C4_MAT5_STREAMS   /* and each compressed one inflates to its last byte, with its Adler-32 */
};

/* C4_ERR_DATA: the sentence names the byte at which the damaged element begins; also for files that
 * c4_file_open() refuses. C4_ERR_MEMORY. C4_OK for a file without a version-5 header, which is left
 * to its reader, and in a build without matio, which reads no .mat files. */
enum c4_status c4_mat5_check(const char *path, enum c4_mat5_depth depth);

#endif
