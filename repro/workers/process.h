/* A worker as its coordinator sees it: a process and two pipes. */
#ifndef C4_REPRO_WORKERS_PROCESS_H
#define C4_REPRO_WORKERS_PROCESS_H

#include <sys/types.h>

#include "core/host/memory_limit.h"
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

/* Raises this process's limit of open files for the pipes of so many workers, as far as the system
 * allows; what it does not allow is said by the start of the worker that it meets. */
void c4_worker_allow(int workers);

/* Closes the pipes, which tells the worker to end. */
void c4_worker_dismiss(struct c4_worker_process *worker);

/* How a worker ended. A plain value. */
struct c4_worker_end {
    int status;    /* exit status; -1: none */
    char how[96];  /* "was killed by signal 9 (Killed)", "exited with status 1", ... */
    char why[256]; /* c4_worker_explain()'s sentence */
};

/* Waits for a worker whose pipes are closed, kills it after `patience_seconds`, and says how it
 * ended; end->why is "". */
void c4_worker_reap(struct c4_worker_process *worker, double patience_seconds,
                    struct c4_worker_end *end);

/* Signal 9 says nothing by itself: most often the system is out of memory. Sets end->why, if that
 * is how the worker ended, and brings `kills`, counted before, up to date
 * (core/host/memory_limit.h). */
void c4_worker_explain(struct c4_worker_end *end, struct c4_memory_kills *kills);

#endif
