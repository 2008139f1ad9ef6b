/* A file of named arrays, of whatever format: what it contains decides, never its name.
 *
 * NPY: one array without a name. NPZ: numpy.savez's zip archive of NPY arrays, stored or
 * compressed. Safetensors: tensors and text metadata.
 */
#ifndef C4_FILE_ARRAYS_H
#define C4_FILE_ARRAYS_H

#include "core/base/status.h"
#include "core/file/safetensors.h"
#include "core/file/tensor.h"
#include "core/file/unreadable.h"

struct c4_arrays {
    const struct c4_tensor *tensors; /* NPZ: in the archive's order; safetensors: in the data's */
    size_t count;
    /* What of an NPZ or safetensors file is sound but not read: other types, more dimensions. */
    struct c4_unreadables unreadable;
    /* What of an NPZ file was passed over since it holds no numbers (text, Python objects, files
     * that are no arrays), as a sentence that names file and members; or NULL. */
    char *left_out;

    /* Private: who owns the above. */
    struct c4_tensor *owned;
    size_t owned_count;
    struct c4_safetensors file;
};

/* Reads a whole file. C4_ERR_DATA: a file of another kind (the sentence says which it looks like
 * and what to do), or one that its reader refuses (core/file/npy.h, npz.h, safetensors.h). An array
 * of an NPZ or safetensors file that is not read is no failure: it is in arrays->unreadable.
 * C4_ERR_ENVIRONMENT: an NPZ file, and this build has no libarchive. On failure *arrays is zeroed;
 * it is released with c4_arrays_free(). */
enum c4_status c4_arrays_read(const char *path, struct c4_arrays *arrays);

/* The array of that name, or NULL: there is none, or it is among the unreadable ones. */
const struct c4_tensor *c4_arrays_find(const struct c4_arrays *arrays, const char *name);

/* C4_ERR_DATA with its reason if the array of that name is an unreadable one, else C4_OK. */
enum c4_status c4_arrays_readable(const struct c4_arrays *arrays, const char *name);

/* The metadata value of a safetensors file, or NULL. */
const char *c4_arrays_metadata(const struct c4_arrays *arrays, const char *key);

/* Releases everything and zeroes *arrays; a zeroed one is fine. */
void c4_arrays_free(struct c4_arrays *arrays);

/* For readers: appends a tensor and takes over its data; the name is copied. */
enum c4_status c4_arrays_add(struct c4_arrays *arrays, const char *path, const char *name,
                             struct c4_tensor *tensor);

#endif
