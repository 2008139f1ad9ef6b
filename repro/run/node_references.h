/* Shared memory for references, one on each NUMA node, so that no worker reads another node's: a
 * reference is prepared once on each node. */
#ifndef C4_REPRO_RUN_NODE_REFERENCES_H
#define C4_REPRO_RUN_NODE_REFERENCES_H

#include "core/host/placement.h"
#include "repro/run/node_images.h"
#include "repro/run/reference_cache.h"

/* node[n]: of the workers on node n; descriptor -1: none. */
struct c4_node_references {
    struct c4_shared_references node[C4_IMAGE_NODES_MAX];
};

/* How many nodes have memory of their own: those with places, on a machine of several `nodes`; 1
 * otherwise. */
int c4_node_reference_copies(const struct c4_placement *placement, int nodes);

/* Makes them. Nothing is written yet: pages lie where the workers that fill them are bound to.
 * `available_bytes` is for all together. Errors: those of c4_shared_references_make(); what was
 * made is closed by the caller in any case. */
enum c4_status c4_node_references_make(const struct c4_placement *placement, int nodes,
                                       const struct c4_protocol *protocol,
                                       const struct c4_scale *scale, uint64_t available_bytes,
                                       struct c4_node_references *references);

/* For a place (NULL: none): its node's memory, or else `shared`. */
const struct c4_shared_references *
c4_node_references_of(const struct c4_node_references *references, const struct c4_place *place,
                      const struct c4_shared_references *shared);

/* Sets all to none, so that they can be closed. */
void c4_node_references_none(struct c4_node_references *references);
void c4_node_references_close(struct c4_node_references *references);

#endif
