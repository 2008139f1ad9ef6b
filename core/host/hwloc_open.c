#include "core/host/hwloc_open.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/host/topology.h"

/* Not HWLOC_PLUGINS_PATH and the like, without which an installation may not work. */
static const char *const names[] = {
    "HWLOC_XMLFILE",           "HWLOC_SYNTHETIC",  "HWLOC_FSROOT",    "HWLOC_CPUID_PATH",
    "HWLOC_DUMPED_HWDATA_DIR", "HWLOC_COMPONENTS", "HWLOC_THISSYSTEM"};
enum { NAMES = sizeof names / sizeof *names };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *taken[NAMES]; /* values, which live as long as the process */

/* hwloc 2.9 reads them in both hwloc_topology_init() and hwloc_topology_load(), and has no call
 * that makes it leave them alone: hwloc_topology_set_components() only excludes components by name.
 */
static enum c4_status take_out(void) {
    enum c4_status status = C4_OK;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < NAMES; i++) {
        const char *value = getenv(names[i]);
        if (!value) continue;
        char *copy = strdup(value);
        if (!copy) {
            status = c4_fail(C4_ERR_MEMORY, "Out of memory for the value of %s.", names[i]);
            break;
        }
        free(taken[i]);
        taken[i] = copy;
        unsetenv(names[i]);
    }
    pthread_mutex_unlock(&lock);
    return status;
}

/* hwloc may die of want of memory, so it is not called without any. Nothing touches the room. */
static enum c4_status check_memory(void) {
    enum { ENOUGH_BYTES = 8 << 20 };
    void *volatile room = malloc(ENOUGH_BYTES);
    bool enough = room != NULL;
    free(room);
    return enough ? C4_OK : c4_fail(C4_ERR_MEMORY, "Out of memory for this machine's topology.");
}

enum c4_status c4_hwloc_init(hwloc_topology_t *topology) {
    C4_TRY(check_memory());
    C4_TRY(take_out());
    if (hwloc_topology_init(topology) == 0) return C4_OK;
    return c4_fail(C4_ERR_MEMORY, "Out of memory for a topology.");
}

enum c4_status c4_hwloc_load(hwloc_topology_t *topology) {
    C4_TRY(c4_hwloc_init(topology));
    errno = 0;
    if (hwloc_topology_load(*topology) == 0) return C4_OK;
    int error = errno;
    hwloc_topology_destroy(*topology);
    if (error == ENOMEM) return c4_fail(C4_ERR_MEMORY, "Out of memory for a topology.");
    return c4_fail(C4_ERR_ENVIRONMENT, "hwloc cannot read this machine's topology: %s.",
                   strerror(error));
}

hwloc_obj_t c4_hwloc_node_around(hwloc_topology_t topology, unsigned pu) {
    hwloc_obj_t best = NULL, node = NULL;
    while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != NULL)
        if (hwloc_bitmap_isset(node->cpuset, pu) &&
            (!best || hwloc_bitmap_weight(node->cpuset) < hwloc_bitmap_weight(best->cpuset)))
            best = node;
    return best;
}

const char *c4_hwloc_ignored(int index, const char **value) {
    if (take_out() != C4_OK) return NULL;
    for (int i = 0; i < NAMES; i++) {
        if (!taken[i] || index-- > 0) continue;
        if (value) *value = taken[i];
        return names[i];
    }
    return NULL;
}

enum c4_status c4_topology_add_ignored(struct c4_text *text) {
    const char *name = c4_hwloc_ignored(0, NULL);
    if (!name) return C4_OK;
    C4_TRY(c4_text_add(text, "%s", name));
    int count = 1;
    for (; (name = c4_hwloc_ignored(count, NULL)) != NULL; count++)
        C4_TRY(c4_text_add(text, " and %s", name));
    return c4_text_add(text,
                       " %s ignored: this is about the real machine (conv4 plan --topology plans "
                       "for another one).",
                       count == 1 ? "was" : "were");
}
