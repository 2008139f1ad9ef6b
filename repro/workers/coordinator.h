/* The coordinator of a study's workers: starts them, assigns segments, and is the only writer of
 * the store. */
#ifndef C4_REPRO_WORKERS_COORDINATOR_H
#define C4_REPRO_WORKERS_COORDINATOR_H

#include "core/host/placement.h"
#include "repro/run/node_images.h"
#include "repro/workers/message.h"

/* What the coordinator works with. Borrowed. */
struct c4_work {
    const struct c4_runner *runner; /* step, gram and advance are not used */
    const struct c4_schedule *schedule;
    struct c4_store *store; /* NULL if only the speed is measured */
    struct c4_shared_images images;
    int images_descriptor;
    const struct c4_node_images *node_images; /* NULL: all workers share images_descriptor */
    struct c4_shared_references references;
    int workers, threads;
    const struct c4_placement *placement; /* a place for each worker; NULL: not bound */
    /* Called about every 200 ms or more often; anything but C4_OK stops the work. */
    enum c4_status (*watch)(void *context);
    void (*report)(void *context, const char *sentence); /* gets sentences for the user */
    void *context;
};

/* Progress of the work. */
struct c4_work_state {
    int64_t *done;                    /* of each run: the last epoch in the store, -1: none */
    struct c4_known_checkpoint *last; /* of each run */
    enum c4_run_state *state;
    double *seconds;        /* of each run: predicted for its remaining epochs */
    uint64_t images;        /* processed by all workers */
    uint64_t total_images;  /* of all runs to do */
    double left_seconds;    /* predicted until all runs are done */
    int failed;             /* number of failed runs */
    struct c4_text failure; /* sentence of the first failure; release with c4_text_free() */
    uint64_t trained_images;
    double trained_seconds; /* summed over workers */
    int places, bound;      /* workers that were ready */
};

struct c4_coordinator;

/* Starts the workers and waits until they are ready: each bound to its place, with the images
 * mapped. */
enum c4_status c4_coordinator_open(const struct c4_work *work, struct c4_coordinator **coordinator);

/* All workers measure at the same time; *speed is the mean. If a worker dies meanwhile, another one
 * is started and all measure again; C4_ERR_FAILED if one dies again and again. */
enum c4_status c4_coordinator_measure(struct c4_coordinator *coordinator, struct c4_speed *speed);

/* Does all runs in segments of epochs, the longest work first; a worker stays with its run. If a
 * worker dies, another one is started and the segment is repeated. If a worker dies there again,
 * the run is given up, like a run that fails by itself, and so are the runs that start from it. The
 * others continue. C4_OK even if runs failed (state->failed). */
enum c4_status c4_coordinator_run(struct c4_coordinator *coordinator, struct c4_work_state *state);

/* Closes the workers' pipes, which ends them, and kills those that have not ended after some
 * seconds. NULL allowed. */
void c4_coordinator_close(struct c4_coordinator *coordinator);

#endif
