/* A worker's binding: its team and its memory, and what is read back of both. */
#ifndef C4_REPRO_WORKERS_BINDING_H
#define C4_REPRO_WORKERS_BINDING_H

#include "core/host/memory_bind.h"
#include "repro/workers/message.h"

struct c4_binding {
    struct c4_worker_place place; /* as asked */
    struct c4_team team;
    struct c4_memory_binding memory;
    int images_node; /* where the images that it maps were found; set by the worker */
};

/* Binds memory and the team to a place, in the thread that will open parallel regions, before
 * memory is first touched. The memory stays bound to the node of this first place, beyond which
 * teams do not grow. A zeroed binding can be closed. Errors: those of c4_memory_bind() and
 * c4_binding_take(). */
enum c4_status c4_binding_open(struct c4_binding *binding, const struct c4_worker_place *place);

/* Changes the team if the place is another one, or if the threads are no longer where they were
 * bound, as a cpuset can be changed from outside. Errors: those of c4_team_start();
 * C4_ERR_ENVIRONMENT if the place must be bound and cannot be. */
enum c4_status c4_binding_take(struct c4_binding *binding, const struct c4_worker_place *place);

/* Looks where the threads are, and where what they touch lies. Errors: those of c4_team_verify().
 */
enum c4_status c4_binding_read_back(struct c4_binding *binding, struct c4_worker_ready *found);

void c4_binding_close(struct c4_binding *binding);

#endif
