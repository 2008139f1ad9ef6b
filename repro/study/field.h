/* One key = value of a study: how a text becomes a member of a struct, and back. */
#ifndef C4_REPRO_STUDY_FIELD_H
#define C4_REPRO_STUDY_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

enum { C4_SEEDS_MAX = 64, C4_LIST_MAX = 16, C4_NAMES_MAX = 12, C4_NAME_SIZE = 40 };

struct c4_seeds {
    int count;
    uint64_t seed[C4_SEEDS_MAX]; /* ascending, each once */
};

struct c4_list {
    int count;
    uint32_t value[C4_LIST_MAX]; /* ascending, each once */
};

struct c4_names {
    int count;
    char name[C4_NAMES_MAX][C4_NAME_SIZE];
};

enum c4_field_type {
    C4_FIELD_TEXT,    /* char[size]; not empty */
    C4_FIELD_INTEGER, /* uint32_t from low to high */
    C4_FIELD_REAL,    /* double from low to high */
    C4_FIELD_CHOICE,  /* int (or an enum): the index of one of the choices */
    C4_FIELD_SEEDS,   /* struct c4_seeds: "1-3" or "1,2,7-9" */
    C4_FIELD_LIST,    /* struct c4_list of integers from low to high: "64,256", or "none" */
    C4_FIELD_NAMES,   /* struct c4_names: words between commas, each of choices if there are any */
    C4_FIELD_SET      /* unsigned: words between commas, each once; bit i stands for choices[i] */
};

struct c4_field {
    const char *key; /* NULL ends a table */
    size_t offset, size;
    double low, high;           /* inclusive */
    const char *const *choices; /* NULL ends it */
    const char *(*choice)(int); /* in its place: the choice of an index, NULL behind the last */
    enum c4_field_type type;
    bool optional; /* a section may leave the key out: zero */
};

/* The field of that key, or NULL. */
const struct c4_field *c4_field_find(const struct c4_field *fields, const char *key);

/* Reads `text` into the member of *object. C4_ERR_USAGE says what is allowed; the member is as it
 * was then. */
enum c4_status c4_field_read(const struct c4_field *field, const char *text, void *object);

/* The member as c4_field_read() reads it back to the same value; at most `size` bytes. */
void c4_field_write(const struct c4_field *field, const void *object, char *text, size_t size);

/* Adds what the list or the seeds of *from have to those of *to. False if that does not fit, or the
 * field is of another type; *to is as it was then. */
bool c4_field_join(const struct c4_field *field, const void *from, void *to);

/* "1-3" or "1,2,7-9": from 0 to 2^53, at most C4_SEEDS_MAX different ones. */
enum c4_status c4_seeds_read(const char *text, struct c4_seeds *seeds);

#endif
