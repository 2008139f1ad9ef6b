/* Prepared features: one side of a comparison for each measure and layer, so that a network is
 * prepared once and compared with several. References are cached while there is room. */
#ifndef C4_REPRO_RUN_PREPARED_FEATURES_H
#define C4_REPRO_RUN_PREPARED_FEATURES_H

#include "core/net/checkpoint.h"
#include "repro/run/run.h"

/* Which features: those of the first `rows` images of a set. */
struct c4_features_of {
    struct c4_image_set set;
    enum c4_bn_statistics statistics;
    uint32_t rows;
};

struct c4_prepared_features {
    void *of[C4_SIMILARITIES][C4_LAYERS]; /* sides; NULL for measures that are not the protocol's */
};

/* Allocates the features of `images` images, all layers or none. C4_ERR_MEMORY. Release with
 * c4_features_free(). */
enum c4_status c4_features_alloc(uint32_t images, float *features[C4_LAYERS]);
void c4_features_free(float *features[C4_LAYERS]);

/* Prepares the first `rows` rows of features. */
enum c4_status c4_prepared_features_make(const struct c4_runner *runner,
                                         float *const features[C4_LAYERS], uint32_t rows,
                                         struct c4_prepared_features *sides);
/* The same, but frees each layer's features as soon as they are prepared, the largest first. */
enum c4_status c4_prepared_features_use(const struct c4_runner *runner, float *features[C4_LAYERS],
                                        uint32_t rows, struct c4_prepared_features *sides);
void c4_prepared_features_free(struct c4_prepared_features *sides);

/* Adds the cost of preparing them to the cost rows of `what`, layer by layer. */
enum c4_status c4_prepared_features_out_cost(const struct c4_prepared_features *sides,
                                             enum c4_cost_what what, struct c4_row_list *rows);

/* A reference network: the initial one of a seed, or that of a checkpoint. */
struct c4_network {
    uint64_t seed;
    enum c4_order order;
    struct c4_known_checkpoint checkpoint; /* path "": the initial network */
};

/* Prepared references of this process. */
struct c4_reference_cache;
enum c4_status c4_reference_cache_new(const struct c4_runner *runner,
                                      struct c4_reference_cache **cache);
void c4_reference_cache_free(struct c4_reference_cache *cache); /* NULL allowed */

/* The network's prepared features, from the cache or prepared now; valid until the next call. The
 * cost of preparing them is added to *rows as C4_COST_CKA_REFERENCE. */
enum c4_status c4_reference_cache_get(struct c4_reference_cache *cache,
                                      const struct c4_network *network,
                                      const struct c4_features_of *of, struct c4_row_list *rows,
                                      const struct c4_prepared_features **sides);

#endif
