/* What conv4 doctor --topology shows: this machine's CPUs and memory, the places that each policy
 * gives there, and whether threads can be bound to them. */
#ifndef C4_REPRO_COMMANDS_TOPOLOGY_DRAWING_H
#define C4_REPRO_COMMANDS_TOPOLOGY_DRAWING_H

#include <jansson.h>

#include "core/base/status.h"
#include "core/base/text.h"

/* A new object that the caller releases:
 *   nodes         of each NUMA node with CPUs: os_index, memory_bytes (null if unknown)
 *   memory_nodes  number of NUMA nodes without CPUs of their own
 *   pus           of each PU that this process may use: os_index, core, l2, l3, node, package, kind
 *   policies      of each scope of --places: policy, default (what repro takes for workers of one
 *                 thread), bound, reason (null if bound), places: of each threads, asked and
 *                 read_back (lists of PUs such as "0-3"; "any" if not bound), node and l3 (null if
 *                 it has PUs of several)
 * For each policy one team of all its places' threads is started in this process, bound, read back
 * and released. Call it from the thread that started others by OpenMP, if any. A team that cannot
 * be started is a reason, not an error. Errors: C4_ERR_MEMORY, and those of c4_topology_load(). */
enum c4_status c4_topology_drawing_make(json_t **drawing);

/* Appends it as text. C4_ERR_MEMORY. */
enum c4_status c4_topology_drawing_add(const json_t *drawing, struct c4_text *text);

#endif
