/* One key = value of a study: how a text becomes a member of a struct, and back. */
#ifndef C4_REPRO_STUDY_FIELD_H
#define C4_REPRO_STUDY_FIELD_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

enum { C4_SEEDS_MAX = 64 };

struct c4_seeds {
    int count;
    uint64_t seed[C4_SEEDS_MAX]; /* ascending, each once */
};

enum c4_field_type {
    C4_FIELD_TEXT,    /* char[size]; not empty */
    C4_FIELD_INTEGER, /* uint32_t from low to high */
    C4_FIELD_REAL,    /* double from low to high */
    C4_FIELD_CHOICE,  /* int (or an enum): the index in choices */
    C4_FIELD_SEEDS    /* struct c4_seeds: "1-3" or "1,2,7-9" */
};

struct c4_field {
    const char *key; /* NULL ends a table */
    enum c4_field_type type;
    size_t offset, size;
    double low, high;           /* inclusive */
    const char *const *choices; /* NULL ends it */
};

/* The field of that key, or NULL. */
const struct c4_field *c4_field_find(const struct c4_field *fields, const char *key);

/* Reads `text` into the member of *object. C4_ERR_USAGE says what is allowed; the member is as it
 * was then. */
enum c4_status c4_field_read(const struct c4_field *field, const char *text, void *object);

/* The member as c4_field_read() reads it back to the same value; at most `size` bytes. */
void c4_field_write(const struct c4_field *field, const void *object, char *text, size_t size);

/* "1-3" or "1,2,7-9": from 0 to 2^53, at most C4_SEEDS_MAX different ones. */
enum c4_status c4_seeds_read(const char *text, struct c4_seeds *seeds);

#endif
