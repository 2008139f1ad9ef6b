/* Which PUs each training run gets: a pure function of topology and policy. */
#ifndef C4_HOST_PLACEMENT_H
#define C4_HOST_PLACEMENT_H

#include "core/base/status.h"
#include "core/host/topology.h"

/* A place lies within one core, L3 domain or machine. */
enum c4_place_scope { C4_PLACE_CORE, C4_PLACE_L3, C4_PLACE_MACHINE };

struct c4_placement_policy {
    enum c4_place_scope scope;
    int threads;    /* per place; 0 = one for each core of the scope */
    int max_places; /* 0 = as many as fit */
};

struct c4_place {
    int threads;
    const int *pu; /* OS index of the PU of each thread, all different */
    int node;      /* NUMA node of the first thread, as numbered in the topology */
};

struct c4_placement {
    int places;
    struct c4_place *place; /* in topology order; no PU is in two places */
    int *storage;           /* holds every place[i].pu */
};

/* Cuts each scope (core, L3 domain or whole machine) into places:
 * - threads = 0: one place, one thread on the first PU of every core;
 * - threads <= cores of the scope: floor(cores / threads) places of neighbouring cores, first PU of
 *   each; cores left over stay idle;
 * - threads > cores of the scope: one place that takes every core's first PU, then every second PU,
 *   and so on; a scope with too few PUs gives none.
 * If max_places is less than what fits, places of the fastest kind of core come first, and among
 * equals the L3 domains take turns, so that few places share as little cache and memory bandwidth
 * as they can. The same input gives the same output. Overwrites *placement, which
 * c4_placement_free() releases; on failure nothing needs releasing. Errors: C4_ERR_USAGE (negative
 * numbers, or more threads than any scope has PUs), C4_ERR_MEMORY. */
enum c4_status c4_placement_make(const struct c4_topology *topology,
                                 const struct c4_placement_policy *policy,
                                 struct c4_placement *placement);

/* Releases and zeroes; a zeroed placement is fine. */
void c4_placement_free(struct c4_placement *placement);

#endif
