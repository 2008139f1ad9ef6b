/* Inside the coordinator: its workers and the runs they are at. */
#ifndef C4_REPRO_WORKERS_COORDINATOR_SLOTS_H
#define C4_REPRO_WORKERS_COORDINATOR_SLOTS_H

#include <poll.h>
#include <signal.h>

#include "repro/workers/coordinator.h"
#include "repro/workers/process.h"

/* How long a poll waits; how often a segment is begun before its run is given up. */
enum { C4_POLL_MS = 200, C4_ATTEMPTS = 2 };

/* A worker, what it does, and how often it was started in vain. */
struct c4_worker_slot {
    struct c4_worker_process process;
    struct c4_worker_ready ready;
    bool is_ready, has_speed;
    struct c4_speed speed;
    int losses; /* deaths since it was last of use */
    int run;    /* under way; -1: idle */
    struct c4_segment segment;
    bool has_seed;   /* it has prepared references of seed segment.run.seed */
    uint64_t images; /* of the segment so far */
};

struct c4_coordinator {
    struct c4_work work;
    struct c4_worker_slot *slot;
    struct pollfd *poll;
    struct sigaction old_pipe;
    /* Of c4_coordinator_run(): */
    struct c4_work_state *state;
    int *attempts;         /* of each run: workers lost at the segment under way */
    double *first_seconds; /* predicted at the beginning */
    int64_t *first_done;   /* and where that was */
    int64_t start_ns;
};

/* Handles what workers send, the deaths of workers included; waits for it at most `wait_ms`. */
enum c4_status c4_coordinator_pump(struct c4_coordinator *coordinator, int wait_ms);

/* A sentence for the user. */
void c4_coordinator_report(const struct c4_coordinator *coordinator, const char *sentence);

/* The worker's segment is done: its rows go to the store. */
enum c4_status c4_coordinator_commit(struct c4_coordinator *coordinator,
                                     struct c4_worker_slot *slot, const struct c4_message *message);

/* The run is left undone until the next start, for the reason that is given. */
enum c4_status c4_coordinator_give_up(struct c4_coordinator *coordinator, int run, const char *why);

#endif
