/* Internals of the coordinator: worker slots and the runs assigned to them. */
#ifndef C4_REPRO_COORDINATOR_COORDINATOR_SLOTS_H
#define C4_REPRO_COORDINATOR_COORDINATOR_SLOTS_H

#include <poll.h>
#include <signal.h>

#include "core/host/memory_limit.h"
#include "repro/coordinator/coordinator.h"
#include "repro/ranks/ranks.h"

/* How long a poll waits; how often a segment is attempted before its run is given up; how long a
 * worker may take to end before it is killed; after which time of being there its death is not one
 * of a row. */
enum { C4_POLL_MS = 200, C4_ATTEMPTS = 2, C4_PATIENCE_SECONDS = 5, C4_STEADY_SECONDS = 60 };

/* The place of a slot's own. `pu` NULL: not bound. Borrowed. */
struct c4_slot_place {
    int threads, bind; /* of struct c4_worker_place */
    const int *pu;
};

/* A worker slot: its worker, what it does, and how often it died. */
struct c4_worker_slot {
    struct c4_channel channel;
    struct c4_slot_place own;
    char name[C4_HOST_NAME_SIZE + 48]; /* "worker 3", "worker 3 (rank 1 on host)" */
    struct c4_worker_ready ready;
    bool is_ready, is_asked, has_speed; /* asked: for its speed, since it was started */
    struct c4_speed speed;
    int losses;       /* deaths since a segment was last committed, or soon after one another */
    int64_t ready_ns; /* when it was last ready */
    int leader; /* the slot whose team this place belongs to; its own number if it is on its own */
    int run;    /* under way, with this slot leading; -1: none */
    bool has_begun;               /* the worker has answered to the segment */
    bool is_between;              /* the run waits for its next segment */
    int first, count;             /* places of the run's team */
    double segment_seconds;       /* predicted for the segment, on one place */
    double begun, team_seconds;   /* of the segment: when it was sent, since the process's start;
                                     and predicted for its team */
    struct c4_worker_place place; /* of the segment */
    struct c4_segment segment;
    char reason[C4_TEAM_REASON_SIZE]; /* last said to the user */
    bool has_seed;                    /* references of seed segment.run.seed are prepared */
    uint64_t images;                  /* of the segment so far */
    int stored; /* run of the segment that was stored in the present batch; -1: none */
};

struct c4_coordinator {
    struct c4_work work; /* workers: all slots, those of other ranks behind those of this one */
    int own_workers;     /* slots of this rank */
    struct c4_worker_slot *slot;
    struct pollfd *poll;
    struct c4_sched_place *where; /* of each slot */
    bool *may_lead;               /* of c4_scheduler_teams() */
    struct c4_team_speeds speeds;
    double trial_seconds[C4_TEAM_SIZES]; /* the first image_seconds */
    double image_seconds[C4_TEAM_SIZES]; /* to train on an image in a team of 2^k places; 0: unknown
                                          */
    struct sigaction old_pipe;
    struct c4_memory_kills kills; /* that were counted when a worker was last killed, or before */
    /* For c4_coordinator_run(): */
    struct c4_work_state *state;
    int *attempts;              /* of each run: workers that died in its current segment */
    double *first_seconds;      /* of each run: state->seconds at the start */
    int64_t *first_done;        /* of each run: state->done at the start */
    enum c4_run_state *in_time; /* of each run: its state; failed: it does not end within
                                   work.limit */
    int64_t start_ns;
    double predicted_seconds, actual_seconds; /* of the segments that were committed, in sum */
    bool closed;                              /* by work.limit: nothing is started any more */
    bool said_unbound, said_memory;
    bool changed;               /* something that the next decision depends on */
    bool storing, store_failed; /* the store has a batch open; something of it was not stored */
    int next;                   /* slot whose messages are taken first */
};

/* Handles messages from workers and their deaths, after waiting for them at most `wait_ms`. */
enum c4_status c4_coordinator_pump(struct c4_coordinator *coordinator, int wait_ms);

/* Passes a sentence for the user to work.report(). */
void c4_coordinator_report(const struct c4_coordinator *coordinator, const char *sentence);

/* Puts the rows of a finished segment into the store and updates the state. What a pump brings is
 * one batch, a transaction: however many workers are done at the same time, the disk is waited for
 * once, before any of them gets another segment. */
enum c4_status c4_coordinator_commit(struct c4_coordinator *coordinator,
                                     struct c4_worker_slot *slot, const struct c4_message *message);

/* Commits the batch, if there is one, and only then removes the files that its checkpoints take the
 * place of. Returns `status`, that of the pump, or what went wrong here. Segments of a pump that
 * failed for another reason are committed all the same. */
enum c4_status c4_coordinator_end_batch(struct c4_coordinator *coordinator, enum c4_status status);

/* A team of `places` places has trained on `images` in `seconds`: the next decisions take that into
 * account, as other programs may have come or gone. No effect with work.speeds. */
void c4_coordinator_learn(struct c4_coordinator *coordinator, int places, uint64_t images,
                          double seconds);

/* Starts a process in the slot and sends it what it needs; READY answers. Errors: those of
 * c4_worker_start(), C4_ERR_MEMORY, and what is wrong with the store's folder. */
enum c4_status c4_coordinator_start_worker(struct c4_coordinator *coordinator,
                                           struct c4_worker_slot *slot);

/* Ends the slot's worker, after some seconds by force; end->why says what that may be due to. */
void c4_coordinator_stop_worker(struct c4_coordinator *coordinator, struct c4_worker_slot *slot,
                                struct c4_worker_end *end);

/* Names the slots and connects them with their workers' places: first those of this rank, then
 * those of the others, as work.ranks has them. */
void c4_coordinator_fill_slots(struct c4_coordinator *coordinator);

/* The threads and PUs of a team of `count` places. */
void c4_coordinator_place(const struct c4_coordinator *coordinator, int first, int count,
                          struct c4_worker_place *place);

/* Whether the scheduler may form a team of `width` places that begins with slot i's. */
bool c4_coordinator_leads(const struct c4_coordinator *coordinator, int i, int width);

/* Ends the team of slot `leader`; its places are on their own. */
void c4_coordinator_release(struct c4_coordinator *coordinator, int leader);

/* Starts the next segments of runs that wait, as the scheduler decides. */
enum c4_status c4_coordinator_decide(struct c4_coordinator *coordinator);

/* Seconds of the run's next segment at one place, as predicted before the first one. */
double c4_coordinator_segment_seconds(const struct c4_coordinator *coordinator, int run);

/* Whether the run's next segment, by a team of `width` places (0: by whichever is fastest), is
 * predicted to end within work.limit. */
bool c4_coordinator_is_in_time(const struct c4_coordinator *coordinator, int run, int width);

/* Whether something is to be started although nothing is predicted to end within work.limit. */
bool c4_coordinator_may_try(const struct c4_coordinator *coordinator);

/* For the time limit: the slot's segment begins, for a team of slot->count; it was committed. */
void c4_coordinator_note_begin(struct c4_coordinator *coordinator, struct c4_worker_slot *slot);
void c4_coordinator_note_commit(struct c4_coordinator *coordinator,
                                const struct c4_worker_slot *slot);

/* Does what work.limit asks for by now: says once that an early end was asked for, and cuts
 * segments that cannot end in time, by closing their workers' pipes. C4_ERR_MEMORY. */
enum c4_status c4_coordinator_heed_limit(struct c4_coordinator *coordinator);

/* C4_ERR_UNFINISHED if work.limit lets nothing more be done, and nothing is under way. To be asked
 * when runs wait and no place has one. */
enum c4_status c4_coordinator_check_over(struct c4_coordinator *coordinator);

/* Sends the slot's run's next segment to its worker, with the team of slot->place. */
enum c4_status c4_coordinator_send_segment(struct c4_coordinator *coordinator,
                                           struct c4_worker_slot *slot);

/* Waits until all workers are ready. */
enum c4_status c4_coordinator_await_ready(struct c4_coordinator *coordinator);

/* Tells the user if what was read back about a worker's place has changed. */
enum c4_status c4_coordinator_say_place(struct c4_coordinator *coordinator,
                                        struct c4_worker_slot *slot,
                                        const struct c4_worker_ready *found);

/* Says a sentence to the user. C4_ERR_MEMORY. */
__attribute__((format(printf, 2, 3))) enum c4_status
c4_coordinator_say(struct c4_coordinator *coordinator, const char *format, ...);

/* Marks the run as failed and reports why; it stays undone until the next start. */
enum c4_status c4_coordinator_give_up(struct c4_coordinator *coordinator, int run, const char *why);

#endif
