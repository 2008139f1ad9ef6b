/* A worker as its coordinator sees it: a process and two pipes. */
#ifndef C4_REPRO_WORKERS_PROCESS_H
#define C4_REPRO_WORKERS_PROCESS_H

#include <sys/types.h>

#include "repro/workers/message.h"

enum { C4_WORKER_NOT_STARTED = 127 }; /* exit status of a worker that did not become this program */

struct c4_worker_process {
    pid_t pid;    /* 0: none */
    int to, from; /* pipes; -1: none */
    struct c4_inbox inbox;
    size_t taken;
};

/* Starts this program as a worker, bound to `count` PUs (0: not bound). The worker does not inherit
 * the pipes of earlier workers. C4_ERR_FAILED. */
enum c4_status c4_worker_start(struct c4_worker_process *worker, const int *pu, int count);

/* Closes the pipes, which tells the worker to end. */
void c4_worker_dismiss(struct c4_worker_process *worker);

/* Waits for a worker whose pipes are closed, kills it after `patience_seconds`, and describes in
 * `how` how it ended: "was killed by signal 9 (Killed)" or "exited with status 1". Returns its exit
 * status, -1 if it has none. */
int c4_worker_reap(struct c4_worker_process *worker, double patience_seconds, char *how,
                   size_t size);

#endif
