/* For core/host alone: every hwloc topology of the program is opened here. */
#ifndef C4_HOST_HWLOC_OPEN_H
#define C4_HOST_HWLOC_OPEN_H

#include <hwloc.h>

#include "core/base/status.h"
#include "core/base/text.h"

/* hwloc_topology_init() without the environment variables by which hwloc would describe another
 * machine than this one, or claim that a description is this machine: HWLOC_XMLFILE,
 * HWLOC_SYNTHETIC, HWLOC_FSROOT, HWLOC_CPUID_PATH, HWLOC_DUMPED_HWDATA_DIR, HWLOC_COMPONENTS,
 * HWLOC_THISSYSTEM. Those that are set are taken out of the process's environment, for good, so
 * that its children look at the real machine, too; c4_hwloc_ignored() tells what was taken.
 *
 * Several threads may call it; but as for any change of the environment, no other thread may use
 * getenv() while there is something to take out, which is so at most at the first call.
 * Errors: C4_ERR_MEMORY. */
enum c4_status c4_hwloc_init(hwloc_topology_t *topology);

/* c4_hwloc_init() and hwloc_topology_load(): this machine, as hwloc sees it by default. On failure
 * nothing needs destroying. Errors: C4_ERR_MEMORY, C4_ERR_ENVIRONMENT (it cannot be read). */
enum c4_status c4_hwloc_load(hwloc_topology_t *topology);

/* The smallest NUMA node around the PU with this OS index, of two equal ones (DRAM and HBM) the
 * first; NULL: none is known. */
hwloc_obj_t c4_hwloc_node_around(hwloc_topology_t topology, unsigned pu);

/* The name and value of the ignored variable with this index, in the order above; NULL behind the
 * last. Takes out first what is still set. */
const char *c4_hwloc_ignored(int index, const char **value);

#endif
