#include "repro/run/node_references.h"

#include <unistd.h>

static bool is_known(const struct c4_place *place) {
    return place->node >= 0 && place->node < C4_IMAGE_NODES_MAX;
}

/* Workers of each node; returns on how many nodes there are any. */
static int count(const struct c4_placement *placement, int workers[C4_IMAGE_NODES_MAX]) {
    int used = 0;
    for (int n = 0; n < C4_IMAGE_NODES_MAX; n++) workers[n] = 0;
    for (int i = 0; i < placement->places; i++)
        if (is_known(&placement->place[i])) used += workers[placement->place[i].node]++ == 0;
    return used;
}

int c4_node_reference_copies(const struct c4_placement *placement, int nodes) {
    int workers[C4_IMAGE_NODES_MAX];
    int used = nodes > 1 ? count(placement, workers) : 1;
    return used > 1 ? used : 1;
}

void c4_node_references_none(struct c4_node_references *references) {
    for (int n = 0; n < C4_IMAGE_NODES_MAX; n++)
        references->node[n] = (struct c4_shared_references){.descriptor = -1};
}

enum c4_status c4_node_references_make(const struct c4_placement *placement, int nodes,
                                       const struct c4_protocol *protocol,
                                       const struct c4_scale *scale, uint64_t available_bytes,
                                       struct c4_node_references *references) {
    int workers[C4_IMAGE_NODES_MAX];
    c4_node_references_none(references);
    if (nodes < 2 || placement->places == 0) return C4_OK;
    int used = count(placement, workers);
    for (int n = 0; n < C4_IMAGE_NODES_MAX; n++)
        if (workers[n] > 0)
            C4_TRY(c4_reference_cache_share(protocol, scale, workers[n],
                                            available_bytes / (uint64_t)used,
                                            &references->node[n]));
    return C4_OK;
}

const struct c4_shared_references *
c4_node_references_of(const struct c4_node_references *references, const struct c4_place *place,
                      const struct c4_shared_references *shared) {
    if (!references || !place || !is_known(place)) return shared;
    const struct c4_shared_references *own = &references->node[place->node];
    return own->descriptor >= 0 ? own : shared;
}

void c4_node_references_close(struct c4_node_references *references) {
    for (int n = 0; n < C4_IMAGE_NODES_MAX; n++)
        if (references->node[n].descriptor >= 0) close(references->node[n].descriptor);
    c4_node_references_none(references);
}
