#define _GNU_SOURCE /* syscall() */
#include "core/host/memory_bind.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hwloc.h>
#include <sys/mman.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "core/host/hwloc_open.h"
#include "core/host/topology.h"

static hwloc_obj_t node_numbered(hwloc_topology_t h, int number) {
    hwloc_obj_t node = NULL;
    while ((node = hwloc_get_next_obj_by_type(h, HWLOC_OBJ_NUMANODE, node)) != NULL)
        if ((int)node->os_index == number) return node;
    return NULL;
}

/* Not strictly: on a node that is full, a strict binding would end the process. Pages say where
 * they are. */
static void bind_to(hwloc_topology_t h, hwloc_obj_t node, struct c4_memory_binding *binding) {
    const int flags = HWLOC_MEMBIND_BYNODESET | HWLOC_MEMBIND_THREAD;
    if (hwloc_get_nbobjs_by_type(h, HWLOC_OBJ_NUMANODE) < 2) {
        snprintf(binding->reason, sizeof binding->reason,
                 "this machine has one NUMA node: there is nothing to bind");
        return;
    }
    if (!node) {
        snprintf(binding->reason, sizeof binding->reason, "no such NUMA node is known here");
        return;
    }
    hwloc_bitmap_t read_back = hwloc_bitmap_alloc();
    hwloc_membind_policy_t policy;
    if (!read_back)
        snprintf(binding->reason, sizeof binding->reason, "out of memory for a set of nodes");
    else if (hwloc_set_membind(h, node->nodeset, HWLOC_MEMBIND_BIND, flags) != 0)
        snprintf(binding->reason, sizeof binding->reason, "memory cannot be bound: %s",
                 strerror(errno));
    else if (hwloc_get_membind(h, read_back, &policy, flags) != 0 || policy != HWLOC_MEMBIND_BIND ||
             !hwloc_bitmap_isequal(read_back, node->nodeset))
        snprintf(binding->reason, sizeof binding->reason,
                 "memory was bound, but the binding is not read back");
    else
        binding->node = (int)node->os_index;
    hwloc_bitmap_free(read_back);
}

enum c4_status c4_memory_bind(const int *pu, int count, struct c4_memory_binding *binding) {
    hwloc_topology_t h;
    *binding = (struct c4_memory_binding){.node = -1};
    C4_TRY(c4_hwloc_load(&h));
    hwloc_obj_t node = count > 0 ? c4_hwloc_node_around(h, (unsigned)pu[0]) : NULL;
    bool together = true;
    for (int i = 1; i < count; i++)
        together = together && c4_hwloc_node_around(h, (unsigned)pu[i]) == node;
    if (together)
        bind_to(h, node, binding);
    else
        snprintf(binding->reason, sizeof binding->reason,
                 "the place spans several NUMA nodes: each page lies where it is first touched");
    hwloc_topology_destroy(h);
    return C4_OK;
}

enum c4_status c4_memory_bind_node(int node, struct c4_memory_binding *binding) {
    hwloc_topology_t h;
    *binding = (struct c4_memory_binding){.node = -1};
    C4_TRY(c4_hwloc_load(&h));
    bind_to(h, node_numbered(h, node), binding);
    hwloc_topology_destroy(h);
    return C4_OK;
}

/* --- pages --- */

/* move_pages() without nodes to move to only asks. 0: asked. */
static long ask(void **page, int *where, size_t count) {
#ifdef SYS_move_pages
    return syscall(SYS_move_pages, 0, (unsigned long)count, page, NULL, where, 0);
#else
    (void)page;
    (void)where;
    (void)count;
    return -1;
#endif
}

bool c4_memory_pages(const void *area, size_t bytes, size_t samples,
                     struct c4_memory_pages *pages) {
    enum { AT_ONCE = 512 };
    void *page[AT_ONCE];
    int where[AT_ONCE];
    const size_t size = (size_t)sysconf(_SC_PAGESIZE);
    const uintptr_t first = (uintptr_t)area / size,
                    end = ((uintptr_t)area + bytes + size - 1) / size;
    size_t count = bytes ? end - first : 0;
    const size_t all = count;
    if (samples > 0 && samples < count) count = samples;
    *pages = (struct c4_memory_pages){.absent = 0};
    for (size_t done = 0; done < count;) {
        size_t part = count - done < AT_ONCE ? count - done : AT_ONCE;
        for (size_t i = 0; i < part; i++)
            page[i] =
                (void *)((first + (done + i) * all / count) * size); /* NOLINT: only asked for */
        if (ask(page, where, part) != 0) return false;
        for (size_t i = 0; i < part; i++)
            if (where[i] >= 0 && where[i] < C4_MEMORY_NODES_MAX)
                pages->node[where[i]]++;
            else
                pages->absent++;
        done += part;
    }
    return true;
}

void c4_memory_probe(int threads, int *node) {
    enum { PAGES_EACH = 64 };
    struct c4_memory_pages pages;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), count = (size_t)threads * PAGES_EACH;
    char *area =
        mmap(NULL, count * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *node = -1;
    if (area == MAP_FAILED) return;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t i = 0; i < count; i++) area[i * page] = 1;
    if (c4_memory_pages(area, count * page, 0, &pages) && pages.absent == 0)
        *node = c4_memory_pages_node(&pages);
    munmap(area, count * page);
}

int c4_memory_probe_area(const void *area, size_t bytes) {
    enum { SAMPLES = 256 };
    struct c4_memory_pages pages;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t count = bytes / page, samples = count < SAMPLES ? count : SAMPLES;
    /* Mapped pages are known to the process that has read them. */
    for (size_t i = 0; i < samples; i++)
        (void)*((const volatile char *)area + i * count / samples * page);
    if (samples == 0 || !c4_memory_pages(area, count * page, samples, &pages)) return -1;
    return pages.absent == 0 ? c4_memory_pages_node(&pages) : -1;
}

int c4_memory_pages_node(const struct c4_memory_pages *pages) {
    int node = -1;
    for (int i = 0; i < C4_MEMORY_NODES_MAX; i++) {
        if (pages->node[i] == 0) continue;
        if (node >= 0) return -1;
        node = i;
    }
    return node;
}
