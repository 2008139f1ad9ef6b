/* Fields of a study, key = value: conversion between text and members of a struct. */
#ifndef C4_REPRO_STUDY_FIELD_H
#define C4_REPRO_STUDY_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/text.h"

enum { C4_SEEDS_MAX = 1024, C4_LIST_MAX = 16, C4_NAMES_MAX = 12, C4_NAME_SIZE = 40 };

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
    C4_FIELD_CHOICE,  /* int or enum: the index of a choice */
    C4_FIELD_SEEDS,   /* struct c4_seeds: "1-3" or "1,2,7-9" */
    C4_FIELD_LIST,    /* struct c4_list of integers from low to high: "64,256", or "none" */
    C4_FIELD_NAMES, /* struct c4_names: words separated by commas; each one of choices, if given */
    C4_FIELD_SET    /* unsigned: distinct words separated by commas; bit i stands for choices[i] */
};

struct c4_field {
    const char *key; /* NULL ends a table */
    size_t offset, size;
    double low, high;           /* inclusive */
    const char *const *choices; /* ends with NULL */
    const char *(*choice)(int); /* instead: the choice at an index, NULL after the last */
    enum c4_field_type type;
    bool optional; /* a section may omit the key; the member stays as initialised */
};

/* The field with the key, or NULL. */
const struct c4_field *c4_field_find(const struct c4_field *fields, const char *key);

/* Reads `text` into the member of *object. C4_ERR_USAGE says what is allowed and leaves the member
 * unchanged. */
enum c4_status c4_field_read(const struct c4_field *field, const char *text, void *object);

/* Replaces *text by the member as text, from which c4_field_read() restores the same value.
 * C4_ERR_MEMORY. */
enum c4_status c4_field_write(const struct c4_field *field, const void *object,
                              struct c4_text *text);

/* Merges the list or seeds of *from into those of *to. C4_ERR_USAGE, with *to unchanged: there are
 * more together than a study may have, or the field has another type. */
enum c4_status c4_field_join(const struct c4_field *field, const void *from, void *to);

/* Appends the seeds as they are shown to people: as c4_field_write() writes them, but a long list
 * as "1000 seeds from 17 to 4711". C4_ERR_MEMORY. */
enum c4_status c4_seeds_show(const struct c4_seeds *seeds, struct c4_text *text);

/* "1-3" or "1,2,7-9": integers from 0 to 2^53, at most C4_SEEDS_MAX, all different. */
enum c4_status c4_seeds_read(const char *text, struct c4_seeds *seeds);

#endif
