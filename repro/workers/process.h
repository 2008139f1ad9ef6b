/* A worker as its coordinator sees it: a process and two pipes. */
#ifndef C4_REPRO_WORKERS_PROCESS_H
#define C4_REPRO_WORKERS_PROCESS_H

#include <sys/types.h>

#include "repro/workers/message.h"

struct c4_worker_process {
    pid_t pid;    /* 0: none */
    int to, from; /* pipes; -1: none */
    struct c4_inbox inbox;
    size_t taken;
};

/* Starts this program as a worker, confined to `count` PUs (0: left where it is). The other ends of
 * earlier workers' pipes are not inherited. C4_ERR_FAILED. */
enum c4_status c4_worker_start(struct c4_worker_process *worker, const int *pu, int count);

/* Closes the pipes, which tells the worker to end. */
void c4_worker_dismiss(struct c4_worker_process *worker);

/* Waits for the end of a worker whose pipes are closed, kills it after `patience_seconds`, and says
 * in words how it ended: "was ended by signal 9 (Killed)" or "ended with status 1". */
void c4_worker_reap(struct c4_worker_process *worker, double patience_seconds, char *how,
                    size_t size);

#endif
