/* A study's work as those see it who start workers for it: the coordinator, and the agents of other
 * ranks. */
#ifndef C4_REPRO_WORKERS_WORK_H
#define C4_REPRO_WORKERS_WORK_H

#include "core/host/placement.h"
#include "core/host/topology.h"
#include "repro/planning/scheduler.h"
#include "repro/planning/time_limit.h"
#include "repro/run/node_images.h"
#include "repro/run/node_references.h"
#include "repro/workers/message.h"

struct c4_ranks;

/* What the coordinator works with. Borrowed. */
struct c4_work {
    const struct c4_runner *runner; /* step, gram and advance are not used */
    const struct c4_schedule *schedule;
    struct c4_store *store; /* NULL if only the speed is measured */
    struct c4_shared_images images;
    int images_descriptor;
    const struct c4_node_images *node_images; /* NULL: all workers share images_descriptor */
    struct c4_shared_references references;
    const struct c4_node_references *node_references; /* NULL: all workers share `references` */
    int workers, threads;                 /* workers, each with a team of `threads` at first */
    int widest;                           /* how many places a run may take together; 1: teams
                                           * never grow, as the backend's bits depend on them */
    const struct c4_team_speeds *speeds;  /* of teams; NULL: they are measured */
    const struct c4_placement *placement; /* a place for each worker; NULL: not bound */
    const struct c4_topology *topology;   /* of the placement */
    const struct c4_time_limit *limit;    /* looked at again and again; NULL: none */
    struct c4_ranks *ranks; /* after c4_ranks_gather(): workers of other ranks join; NULL: none */
    bool must_bind;         /* a worker that cannot be bound to its place is an error, not a note */
    /* Called about every 200 ms or more often; anything but C4_OK stops the work. */
    enum c4_status (*watch)(void *context);
    void (*report)(void *context, const char *sentence); /* gets sentences for the user */
    void *context;
};

#endif
