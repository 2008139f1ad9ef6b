/* Measures of similarity between two layers' features: one table, read by studies, their rows and
 * figures, and 'conv4 cka'. A new measure is an entry in similarities.def and a file. */
#ifndef C4_SIMILARITY_SIMILARITY_H
#define C4_SIMILARITY_SIMILARITY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/similarity/cka.h"

enum c4_similarity_id {
#define C4_SIMILARITY(name) C4_SIMILARITY_##name,
#define C4_QUANTITY(id, name)
#include "core/similarity/similarities.def"
#undef C4_SIMILARITY
#undef C4_QUANTITY
    C4_SIMILARITIES
};

enum { C4_SIMILARITY_VALUES = 4 }; /* at most, of a measure */

/* The version of the arithmetic by which values are computed; rows of a study say theirs. Values of
 * versions 1 and 2 differ by less than 1e-6, as conv4 report says. */
enum { C4_SIMILARITY_VERSION = 2 };

struct c4_similarity_options {
    struct c4_gram_slots gram; /* the backend's (core/op/gram.h) */
    int threads;               /* OpenMP threads, 1 or more */
    /* Numbers of leading rows, 2 or more, that compare() may be asked for besides all of them; at
     * most C4_SIMILARITY_SIZES_MAX. */
    const size_t *leading;
    size_t leading_count;
};

enum { C4_SIMILARITY_SIZES_MAX = C4_CKA_SIZES_MAX };

/* The work of a call; FLOPs and bytes as in core/cost/cka_cost.h. */
struct c4_similarity_work {
    double seconds, flops, bytes;
    const char *method; /* a word; "" if there is only one */
};

struct c4_similarity_result {
    double value[C4_SIMILARITY_VALUES]; /* NaN where undefined */
    size_t n;
    struct c4_similarity_work work;
};

/* The expected cost of preparing one layer's features. */
struct c4_similarity_cost {
    double flops;
    size_t kept_bytes;
};

/* Prepared features are what a measure computes once from one layer's features, to compare them
 * with several others: an object of the measure's own type, read-only after prepare(), so that
 * threads may share it. */
struct c4_similarity {
    const char *name;
    const char *quantity[C4_SIMILARITY_VALUES + 1]; /* as in similarities.def; NULL-terminated */
    const char *key[C4_SIMILARITY_VALUES];          /* their names in the output of 'conv4 cka' */
    /* Float or double features of at least two rows, not referred to afterwards. C4_ERR_DATA: a
     * value is not finite; C4_ERR_MEMORY. *prepared is NULL then. */
    enum c4_status (*prepare)(const struct c4_features *features,
                              const struct c4_similarity_options *options, void **prepared);
    void (*release)(void *prepared); /* NULL allowed */
    /* The first `rows` examples, for which both were prepared. An undefined value is no error.
     * C4_ERR_USAGE: a side was not prepared for them; C4_ERR_MEMORY. */
    enum c4_status (*compare)(const void *reference, const void *other, size_t rows,
                              struct c4_similarity_result *result);
    struct c4_similarity_work (*work)(const void *prepared); /* of prepare() */
    size_t (*kept_bytes)(const void *prepared);              /* approximate */
    struct c4_similarity_cost (*cost)(size_t n, size_t features);
    /* Prepared features as bytes, for memory that processes share, as c4_cka_packed_bytes(),
     * c4_cka_pack() and c4_cka_open() in cka.h. */
    size_t (*packed_bytes)(const void *prepared);
    void (*pack)(const void *prepared, void *bytes);
    enum c4_status (*open)(const void *bytes, size_t size,
                           const struct c4_similarity_options *options, void **prepared);
};

/* By enum c4_similarity_id. */
extern const struct c4_similarity *const c4_similarities[C4_SIMILARITIES];

/* Whether a study's quantity is a similarity, which has a layer, a reference, images, statistics
 * and n. If so, *id becomes its measure, unless `id` is NULL. */
bool c4_is_similarity(const char *quantity, enum c4_similarity_id *id);

#endif
