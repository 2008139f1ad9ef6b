/* Prepared features: one side of a comparison for each measure and layer, so that a network is
 * prepared once and compared with several, over several numbers of images. */
#ifndef C4_REPRO_RUN_PREPARED_FEATURES_H
#define C4_REPRO_RUN_PREPARED_FEATURES_H

#include "repro/run/run.h"

struct c4_prepared_features {
    void *of[C4_SIMILARITIES][C4_LAYERS]; /* sides; NULL for measures that are not the protocol's */
    const float *logits; /* [images, 10], also of images beyond those prepared; NULL if not kept */
    uint32_t images;
    float *own_logits; /* to be freed with the sides; NULL if `logits` lie in packed bytes */
};

/* Numbers of images, ascending and different. */
struct c4_row_counts {
    size_t value[C4_SIMILARITY_SIZES_MAX];
    int count;
};
void c4_row_counts_add(struct c4_row_counts *counts, size_t value);
size_t c4_row_counts_most(const struct c4_row_counts *counts); /* 0 if there are none */

/* Where a network writes its features, one network after another: what is there is to be prepared
 * before the next. */
struct c4_feature_space {
    float *layer[C4_LAYERS]; /* [images, features] */
    uint32_t images;
};

/* Room for the features of so many images. If there was less, what was there is lost.
 * C4_ERR_MEMORY: there is no room then. */
enum c4_status c4_feature_space_reserve(struct c4_feature_space *space, uint32_t images);
void c4_feature_space_free(struct c4_feature_space *space);

/* Prepares the first rows of features, for comparisons over each of the numbers. */
enum c4_status c4_prepared_features_make(const struct c4_runner *runner,
                                         const struct c4_feature_space *space,
                                         const struct c4_row_counts *rows,
                                         struct c4_prepared_features *sides);
/* Keeps a copy of the logits of the first `images` images with the sides. C4_ERR_MEMORY. */
enum c4_status c4_prepared_features_keep_logits(struct c4_prepared_features *sides,
                                                const struct c4_feature_space *space,
                                                uint32_t images);
void c4_prepared_features_free(struct c4_prepared_features *sides);

/* Adds the cost of preparing them to the cost rows of `what`, layer by layer. */
enum c4_status c4_prepared_features_out_cost(const struct c4_prepared_features *sides,
                                             enum c4_cost_what what, struct c4_row_list *rows);

/* As bytes, for memory that processes share: how many, 0 if a side cannot be packed; and back.
 * `bytes` must stay until the sides are freed. C4_ERR_MEMORY, C4_ERR_DATA. */
size_t c4_prepared_features_packed_bytes(const struct c4_prepared_features *sides);
void c4_prepared_features_pack(const struct c4_prepared_features *sides, void *bytes);
enum c4_status c4_prepared_features_open(const struct c4_runner *runner, const void *bytes,
                                         struct c4_prepared_features *sides);

#endif
