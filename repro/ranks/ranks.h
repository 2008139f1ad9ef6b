/* The other ranks of a study as rank 0 sees them: where their workers are, and the messages to and
 * from these. Every other rank is served by an agent (repro/ranks/agent.h). */
#ifndef C4_REPRO_RANKS_RANKS_H
#define C4_REPRO_RANKS_RANKS_H

#include "repro/ranks/channel.h"
#include "repro/ranks/rank_messages.h"

/* How often rank 0 asks whether the others are there. How long one may say nothing: before it has
 * said hello, as it loads images meanwhile; later. How long ranks have to end. Launchers end all
 * ranks when one dies, so these are for those that do not. */
enum {
    C4_RANK_PING_SECONDS = 10,
    C4_RANK_LOAD_SECONDS = 3600,
    C4_RANK_SILENT_SECONDS = 600,
    C4_RANK_END_SECONDS = 60
};

/* Called by what waits, several times a second; anything but C4_OK ends the wait. */
struct c4_rank_caller {
    enum c4_status (*watch)(void *context);
    void (*report)(void *context, const char *sentence); /* gets sentences for the user */
    void *context;
};

/* A place of another rank. */
struct c4_ranks_place {
    int rank, number;            /* the rank's number-th place */
    struct c4_sched_place where; /* no two ranks share domains or nodes; those of rank 0 from 0 */
    int threads, bind;
    const int *pu; /* NULL without a binding */
};

/* `transport` is borrowed. Release with c4_ranks_close(). C4_ERR_MEMORY. */
enum c4_status c4_ranks_open(struct c4_transport *transport, struct c4_ranks **ranks);

/* Lets the agents read and load the same study. Errors: those of c4_rank_send(). */
enum c4_status c4_ranks_begin(struct c4_ranks *ranks, const struct c4_rank_study *study);

/* Writes FOLDER/study.ranks, by which the agents know the folder, and waits until all have said
 * hello. `images` are those that rank 0 has loaded, `widest` is lowered to the least of all ranks.
 * Errors: the first failure of an agent, with its status, rank and host (another program, study,
 * data or folder); those of c4_file_write_atomic(); caller->watch()'s. */
enum c4_status c4_ranks_gather(struct c4_ranks *ranks, const char *folder,
                               const struct c4_images *images, const struct c4_rank_caller *caller,
                               int *widest);

/* After c4_ranks_gather(): places of other ranks, in their order; and a line about them all. */
int c4_ranks_places(const struct c4_ranks *ranks);
/* `own`: the `count` places of rank 0, from whose domains and nodes those of others differ. */
void c4_ranks_place(const struct c4_ranks *ranks, int i, const struct c4_sched_place *own,
                    int count, struct c4_ranks_place *place);
/* "4 ranks on 2 hosts: 8, 8, 4 and 4 workers". C4_ERR_MEMORY. */
enum c4_status c4_ranks_describe(const struct c4_ranks *ranks, int own_workers,
                                 struct c4_text *text);
const char *c4_ranks_host(const struct c4_ranks *ranks, int rank);

/* Of channels (repro/ranks/channel.h). What arrives for a worker is delivered to `channel`; NULL:
 * it is dropped. */
void c4_ranks_connect(struct c4_ranks *ranks, int rank, int number, struct c4_channel *channel);
enum c4_status c4_ranks_start_worker(struct c4_ranks *ranks, int rank, int number, const int *pu,
                                     int count);
enum c4_status c4_ranks_write(struct c4_ranks *ranks, int rank, int number,
                              enum c4_message_kind kind, const struct c4_message_part *parts,
                              int count);

/* Delivers everything that has arrived, without waiting; *any: something has. Errors: a rank that
 * failed, was interrupted (C4_ERR_INTERRUPTED, C4_ERR_TERMINATED) or says nothing any more;
 * C4_ERR_MEMORY. */
enum c4_status c4_ranks_pump(struct c4_ranks *ranks, const struct c4_rank_caller *caller,
                             bool *any);

/* Ends all ranks with this exit status: their agents end their workers, and then all leave the
 * transport together. If one does not answer, that is said on stderr, and the transport is aborted,
 * and this process with it.
 * Channels deliver nothing any more. NULL allowed. */
void c4_ranks_close(struct c4_ranks *ranks, int exit_status);

#endif
