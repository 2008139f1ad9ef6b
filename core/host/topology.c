#include "core/host/topology.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hwloc.h>
#include <omp.h>

#include "core/host/hwloc_open.h"

const char *c4_openmp_binding_variable(void) {
    static const char *const names[] = {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i])) return names[i];
    return NULL;
}

static enum c4_status fail_memory(void) {
    return c4_fail(C4_ERR_MEMORY, "Out of memory for a topology.");
}

/* An OpenMP runtime that binds narrows the initial thread's mask before main() begins. The
 * runtime's places are then what the process may use. Without binding, some runtimes list every PU
 * as a place, whatever the mask. */
static bool add_openmp_places(hwloc_bitmap_t mask) {
    if (!c4_openmp_binding_variable()) return true;
    for (int place = 0; place < omp_get_num_places(); place++) {
        int count = omp_get_place_num_procs(place);
        if (count < 1) continue;
        int *pu = calloc((size_t)count, sizeof *pu);
        if (!pu) return false;
        omp_get_place_proc_ids(place, pu);
        bool set = true;
        for (int i = 0; i < count; i++) set = set && hwloc_bitmap_set(mask, (unsigned)pu[i]) == 0;
        free(pu);
        if (!set) return false;
    }
    return true;
}

/* hwloc's default view obeys the cgroup, not the mask that taskset or a batch system has set. */
static enum c4_status restrict_to_mask(hwloc_topology_t h) {
    hwloc_bitmap_t mask = hwloc_bitmap_alloc();
    hwloc_bitmap_t places = hwloc_bitmap_alloc();
    if (!mask || !places || !add_openmp_places(places)) {
        hwloc_bitmap_free(mask);
        hwloc_bitmap_free(places);
        return fail_memory();
    }
    int failed = 0;
    errno = 0;
    bool known = hwloc_get_cpubind(h, mask, HWLOC_CPUBIND_PROCESS) == 0;
    bool no_memory = (!known && errno == ENOMEM) || hwloc_bitmap_or(mask, mask, places) != 0;
    if (known && !no_memory && hwloc_bitmap_intersects(mask, hwloc_topology_get_topology_cpuset(h)))
        failed = hwloc_topology_restrict(h, mask, HWLOC_RESTRICT_FLAG_REMOVE_CPULESS);
    hwloc_bitmap_free(mask);
    hwloc_bitmap_free(places);
    if (no_memory || (failed && errno == ENOMEM)) return fail_memory();
    if (failed)
        return c4_fail(C4_ERR_ENVIRONMENT,
                       "hwloc cannot restrict the topology to this process's CPU mask: %s.",
                       strerror(errno));
    return C4_OK;
}

static enum c4_status open_topology(const char *source, hwloc_topology_t h) {
    bool is_file = source && access(source, F_OK) == 0;
    errno = 0;
    if (is_file && hwloc_topology_set_xml(h, source) != 0) {
        if (errno == ENOMEM) return fail_memory();
        return c4_fail(C4_ERR_DATA,
                       "%s: not a topology that hwloc can read (lstopo writes one: "
                       "lstopo machine.xml).",
                       source);
    }
    errno = 0;
    if (source && !is_file && hwloc_topology_set_synthetic(h, source) != 0) {
        if (errno == ENOMEM) return fail_memory();
        return c4_fail(C4_ERR_USAGE,
                       "\"%s\" is neither a file nor a synthetic topology such as "
                       "\"pack:2 [numa] l3:2 core:4 pu:2\".",
                       source);
    }
    errno = 0;
    if (hwloc_topology_load(h) != 0) {
        if (errno == ENOMEM) return fail_memory();
        if (is_file)
            return c4_fail(C4_ERR_DATA,
                           "%s: hwloc cannot load this topology; write it again with "
                           "lstopo.",
                           source);
        if (source)
            return c4_fail(C4_ERR_USAGE, "\"%s\": hwloc cannot build this topology.", source);
        return c4_fail(C4_ERR_ENVIRONMENT, "hwloc cannot read this machine's topology: %s.",
                       strerror(errno));
    }
    return C4_OK;
}

static int64_t cache_bytes(hwloc_topology_t h, hwloc_obj_t pu, hwloc_obj_type_t type) {
    hwloc_obj_t cache = hwloc_get_ancestor_obj_by_type(h, type, pu);
    return cache && cache->attr ? (int64_t)cache->attr->cache.size : 0;
}

/* Owners are numbered in order of first appearance, so the numbers are dense even where hwloc has
 * objects without an allowed PU. `seen` holds the owner of each number. */
static int number_of(hwloc_obj_t owner, hwloc_obj_t *seen, int *count) {
    for (int i = *count - 1; i >= 0; i--)
        if (seen[i] == owner) return i;
    seen[*count] = owner;
    return (*count)++;
}

static int kind_of(hwloc_topology_t h, hwloc_obj_t pu) {
    int kind = hwloc_cpukinds_get_by_cpuset(h, pu->cpuset, 0);
    if (kind < 0) return 0;
    int efficiency = -1; /* -1: hwloc cannot rank the kinds */
    if (hwloc_cpukinds_get_info(h, (unsigned)kind, NULL, &efficiency, NULL, NULL, 0) != 0) return 0;
    return efficiency > 0 ? efficiency : 0;
}

enum { PACKAGE, NODE, L3, L2, CORE, OWNERS };

static void copy_out(hwloc_topology_t h, struct c4_topology *t, hwloc_obj_t *seen) {
    int count[OWNERS] = {0};
    int fastest = -1;
    for (int i = 0; i < t->pus; i++) {
        hwloc_obj_t pu = hwloc_get_obj_by_type(h, HWLOC_OBJ_PU, (unsigned)i);
        hwloc_obj_t owner[OWNERS];
        owner[PACKAGE] = hwloc_get_ancestor_obj_by_type(h, HWLOC_OBJ_PACKAGE, pu);
        owner[NODE] = c4_hwloc_node_around(h, pu->os_index);
        owner[CORE] = hwloc_get_ancestor_obj_by_type(h, HWLOC_OBJ_CORE, pu);
        if (!owner[CORE]) owner[CORE] = pu;
        owner[L2] = hwloc_get_ancestor_obj_by_type(h, HWLOC_OBJ_L2CACHE, pu);
        if (!owner[L2]) owner[L2] = owner[CORE];
        owner[L3] = hwloc_get_ancestor_obj_by_type(h, HWLOC_OBJ_L3CACHE, pu);
        if (!owner[L3]) { /* the smaller of package and node */
            hwloc_obj_t node = owner[NODE], package = owner[PACKAGE];
            bool node_is_smaller =
                !package || (node && hwloc_bitmap_isincluded(node->cpuset, package->cpuset));
            owner[L3] = node_is_smaller ? node : package;
        }
        int number[OWNERS];
        for (int k = 0; k < OWNERS; k++)
            number[k] = number_of(owner[k], seen + (size_t)k * (size_t)t->pus, &count[k]);
        t->pu[i] = (struct c4_pu){.os_index = (int)pu->os_index,
                                  .core = number[CORE],
                                  .l2 = number[L2],
                                  .l3 = number[L3],
                                  .node = number[NODE],
                                  .package = number[PACKAGE],
                                  .kind = kind_of(h, pu)};
        if (t->pu[i].kind > fastest) {
            fastest = t->pu[i].kind;
            t->l1d_bytes = cache_bytes(h, pu, HWLOC_OBJ_L1CACHE);
            t->l2_bytes = cache_bytes(h, pu, HWLOC_OBJ_L2CACHE);
            t->l3_bytes = cache_bytes(h, pu, HWLOC_OBJ_L3CACHE);
        }
    }
    t->packages = count[PACKAGE];
    t->nodes = count[NODE];
    t->l3_domains = count[L3];
    t->l2_domains = count[L2];
    t->cores = count[CORE];
    hwloc_obj_t *owner = seen + (size_t)NODE * (size_t)t->pus, node = NULL;
    for (int i = 0; i < t->nodes; i++) {
        t->node[i].os_index = owner[i] ? (int)owner[i]->os_index : 0;
        if (owner[i] && owner[i]->attr)
            t->node[i].memory_bytes = (int64_t)owner[i]->attr->numanode.local_memory;
        t->memory_bytes += t->node[i].memory_bytes;
    }
    while ((node = hwloc_get_next_obj_by_type(h, HWLOC_OBJ_NUMANODE, node)) != NULL) {
        int i = 0;
        while (i < t->nodes && owner[i] != node) i++;
        t->memory_nodes += i == t->nodes && !hwloc_bitmap_iszero(node->cpuset);
    }
    t->this_machine = hwloc_topology_is_thissystem(h) != 0;
}

/* NUMA nodes that no CPU of the system belongs to. Restricting a topology removes them. */
static int count_cpuless(hwloc_topology_t h) {
    int count = 0;
    hwloc_obj_t node = NULL;
    while ((node = hwloc_get_next_obj_by_type(h, HWLOC_OBJ_NUMANODE, node)) != NULL)
        count += hwloc_bitmap_iszero(node->complete_cpuset) != 0;
    return count;
}

/* A made-up machine has as much memory as its description says, and hwloc's 1 GB is a guess. */
static void forget_guess(const char *source, struct c4_topology *t) {
    if (!source || access(source, F_OK) == 0 || strstr(source, "memory=")) return;
    for (int i = 0; i < t->nodes; i++) t->node[i].memory_bytes = 0;
    t->memory_bytes = 0;
}

enum c4_status c4_topology_load(const char *source, struct c4_topology *topology) {
    *topology = (struct c4_topology){0};
    hwloc_topology_t h;
    int cpuless = 0;
    C4_TRY(c4_hwloc_init(&h));
    enum c4_status status = open_topology(source, h);
    if (status == C4_OK) cpuless = count_cpuless(h);
    if (status == C4_OK && hwloc_topology_is_thissystem(h)) status = restrict_to_mask(h);
    if (status == C4_OK) {
        int found = hwloc_get_nbobjs_by_type(h, HWLOC_OBJ_PU);
        size_t pus = found > 0 ? (size_t)found : 0; /* hwloc never gives a machine without PUs */
        struct c4_topology t = {.pus = (int)pus,
                                .memory_nodes = cpuless,
                                .pu = calloc(pus, sizeof *t.pu),
                                .node = calloc(pus, sizeof *t.node)};
        hwloc_obj_t *seen = calloc(pus * OWNERS, sizeof(hwloc_obj_t));
        if (t.pu && t.node && seen) {
            copy_out(h, &t, seen);
            forget_guess(source, &t);
            *topology = t;
        } else {
            free(t.pu);
            free(t.node);
            status = c4_fail(C4_ERR_MEMORY, "Out of memory for a topology of %d PUs.", t.pus);
        }
        free(seen);
    }
    hwloc_topology_destroy(h);
    return status;
}

struct c4_caches c4_topology_caches(const struct c4_topology *topology) {
    return (struct c4_caches){.l1d_bytes =
                                  topology->l1d_bytes > 0 ? (size_t)topology->l1d_bytes : 0,
                              .l2_bytes = topology->l2_bytes > 0 ? (size_t)topology->l2_bytes : 0};
}

void c4_topology_free(struct c4_topology *topology) {
    free(topology->pu);
    free(topology->node);
    *topology = (struct c4_topology){0};
}
