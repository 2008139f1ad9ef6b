/* Where a study's places are on one machine or several equal ones, for the scheduler. */
#ifndef C4_REPRO_PLANNING_PLACES_H
#define C4_REPRO_PLANNING_PLACES_H

#include "core/host/placement.h"
#include "repro/planning/scheduler.h"

/* Fills place[0 .. count) with the first `count` places of a placement: L3 domain, node and kind of
 * each one's first PU. `placement` NULL: workers that are bound to nothing, all in one domain.
 * `machine` counts from 0: places of different machines share neither domains nor nodes. */
void c4_places_fill(const struct c4_topology *topology, const struct c4_placement *placement,
                    int machine, int count, struct c4_sched_place *place);

#endif
