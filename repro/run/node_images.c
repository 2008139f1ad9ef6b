#define _GNU_SOURCE /* memfd_create() */
#include "repro/run/node_images.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/host/memory_bind.h"

struct copy {
    const void *from;
    uint64_t bytes;
    int pu;         /* on the node */
    int descriptor; /* -1: none */
    enum c4_status status;
};

/* Pages of a file without a name lie where the thread that first writes them is bound to. */
static void *write_copy(void *context) {
    struct copy *copy = context;
    struct c4_memory_binding binding;
    uint64_t done = 0;
    copy->status = c4_memory_bind(&copy->pu, 1, &binding);
    if (copy->status != C4_OK || binding.node < 0) return NULL;
    int descriptor = memfd_create("conv4-node-images", 0);
    while (descriptor >= 0 && done < copy->bytes) {
        ssize_t part = write(descriptor, (const char *)copy->from + done, copy->bytes - done);
        if (part <= 0) break;
        done += (uint64_t)part;
    }
    if (descriptor >= 0 && done < copy->bytes) {
        close(descriptor);
        descriptor = -1;
    }
    copy->descriptor = descriptor;
    return NULL;
}

/* A thread of its own, because the binding would stay with the caller. */
static enum c4_status make_copy(const void *from, uint64_t bytes, int pu, int *descriptor) {
    struct copy copy = {.from = from, .bytes = bytes, .pu = pu, .descriptor = -1};
    pthread_t thread;
    if (pthread_create(&thread, NULL, write_copy, &copy) != 0) return C4_OK;
    pthread_join(thread, NULL);
    *descriptor = copy.descriptor;
    return copy.status;
}

enum c4_status c4_node_images_make(const struct c4_placement *placement, int nodes, int shared,
                                   uint64_t bytes, struct c4_node_images *images) {
    enum c4_status status = C4_OK;
    for (int i = 0; i < C4_IMAGE_NODES_MAX; i++) images->descriptor[i] = -1;
    if (nodes < 2 || placement->places == 0 || bytes == 0) return C4_OK;
    void *from = mmap(NULL, bytes, PROT_READ, MAP_SHARED, shared, 0);
    if (from == MAP_FAILED) return C4_OK;
    for (int i = 0; i < placement->places && status == C4_OK; i++) {
        const struct c4_place *place = &placement->place[i];
        if (place->node < 0 || place->node >= C4_IMAGE_NODES_MAX) continue;
        if (images->descriptor[place->node] >= 0) continue;
        status = make_copy(from, bytes, place->pu[0], &images->descriptor[place->node]);
    }
    munmap(from, bytes);
    return status;
}

int c4_node_images_of(const struct c4_node_images *images, const struct c4_place *place,
                      int shared) {
    if (!images || !place || place->node < 0 || place->node >= C4_IMAGE_NODES_MAX) return shared;
    const int descriptor = images->descriptor[place->node];
    return descriptor >= 0 ? descriptor : shared;
}

void c4_node_images_close(struct c4_node_images *images) {
    for (int i = 0; i < C4_IMAGE_NODES_MAX; i++)
        if (images->descriptor[i] >= 0) close(images->descriptor[i]);
    for (int i = 0; i < C4_IMAGE_NODES_MAX; i++) images->descriptor[i] = -1;
}
