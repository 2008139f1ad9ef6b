/* Whether a version-5 .mat file is whole: its data elements and their checksums.
 *
 * Format: 116 bytes of text, 8 of subsystem data, version 0x0100 and the letters MI as two 16-bit
 * numbers in the writer's byte order; then elements to the end of the file, each a 32-bit type, a
 * 32-bit size and so many bytes. On the top level these are matrices (type 14), or matrices
 * compressed as a zlib stream (type 15). matio does not ask whether a stream's checksum is right,
 * nor whether the stream ends. */
#ifndef C4_DATA_MAT5_H
#define C4_DATA_MAT5_H

#include "core/base/status.h"

enum c4_mat5_depth {
    C4_MAT5_ELEMENTS, /* the elements follow each other to the file's last byte */
    C4_MAT5_STREAMS   /* and each compressed one inflates to its last byte, with its Adler-32 */
};

/* C4_ERR_DATA names the byte at which the element begins that is damaged; also what c4_file_open()
 * refuses. C4_ERR_MEMORY. A file whose header is not version 5's is left to its reader: C4_OK. In a
 * build without matio, which reads no .mat file, C4_OK too. */
enum c4_status c4_mat5_check(const char *path, enum c4_mat5_depth depth);

#endif
