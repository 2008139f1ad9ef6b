/* Memory on the NUMA node that a plan names: binding it, and reading back where pages lie. */
#ifndef C4_HOST_MEMORY_BIND_H
#define C4_HOST_MEMORY_BIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

/* Nodes are the operating system's numbers (os_index), which may have gaps. */
enum { C4_MEMORY_NODES_MAX = 64 };

struct c4_memory_binding {
    int node;         /* that future memory was read back to be bound to; -1: not bound */
    char reason[128]; /* why it is not bound; "" if it is */
};

/* Binds what the calling thread, and the threads that it creates later, touch first from now on to
 * the NUMA node around these PUs (OS indices), and reads the binding back. Memory that was touched
 * before stays where it is. If the machine has one node, the PUs belong to several, or the system
 * refuses, nothing is bound: binding->node is -1, and the reason says why. To be called before a
 * team starts, whose threads inherit it. C4_ERR_MEMORY, C4_ERR_ENVIRONMENT (the machine cannot be
 * read).
 */
enum c4_status c4_memory_bind(const int *pu, int count, struct c4_memory_binding *binding);

/* The same, to a node by its number: also to one that is not around the caller. */
enum c4_status c4_memory_bind_node(int node, struct c4_memory_binding *binding);

/* Where the pages of an area lie. */
struct c4_memory_pages {
    uint64_t node[C4_MEMORY_NODES_MAX]; /* pages on each node */
    uint64_t absent;                    /* not touched yet, or unknown */
};

/* Counts the pages that [area, area + bytes) touches; at most `samples` of them, evenly spread (0:
 * all). False if the system does not say. */
bool c4_memory_pages(const void *area, size_t bytes, size_t samples, struct c4_memory_pages *pages);

/* Every thread of the team touches memory that nobody has touched before; *node is the node that
 * all of it lies on, -1: several, or unknown. To be called by the thread that opens parallel
 * regions. */
void c4_memory_probe(int threads, int *node);

/* Reads up to some hundred pages of an area, evenly spread, and looks up where they lie: on this
 * node; -1: on several, or unknown. */
int c4_memory_probe_area(const void *area, size_t bytes);

/* The node that all counted pages lie on; -1: none does, or several do. */
int c4_memory_pages_node(const struct c4_memory_pages *pages);

#endif
