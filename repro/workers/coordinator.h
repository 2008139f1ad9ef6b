/* The coordinator of a study's workers: starts them, hands out segments, alone writes the store. */
#ifndef C4_REPRO_WORKERS_COORDINATOR_H
#define C4_REPRO_WORKERS_COORDINATOR_H

#include "core/host/placement.h"
#include "repro/workers/message.h"

/* What the coordinator works for. Borrowed. */
struct c4_work {
    const struct c4_runner *runner; /* no step is called here: folder, protocol, scale, images */
    const struct c4_schedule *schedule;
    struct c4_store *store; /* NULL: only measuring */
    struct c4_shared_images images;
    int images_descriptor;
    int workers, threads;
    const struct c4_placement *placement; /* a place for each worker; NULL: they are not bound */
    /* Every fifth of a second at the latest; anything but C4_OK stops the work. */
    enum c4_status (*watch)(void *context);
    void (*report)(void *context, const char *sentence); /* for the user */
    void *context;
};

/* How far the work is. */
struct c4_work_state {
    int64_t *done;                    /* of each run: the last epoch in the store, -1: none */
    struct c4_known_checkpoint *last; /* of each run */
    enum c4_run_state *state;
    double *seconds;       /* of each run: predicted for what is left; for order and time left */
    uint64_t images;       /* worked on by all workers */
    uint64_t total_images; /* when all is done */
    double left_seconds;   /* until then */
    int failed;            /* runs */
    char failure[1200];    /* of the first one */
    uint64_t trained_images;
    double trained_seconds; /* summed over workers */
    int places, bound;      /* workers that were ready */
};

struct c4_coordinator;

/* Starts the workers and waits until they are ready: each bound to its place, with the images
 * mapped. */
enum c4_status c4_coordinator_open(const struct c4_work *work, struct c4_coordinator **coordinator);

/* All workers measure at the same time; *speed is the mean. */
enum c4_status c4_coordinator_measure(struct c4_coordinator *coordinator, struct c4_speed *speed);

/* Does all runs: segments of epochs, the longest work first, a worker staying with its run. A
 * worker that dies is started again and does its segment once more; if it dies again the run is
 * given up, like one that fails by itself, and what starts from it. The rest goes on. C4_OK also
 * with failed runs (state->failed). */
enum c4_status c4_coordinator_run(struct c4_coordinator *coordinator, struct c4_work_state *state);

/* Ends the workers: their pipes close, and what has not ended after some seconds is killed. NULL
 * allowed. */
void c4_coordinator_close(struct c4_coordinator *coordinator);

#endif
