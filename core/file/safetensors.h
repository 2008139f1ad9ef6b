/* Safetensors files: named tensors and string metadata in one file that Python's safetensors reads.
 *
 * Layout: 8 bytes N (little-endian), N bytes of JSON, then the data without gaps. The JSON is
 * {"__metadata__": {key: text, ...}, name: {"dtype", "shape", "data_offsets": [begin, end]}, ...}
 * with offsets counted from the end of the JSON. Source: the format section of the README of
 * huggingface/safetensors.
 */
#ifndef C4_FILE_SAFETENSORS_H
#define C4_FILE_SAFETENSORS_H

#include "core/base/status.h"
#include "core/file/tensor.h"
#include "core/file/unreadable.h"

struct c4_metadata {
    char *key, *value; /* UTF-8 */
};

struct c4_safetensors {
    struct c4_tensor *tensors; /* in the order of the data; their data lies in `bytes` */
    size_t count;
    struct c4_unreadables unreadable; /* tensors that are not read, in the order of the header */
    struct c4_metadata *metadata;     /* in the order of the file */
    size_t metadata_count;
    char *names;          /* owner of the tensors' names */
    unsigned char *bytes; /* owner of all data */
};

/* Reads a whole file. Every tensor's data is aligned to 16 bytes. Accepts what Python's safetensors
 * reads, including a header that begins with spaces, entries with further keys, and a null
 * __metadata__, which counts as none. C4_ERR_DATA: a header that is truncated, over 100 MB or not
 * JSON, a repeated name, an entry without dtype, shape or data_offsets, offsets outside the file,
 * overlaps, gaps, trailing bytes, a shape that does not give the length, metadata that is not text.
 * Valid tensors of dtypes that enum c4_dtype does not have (F8_E4M3, C64, ...) or of more than 8
 * dimensions are not refused but listed in file->unreadable. On failure `file` is zeroed. Release
 * it with c4_safetensors_free(). */
enum c4_status c4_safetensors_read(const char *path, struct c4_safetensors *file);

/* The tensor, or NULL. */
const struct c4_tensor *c4_safetensors_find(const struct c4_safetensors *file, const char *name);

/* The metadata value, or NULL. */
const char *c4_safetensors_metadata(const struct c4_safetensors *file, const char *key);

/* Releases everything and zeroes `file`; a zeroed one is fine. */
void c4_safetensors_free(struct c4_safetensors *file);

/* Writes the file atomically (core/file/file.h). Tensors are laid out by descending element size
 * and otherwise as given, so each lies at a multiple of its element size; the header is padded with
 * spaces and the data begins at a multiple of 64 bytes. The same input gives the same bytes.
 * C4_ERR_USAGE: an invalid or nameless tensor, a repeated name or metadata key, the name
 * __metadata__, or text that is not UTF-8. */
enum c4_status c4_safetensors_write(const char *path, const struct c4_tensor *tensors, size_t count,
                                    const struct c4_metadata *metadata, size_t metadata_count);

#endif
