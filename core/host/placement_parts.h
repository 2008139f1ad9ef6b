/* For placement*.c alone. */
#ifndef C4_HOST_PLACEMENT_PARTS_H
#define C4_HOST_PLACEMENT_PARTS_H

#include "core/host/placement.h"

/* Room for so many places, zeroed, and for all PUs of the topology. C4_ERR_MEMORY. */
enum c4_status c4_placement_allocate(const struct c4_topology *topology, int places,
                                     struct c4_placement *placement);

/* Gives the place another thread on this PU, in storage[place->threads]. */
void c4_place_add(const struct c4_pu *pu, struct c4_place *place, int *storage);

/* c4_placement_make() of policy->places. */
enum c4_status c4_placement_explicit(const struct c4_topology *topology,
                                     const struct c4_placement_policy *policy,
                                     struct c4_placement *placement);

#endif
