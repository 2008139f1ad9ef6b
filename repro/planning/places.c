#include "repro/planning/places.h"

static const struct c4_pu *find(const struct c4_topology *topology, int os_index) {
    for (int i = 0; i < topology->pus; i++)
        if (topology->pu[i].os_index == os_index) return &topology->pu[i];
    return NULL;
}

void c4_places_fill(const struct c4_topology *topology, const struct c4_placement *placement,
                    int machine, int count, struct c4_sched_place *place) {
    for (int i = 0; i < count; i++) {
        const struct c4_pu *pu = placement ? find(topology, placement->place[i].pu[0]) : NULL;
        int l3 = pu ? pu->l3 : 0, node = pu ? pu->node : 0;
        place[i] = (struct c4_sched_place){.l3 = machine * (topology->l3_domains + 1) + l3,
                                           .node = machine * (topology->nodes + 1) + node,
                                           .kind = pu ? pu->kind : 0};
    }
}
