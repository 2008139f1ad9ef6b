/* Prepared features of initial and pre-trained networks, which runs start from and are compared
 * with: made once per machine and shared by its workers. */
#ifndef C4_REPRO_RUN_REFERENCE_CACHE_H
#define C4_REPRO_RUN_REFERENCE_CACHE_H

#include "core/net/checkpoint.h"
#include "repro/run/prepared_features.h"
#include "repro/run/shared_references.h"

/* Which features: those of a set's first images, as many as `rows` has at most. */
struct c4_features_of {
    struct c4_image_set set;
    enum c4_bn_statistics statistics;
    struct c4_row_counts rows;
};

/* A reference network: the initial one of a seed, or that of a checkpoint. */
struct c4_network {
    uint64_t seed;
    enum c4_order order;
    struct c4_known_checkpoint checkpoint; /* path "": the initial network */
};

/* Bytes that the shared references of a scale take at most: up to a quarter of this machine's
 * memory and of `available_bytes` (0: unknown), but room for four. */
uint64_t c4_reference_cache_limit(const struct c4_protocol *protocol, const struct c4_scale *scale,
                                  int workers, uint64_t available_bytes);

/* Memory for the shared references of a scale: a slot for each network, and all of them up to that
 * limit. Errors as c4_shared_references_make(). */
enum c4_status c4_reference_cache_share(const struct c4_protocol *protocol,
                                        const struct c4_scale *scale, int workers,
                                        uint64_t available_bytes,
                                        struct c4_shared_references *shared);

/* `space`, which must outlive it, is where the networks write their features: each call of
 * c4_reference_cache_get() may overwrite what is there. */
struct c4_reference_cache;
enum c4_status c4_reference_cache_new(const struct c4_runner *runner,
                                      struct c4_feature_space *space,
                                      struct c4_reference_cache **cache);
void c4_reference_cache_free(struct c4_reference_cache *cache); /* NULL allowed */

/* To be called when the runner's number of threads has changed. What is prepared stays valid. */
void c4_reference_cache_change_team(struct c4_reference_cache *cache);

/* Which side of comparisons is asked for: the run's own network, before its first step, or the one
 * that it is compared with. */
enum c4_side { C4_SIDE_OWN, C4_SIDE_REFERENCE, C4_SIDES };

/* The network's prepared features and the logits of all images forwarded for them, as prepared
 * before or now. The side that is the run's own is valid until it is asked for again, the other one
 * until the next call for any. The cost of preparing them is added to *rows as
 * C4_COST_CKA_REFERENCE by whoever does it. */
enum c4_status c4_reference_cache_get(struct c4_reference_cache *cache, enum c4_side side,
                                      const struct c4_network *network,
                                      const struct c4_features_of *of, struct c4_row_list *rows,
                                      const struct c4_prepared_features **sides);

/* Gives back what calls have returned, so that it may make room for others. */
void c4_reference_cache_leave(struct c4_reference_cache *cache);

#endif
