/* The machine as the rest of the program sees it: a plain copy of what hwloc found. */
#ifndef C4_HOST_TOPOLOGY_H
#define C4_HOST_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/caches.h"
#include "core/base/status.h"
#include "core/base/text.h"

/* A processing unit (hardware thread) and what it belongs to, each counted from 0. */
struct c4_pu {
    int os_index; /* the operating system's number, the one to bind to */
    int core;
    int l2;   /* L2 domain; without an L2, the core */
    int l3;   /* L3 domain; without an L3, the PUs of one package and NUMA node form a domain */
    int node; /* smallest NUMA node around it; of two equal ones (DRAM and HBM) the first */
    int package;
    int kind; /* 0 everywhere, or higher for faster kinds of core on a hybrid machine */
};

struct c4_numa_node {
    int os_index;
    int64_t memory_bytes; /* 0 = unknown */
};

struct c4_topology {
    int packages, nodes, l3_domains, l2_domains, cores, pus;
    int memory_nodes; /* NUMA nodes that are no PU's (memory without CPUs, such as CXL, and the
                         slower or smaller of two nodes of the same PUs, such as HBM) */
    struct c4_pu *pu; /* `pus` of them; the PUs of a core, L3 domain, package are neighbours */
    struct c4_numa_node *node; /* `nodes` of them, numbered as in pu.node */
    int64_t l1d_bytes; /* one cache of each level, of a core of the fastest kind; 0 = unknown */
    int64_t l2_bytes;
    int64_t l3_bytes;
    int64_t memory_bytes; /* of the NUMA nodes above; 0 = unknown */
    bool this_machine; /* false: synthetic or recorded elsewhere, so nothing can be bound to it */
};

/* Reads a topology. `source` is
 * - NULL: this machine, whatever HWLOC_SYNTHETIC, HWLOC_XMLFILE and the like say
 * (c4_topology_add_ignored() tells that), restricted to the CPUs that the system (cgroup, cpuset)
 * and the process's own affinity mask allow (with OMP_PROC_BIND or the like: the OpenMP runtime's
 * places). Read it before threads are bound: bound threads narrow the mask.
 * - the path of an XML file written by hwloc's lstopo;
 * - otherwise a synthetic description such as "pack:2 [numa] l3:2 core:4 pu:2" (hwloc's syntax);
 * its memory is unknown unless it is described: "[numa(memory=64GB)]".
 * Overwrites *topology, which c4_topology_free() releases; on failure nothing needs releasing.
 * Errors: C4_ERR_USAGE (neither a file nor a description that hwloc accepts), C4_ERR_DATA (a file
 * that is not hwloc XML), C4_ERR_ENVIRONMENT (the machine cannot be read), C4_ERR_MEMORY. */
enum c4_status c4_topology_load(const char *source, struct c4_topology *topology);

/* Those of a core. */
struct c4_caches c4_topology_caches(const struct c4_topology *topology);

/* Appends a sentence that names the environment variables by which hwloc would have described
 * another machine, and which this process ignores; nothing if there are none. C4_ERR_MEMORY. */
enum c4_status c4_topology_add_ignored(struct c4_text *text);

/* The environment variable that makes the OpenMP runtime bind its threads (OMP_PROC_BIND,
 * OMP_PLACES or GOMP_CPU_AFFINITY), or NULL if none is set. */
const char *c4_openmp_binding_variable(void);

/* Releases and zeroes; a zeroed topology is fine. */
void c4_topology_free(struct c4_topology *topology);

#endif
