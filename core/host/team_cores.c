/* The team of a program that has the machine to itself. */
#include <stdlib.h>

#include "core/host/team.h"
#include "core/host/topology.h"

enum c4_status c4_team_start_on_cores(int threads, struct c4_team *team, size_t *l2_bytes) {
    struct c4_topology topology;
    C4_TRY(c4_topology_load(NULL, &topology));
    *l2_bytes = topology.l2_bytes > 0 ? (size_t)topology.l2_bytes : 0;
    int *pu = calloc((size_t)topology.pus, sizeof *pu);
    if (!pu) {
        c4_topology_free(&topology);
        return c4_fail(C4_ERR_MEMORY, "out of memory for a list of %d processing units",
                       topology.pus);
    }
    int cores = 0;
    for (int i = 0; i < topology.pus; i++)
        if (i == 0 || topology.pu[i].core != topology.pu[i - 1].core)
            pu[cores++] = topology.pu[i].os_index;
    /* A narrower team would have to choose cores, and two programs would choose the same ones. */
    enum c4_status status = c4_team_start(threads == cores ? pu : NULL, threads, team);
    free(pu);
    c4_topology_free(&topology);
    return status;
}
