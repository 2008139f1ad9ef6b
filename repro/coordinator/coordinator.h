/* The coordinator of a study's workers: starts them, assigns segments, and is the only writer of
 * the store. */
#ifndef C4_REPRO_COORDINATOR_COORDINATOR_H
#define C4_REPRO_COORDINATOR_COORDINATOR_H

#include "repro/workers/work.h"

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
    double started;         /* when the runs began, in seconds since work.limit->start_ns; 0: not
                             * yet, or no limit */
    int segments;           /* committed */
    double segment_seconds; /* the shortest that could come next is predicted to take, with
                             * C4_ERR_UNFINISHED */
};

struct c4_coordinator;

/* Starts the workers and waits until they are ready: each bound to its place, with the images
 * mapped. If a worker cannot be bound, and not must_bind, work.report() gets a sentence, once. A
 * place has its own number of threads; work.threads is of workers without one. */
enum c4_status c4_coordinator_open(const struct c4_work *work, struct c4_coordinator **coordinator);

/* How many workers there are, with those of other ranks. */
int c4_coordinator_workers(const struct c4_coordinator *coordinator);

/* The machine of worker i's: NULL for this one. */
const char *c4_coordinator_host(const struct c4_coordinator *coordinator, int i);

/* How many workers of this rank are bound, each thread to a core of its own, as they read back. */
int c4_coordinator_bound(const struct c4_coordinator *coordinator);

/* All workers measure at the same time; *speed is the mean. Then teams of 2, 4 and 8 places
 * measure, as far as work.widest and the places allow, unless work.speeds are given: for the
 * scheduler, and for *teams (0: none measured). If a worker dies meanwhile, another one is started
 * and all measure again; C4_ERR_FAILED if one dies again and again. */
enum c4_status c4_coordinator_measure(struct c4_coordinator *coordinator, struct c4_speed *speed,
                                      struct c4_team_speeds *teams);

/* Does all runs in segments of epochs, on the places and in the teams that the scheduler chooses
 * (repro/planning/scheduler.h); to be called after c4_coordinator_measure(). If a worker dies,
 * another one is started and the segment is repeated. If a worker dies there again, the run is
 * given up, like a run that fails by itself, and so are the runs that start from it. The others
 * continue. C4_OK even if runs failed (state->failed). C4_ERR_UNFINISHED if work.limit has ended it
 * before all runs were done or failed (repro/planning/time_limit.h): the workers of segments that
 * were cut end, and those runs go on from their last checkpoint at the next start. */
enum c4_status c4_coordinator_run(struct c4_coordinator *coordinator, struct c4_work_state *state);

/* Closes the workers' pipes, which ends them, and kills those that have not ended after some
 * seconds. NULL allowed. */
void c4_coordinator_close(struct c4_coordinator *coordinator);

#endif
