/* The files that 'conv4 cka' compares, and their arrays as features. */
#ifndef C4_REPRO_COMMANDS_CKA_SOURCE_H
#define C4_REPRO_COMMANDS_CKA_SOURCE_H

#include "core/file/arrays.h"
#include "core/similarity/cka.h"

/* An array: a tensor, or the reason why it cannot be read. */
struct c4_cka_array {
    const char *name; /* "" in an NPY file */
    const struct c4_tensor *tensor;
    const char *reason; /* NULL if it can be read */
};

struct c4_cka_source {
    const char *path;
    struct c4_arrays file;
    struct c4_cka_array *arrays; /* readable ones, then the others */
    size_t count;
    enum c4_status status; /* of reading the file */
    char *sentence;        /* of a failure to read it; else NULL */
};

/* Reads a file; `path` must outlive the source. Prints to standard error what was skipped or
 * rounded. A file that cannot be read is not a failure: its status and sentence are kept, and it
 * has no arrays. C4_ERR_MEMORY. Close also after a failure. */
enum c4_status c4_cka_source_open(const char *path, struct c4_cka_source *source);
void c4_cka_source_close(struct c4_cka_source *source);

/* The array of that name, or NULL. */
const struct c4_cka_array *c4_cka_source_find(const struct c4_cka_source *source, const char *name);

/* The only readable array; NULL if there are several or none. */
const struct c4_cka_array *c4_cka_source_single(const struct c4_cka_source *source);

/* An array as features [rows, everything else], and the memory allocated for it. */
struct c4_cka_view {
    struct c4_features features;
    char *name; /* for error sentences */
    void *copy;
};

/* Converts F16 and BF16 to float and integers to double, exactly except for the integers that
 * c4_cka_source_open() warns about. C4_ERR_DATA: the array cannot be read (the sentence says why)
 * or has no examples. C4_ERR_MEMORY. Close also after a failure. */
enum c4_status c4_cka_view_open(const char *path, const struct c4_cka_array *array,
                                struct c4_cka_view *view);
void c4_cka_view_close(struct c4_cka_view *view);

#endif
