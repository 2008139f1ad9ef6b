/* Which PUs each training run gets: a pure function of topology and policy. */
#ifndef C4_HOST_PLACEMENT_H
#define C4_HOST_PLACEMENT_H

#include "core/base/status.h"
#include "core/base/text.h"
#include "core/host/topology.h"

/* A place lies within one core, L2 domain, L3 domain, NUMA node or machine. Below the machine none
 * reaches beyond a NUMA node, and below the node none beyond an L3 domain. */
enum c4_place_scope { C4_PLACE_CORE, C4_PLACE_L2, C4_PLACE_L3, C4_PLACE_NODE, C4_PLACE_MACHINE };

struct c4_placement_policy {
    enum c4_place_scope scope;
    int threads;    /* per place; 0 = one for each core of the scope, but no two kinds of core */
    int max_places; /* 0 = as many as fit */
    bool compact;   /* max_places takes neighbours, instead of spreading them */
    bool siblings;  /* every PU counts as a core of its own */
    const char *places; /* explicit places such as "0,2/1,3", instead of a scope; NULL: none */
};

struct c4_place {
    int threads;
    const int *pu; /* OS index of the PU of each thread, all different */
    int node;      /* NUMA node, as numbered in the topology; -1: it has PUs of several */
    int l3;        /* L3 domain likewise */
};

struct c4_placement {
    int places;
    struct c4_place *place; /* in topology order, explicit ones in theirs; no PU is in two */
    int *storage;           /* holds every place[i].pu */
};

/* Reads a user's text: a scope (core, l2, l3, numa or machine), which may be followed by ",compact"
 * or ",spread" (the default) and by ",smt" (siblings), or "explicit=0,2/1,3": places separated by
 * slashes, each a list of PUs (OS indices) and ranges such as "0-3,8", where thread i gets the i-th
 * PU. Sets threads and max_places to 0; policy->places points into `text`. C4_ERR_USAGE with a
 * sentence that quotes the word. */
enum c4_status c4_placement_policy_parse(const char *text, struct c4_placement_policy *policy);

/* Reads a list of numbers and ranges such as "0-3,8", up to a slash or the end, into a new array of
 * *count numbers, which the caller frees; *end = where it ended. C4_ERR_USAGE (it is not such a
 * list, is empty, or has numbers over 65,535 or more than 65,536 of them), C4_ERR_MEMORY. */
enum c4_status c4_pu_list_read(const char *text, int **pu, int *count, const char **end);

/* Appends the PUs as such a list, in their order: "0", "0-3" or "0,2". C4_ERR_MEMORY. */
enum c4_status c4_pu_list_add(struct c4_text *text, const int *pu, int count);

/* Cuts each scope into places. Within a scope the cores of a faster kind come first, and those of a
 * kind in topology order; a team waits for its slowest core, so kinds are mixed only in the third
 * case.
 * - threads = 0: one place for each kind of core, one thread on the first PU of every core;
 * - threads <= cores of some kind: floor(cores / threads) places of each kind, of neighbouring
 *   cores, first PU of each; cores left over stay idle;
 * - threads <= cores of the scope: floor(cores / threads) places;
 * - threads > cores of the scope: one place that takes every core's first PU, then every second PU,
 *   and so on; a scope with too few PUs gives none.
 * With `siblings` every PU is a core of these rules, and the PUs of a core are neighbours.
 * If max_places is less than what fits, places of the fastest kind come first; among equals,
 * packages take turns, within a package its NUMA nodes, then L3 domains, L2 domains and cores, so
 * that few places share as little cache and memory bandwidth as they can. With `compact` the first
 * ones are taken instead. Explicit places are what the text says; `threads` and `max_places` only
 * check and shorten them. The same input gives the same output. Overwrites *placement, which
 * c4_placement_free() releases; on failure nothing needs releasing. Errors: C4_ERR_USAGE (negative
 * numbers, more threads than any scope has PUs, explicit PUs that the topology does not have or
 * that are given twice), C4_ERR_MEMORY. */
enum c4_status c4_placement_make(const struct c4_topology *topology,
                                 const struct c4_placement_policy *policy,
                                 struct c4_placement *placement);

/* Releases and zeroes; a zeroed placement is fine. */
void c4_placement_free(struct c4_placement *placement);

#endif
