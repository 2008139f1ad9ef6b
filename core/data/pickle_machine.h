/* The stack machine of Python's pickle format, without the ability to call anything. */
#ifndef C4_DATA_PICKLE_MACHINE_H
#define C4_DATA_PICKLE_MACHINE_H

#include "core/base/status.h"

#include <stddef.h>
#include <stdint.h>

enum c4_pickle_kind {
    C4_PICKLE_NONE,
    C4_PICKLE_INTEGER, /* also True and False */
    C4_PICKLE_BYTES,   /* a string of any kind */
    C4_PICKLE_GLOBAL,  /* "module name": a function or class that Python would look up */
    C4_PICKLE_LIST,    /* items */
    C4_PICKLE_TUPLE,   /* items */
    C4_PICKLE_DICT,    /* items: key, value, key, value, ... */
    C4_PICKLE_OBJECT,  /* items: what Python would call, its arguments, and then its state */
    C4_PICKLE_MARK
};

struct c4_pickle_value {
    enum c4_pickle_kind kind;
    int64_t integer;
    const unsigned char *bytes; /* in the file's memory, not terminated */
    size_t size_bytes;
    uint32_t *items; /* indices into c4_pickle.value */
    uint32_t count, room;
};

struct c4_pickle {
    struct c4_pickle_value *value;
    uint32_t count, room;
    uint32_t top; /* index of the result */
};

/* Runs the pickle of `size_bytes` bytes; call c4_pickle_free() afterwards in every case. Values
 * point into `bytes`. C4_ERR_DATA, naming the offset, for an instruction that data sets' files do
 * not use (they need protocols 1 and 2 as Python 2 wrote them, and byte strings of later ones), or
 * that does not fit the stack; C4_ERR_MEMORY. `path` is for error sentences. */
enum c4_status c4_pickle_run(const char *path, const unsigned char *bytes, size_t size_bytes,
                             struct c4_pickle *pickle);

void c4_pickle_free(struct c4_pickle *pickle);

#endif
