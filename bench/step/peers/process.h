/* A peer as a process of its own: lines to its standard input, JSON objects, one a line, back. */
#ifndef C4_BENCH_STEP_PEERS_PROCESS_H
#define C4_BENCH_STEP_PEERS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <jansson.h>

#include "core/base/status.h"

struct c4_peer_process {
    pid_t pid;    /* also of its process group; 0: none */
    int to, from; /* pipes; -1: none */
    char *line;   /* what came of the next answer so far */
    size_t used, capacity;
    char log[512]; /* file with what it writes to standard error */
};

/* How an answer came out. */
enum c4_peer_answer {
    C4_PEER_ANSWERED,
    C4_PEER_REFUSED,    /* it answered {"error": sentence}: it cannot do this here */
    C4_PEER_BROKEN,     /* it died, was silent for too long, or said what is not a JSON object */
    C4_PEER_INTERRUPTED /* c4_interrupted() */
};

/* Starts argv[0] (found by PATH) with `environment` ("NAME=value", NULL ends it) added to this
 * process's, from which variables that steer threads and allocation are taken; confined to `count`
 * PUs (0: as the calling thread). It leads a process group, so that signals from the terminal do
 * not reach it. C4_ERR_FAILED if there are no processes or pipes; a program that cannot be
 * started ends with status 127. From now on this process ignores SIGPIPE. */
enum c4_status c4_peer_process_start(struct c4_peer_process *peer, char *const *argv,
                                     const char *const *environment, const int *pu, int count,
                                     const char *log);

/* Writes a line (without the newline; NULL: none) and waits for the answer. C4_PEER_ANSWERED:
 * *answer is a new JSON object. C4_PEER_REFUSED and C4_PEER_BROKEN: `reason` is a sentence without
 * a full stop, and the process has ended. */
enum c4_peer_answer c4_peer_process_ask(struct c4_peer_process *peer, const char *line,
                                        double patience_seconds, json_t **answer, char *reason,
                                        size_t size);

/* Asks it to end, waits for `patience_seconds` and ends its whole group. Safe on one that is gone.
 */
void c4_peer_process_stop(struct c4_peer_process *peer, double patience_seconds);

#endif
