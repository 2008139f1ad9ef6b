/* Files of named arrays. The format is recognised by content, never by file name.
 *
 * NPY: one array without a name. NPZ: numpy.savez's zip archive of NPY arrays, stored or
 * compressed. Safetensors: tensors and text metadata. */
#ifndef C4_FILE_ARRAYS_H
#define C4_FILE_ARRAYS_H

#include "core/base/status.h"
#include "core/file/safetensors.h"
#include "core/file/tensor.h"
#include "core/file/unreadable.h"

struct c4_arrays {
    const struct c4_tensor *tensors; /* NPZ: in archive order; safetensors: in data order */
    size_t count;
    /* Valid but unsupported arrays of an NPZ or safetensors file: other types, more dimensions. */
    struct c4_unreadables unreadable;
    /* Members of an NPZ file that were skipped because they hold no numbers (text, Python objects,
     * files that are not arrays): a sentence that names file and members, or NULL. */
    char *left_out;

    /* Private: owners of the above. */
    struct c4_tensor *owned;
    size_t owned_count;
    struct c4_safetensors file;
};

/* Reads a whole file. C4_ERR_DATA: a file of another format (the sentence says what it looks like
 * and what to do), or one that its reader refuses (core/file/npy.h, npz.h, safetensors.h). An array
 * of an NPZ or safetensors file that cannot be read is not a failure: it is listed in
 * arrays->unreadable. C4_ERR_ENVIRONMENT: an NPZ file in a build without libarchive. On failure
 * *arrays is zeroed. Release with c4_arrays_free(). */
enum c4_status c4_arrays_read(const char *path, struct c4_arrays *arrays);

/* The array of that name; NULL if there is none or it is unreadable. */
const struct c4_tensor *c4_arrays_find(const struct c4_arrays *arrays, const char *name);

/* C4_ERR_DATA with the reason if the array of that name is unreadable, else C4_OK. */
enum c4_status c4_arrays_readable(const struct c4_arrays *arrays, const char *name);

/* The metadata value of a safetensors file, or NULL. */
const char *c4_arrays_metadata(const struct c4_arrays *arrays, const char *key);

/* Releases everything and zeroes *arrays; a zeroed one is fine. */
void c4_arrays_free(struct c4_arrays *arrays);

/* For readers: appends a tensor and takes over its data, also on failure; the name is copied. */
enum c4_status c4_arrays_add(struct c4_arrays *arrays, const char *path, const char *name,
                             struct c4_tensor *tensor);

#endif
