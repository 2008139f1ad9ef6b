/* The files that 'conv4 cka' compares, and their arrays as CKA takes them. */
#ifndef C4_REPRO_COMMANDS_CKA_SOURCE_H
#define C4_REPRO_COMMANDS_CKA_SOURCE_H

#include "core/file/arrays.h"
#include "core/similarity/cka.h"

/* One array: a tensor, or the reason why it is not read. */
struct c4_cka_array {
    const char *name; /* "": an NPY file has none */
    const struct c4_tensor *tensor;
    const char *reason; /* NULL: it is read */
};

struct c4_cka_source {
    const char *path;
    struct c4_arrays file;
    struct c4_cka_array *arrays; /* those that are read, then the others */
    size_t count;
    enum c4_status status; /* of reading the file */
    char *sentence;        /* of its failure; NULL if there is none */
};

/* Reads a file; `path` must outlive the source. What of it is passed over or rounded is said on
 * standard error. A file that cannot be read is no failure: its status and sentence are kept, and
 * it has no arrays. C4_ERR_MEMORY if not even that is possible. Close also after a failure. */
enum c4_status c4_cka_source_open(const char *path, struct c4_cka_source *source);
void c4_cka_source_close(struct c4_cka_source *source);

/* The array, or NULL. */
const struct c4_cka_array *c4_cka_source_find(const struct c4_cka_source *source, const char *name);

/* The only array that is read; NULL if there are several or none. */
const struct c4_cka_array *c4_cka_source_single(const struct c4_cka_source *source);

/* An array as [rows, everything else], with what was made for it. */
struct c4_cka_view {
    struct c4_features features;
    char *name; /* what sentences call it */
    void *copy;
};

/* F16 and BF16 become float copies, integers double ones; all exact but for those integers that
 * c4_cka_source_open() tells of. C4_ERR_DATA: an array that is not read (with its reason) or has no
 * example; C4_ERR_MEMORY. Close also after a failure. */
enum c4_status c4_cka_view_open(const char *path, const struct c4_cka_array *array,
                                struct c4_cka_view *view);
void c4_cka_view_close(struct c4_cka_view *view);

#endif
