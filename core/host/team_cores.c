/* A team on the cores that its process may use. */
#include <stdio.h>

#include "core/host/placement.h"
#include "core/host/team.h"
#include "core/host/topology.h"

enum c4_status c4_team_start_on_cores(int threads, enum c4_pinning pinning, struct c4_team *team,
                                      struct c4_caches *caches) {
    struct c4_topology topology;
    struct c4_placement placement = {0};
    const struct c4_placement_policy policy = {
        .scope = C4_PLACE_MACHINE, .threads = threads, .max_places = 1, .compact = true};
    C4_TRY(c4_topology_load(NULL, &topology));
    *caches = c4_topology_caches(&topology);
    /* A narrower team has to choose cores, and two programs choose the same ones. */
    bool wanted = threads == topology.cores || pinning == C4_PIN_ALWAYS;
    if (pinning == C4_PIN_NEVER) wanted = false;
    bool fits = threads <= topology.pus;
    enum c4_status status = C4_OK;
    if (wanted && fits && threads > 0) status = c4_placement_make(&topology, &policy, &placement);
    if (status == C4_OK)
        status = c4_team_start(placement.places > 0 ? placement.place[0].pu : NULL, threads, team);
    if (status == C4_OK && wanted && !fits && !team->reason[0])
        snprintf(team->reason, sizeof team->reason,
                 "%d threads are more than the %d PUs that this process may use.", threads,
                 topology.pus);
    c4_placement_free(&placement);
    c4_topology_free(&topology);
    return status;
}
