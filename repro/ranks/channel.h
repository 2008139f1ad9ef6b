/* How the coordinator talks to one worker: over the two pipes of a process that it has started, or
 * through another rank, whose agent (repro/ranks/agent.h) has those pipes. The messages are the
 * same (repro/workers/message.h). */
#ifndef C4_REPRO_RANKS_CHANNEL_H
#define C4_REPRO_RANKS_CHANNEL_H

#include "repro/workers/process.h"

struct c4_ranks;

struct c4_channel {
    struct c4_ranks *ranks; /* NULL: the worker is a process of this one */
    int rank, number;       /* of a worker elsewhere: which of its rank's */
    struct c4_worker_process process;
    bool news, closed; /* of a worker elsewhere: bytes have arrived; it has ended, as `end` says */
    struct c4_worker_end end;
};

/* A channel without a worker: to one of this machine, or to number `number` of a rank. */
void c4_channel_local(struct c4_channel *channel);
void c4_channel_remote(struct c4_channel *channel, struct c4_ranks *ranks, int rank, int number);

/* Starts the worker, who may use `count` PUs of its machine (0: not bound). Errors: those of
 * c4_worker_start(), or of c4_ranks_send() (repro/ranks/ranks.h): there a worker that cannot be
 * started ends the study. */
enum c4_status c4_channel_start(struct c4_channel *channel, const int *pu, int count);

/* c4_message_write(). A worker that has ended takes nothing, and that is no error: its end is read.
 * Errors: those of c4_ranks_write(); the message would be waited for without an end. */
enum c4_status c4_channel_write(struct c4_channel *channel, enum c4_message_kind kind,
                                const struct c4_message_part *parts, int count);

/* To wait for bytes with poll(); -1: they arrive by c4_ranks_pump(). */
int c4_channel_descriptor(const struct c4_channel *channel);

/* Takes what has arrived: once from a pipe (c4_inbox_read()). *open is set to false if the worker
 * has ended. */
enum c4_status c4_channel_read(struct c4_channel *channel, bool *open);

/* c4_inbox_next() */
bool c4_channel_next(struct c4_channel *channel, struct c4_message *message);

/* Bytes for c4_channel_read(), and the end of them, from the worker's rank. C4_ERR_MEMORY. */
enum c4_status c4_channel_deliver(struct c4_channel *channel, const unsigned char *bytes,
                                  size_t size_bytes);
void c4_channel_end(struct c4_channel *channel, const struct c4_worker_end *end);

/* Closes the pipes, which tells a worker of this process to end; one elsewhere is ended by its
 * rank's end, and what it still sends is dropped. So is what has not been taken. */
void c4_channel_dismiss(struct c4_channel *channel);

/* c4_worker_reap(), or what was delivered. */
void c4_channel_reap(struct c4_channel *channel, double patience_seconds,
                     struct c4_worker_end *end);

#endif
