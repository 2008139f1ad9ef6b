/* Copies of the shared images, one on each NUMA node, so that no worker reads another node's. */
#ifndef C4_REPRO_RUN_NODE_IMAGES_H
#define C4_REPRO_RUN_NODE_IMAGES_H

#include "core/host/placement.h"
#include "repro/run/images.h"

/* Numbered as the topology does; beyond that, places use the images that all share. */
enum { C4_IMAGE_NODES_MAX = 64 };

/* descriptor[n]: of the copy on node n; -1: none. */
struct c4_node_images {
    int descriptor[C4_IMAGE_NODES_MAX];
};

/* Makes a copy for the node of each place, on a machine of several `nodes`; each is written by
 * a thread that is bound to its node. Where a node cannot be bound to, it has no copy: that costs
 * time, and nothing else. Workers inherit the descriptors. C4_ERR_MEMORY, C4_ERR_ENVIRONMENT. */
enum c4_status c4_node_images_make(const struct c4_placement *placement, int nodes, int shared,
                                   uint64_t bytes, struct c4_node_images *images);

/* For a place (NULL: none): its node's copy, or else `shared`. */
int c4_node_images_of(const struct c4_node_images *images, const struct c4_place *place,
                      int shared);

void c4_node_images_close(struct c4_node_images *images);

#endif
