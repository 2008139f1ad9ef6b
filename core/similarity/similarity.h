/* The measures of similarity of two layers' features: one table, which studies, their rows and
 * figures, and 'conv4 cka' read. A new measure is a line in similarities.def and a file. */
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

enum { C4_SIMILARITY_VALUES = 4 }; /* of a measure at most */

struct c4_similarity_options {
    c4_gram_block_fn *gram; /* the backend's slot (core/op/gram.h) */
    int threads;            /* OpenMP threads, 1 or more */
};

/* What a call took: FLOPs and bytes as in core/cost/cka_cost.h. */
struct c4_similarity_work {
    double seconds, flops, bytes;
    const char *method; /* a word; "" if there is only one way */
};

struct c4_similarity_result {
    double value[C4_SIMILARITY_VALUES]; /* NaN where undefined */
    size_t n;
    struct c4_similarity_work work;
};

/* What preparing the features of one layer is expected to take. */
struct c4_similarity_cost {
    double flops;
    size_t kept_bytes;
};

/* Prepared features are what a measure makes of one layer's features once, to compare them with
 * several others: an object of the measure's own, read-only after prepare(), so that threads may
 * share it. */
struct c4_similarity {
    const char *name;
    const char *quantity[C4_SIMILARITY_VALUES + 1]; /* as in similarities.def; NULL ends it */
    const char *key[C4_SIMILARITY_VALUES];          /* the same in the output of 'conv4 cka' */
    /* Float or double features, at least two rows. Keeps nothing of them but what it computed.
     * C4_ERR_DATA: a value that is not finite; C4_ERR_MEMORY. *prepared is NULL then. */
    enum c4_status (*prepare)(const struct c4_features *features,
                              const struct c4_similarity_options *options, void **prepared);
    void (*release)(void *prepared); /* NULL allowed */
    /* Two of the same examples, prepared with the same options. A value that is undefined is
     * no error. C4_ERR_DATA: other numbers of rows. */
    enum c4_status (*compare)(const void *reference, const void *other,
                              struct c4_similarity_result *result);
    struct c4_similarity_work (*work)(const void *prepared); /* what prepare() took */
    size_t (*kept_bytes)(const void *prepared);              /* about */
    struct c4_similarity_cost (*cost)(size_t n, size_t features);
};

/* By enum c4_similarity_id. */
extern const struct c4_similarity *const c4_similarities[C4_SIMILARITIES];

/* Whether a quantity of a study is a similarity, which has a layer, a reference, images, statistics
 * and n; and of which measure (NULL: not asked). */
bool c4_is_similarity(const char *quantity, enum c4_similarity_id *id);

#endif
