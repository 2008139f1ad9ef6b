/* A peer as a separate process: a line to its standard input, a JSON object on a line back. */
#ifndef C4_BENCH_PEERS_PROCESS_H
#define C4_BENCH_PEERS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <jansson.h>

#include "core/base/text.h"

struct c4_peer_process {
    pid_t pid;    /* also of its process group; 0: none */
    int to, from; /* pipes; -1: none */
    char *line;   /* the part of the next answer that has arrived */
    size_t used, capacity;
    const char *log; /* path of the file that receives its standard error; kept by the caller */
};

/* Outcome of a request. */
enum c4_peer_answer {
    C4_PEER_ANSWERED,
    C4_PEER_REFUSED,    /* it answered {"error": sentence}: it cannot do this here */
    C4_PEER_BROKEN,     /* it died, did not answer in time, or not with a JSON object */
    C4_PEER_INTERRUPTED /* c4_interrupted() */
};

/* Starts argv[0] (found by PATH), bound to the `count` PUs of `pu` (0: as the calling thread). Its
 * environment is this process's without variables that control threads and allocation, plus
 * `environment` ("NAME=value", NULL-terminated). It leads its own process group, so that signals
 * from the terminal do not reach it. C4_ERR_FAILED if no process, pipe or log file can be made;
 * C4_ERR_MEMORY. `log` has to live as long as the process. A program that cannot be executed ends
 * with status 127. From now on this process ignores SIGPIPE. */
enum c4_status c4_peer_process_start(struct c4_peer_process *peer, char *const *argv,
                                     const char *const *environment, const int *pu, int count,
                                     const char *log);

/* Writes a line (without the newline; NULL: none) and waits for the answer. C4_PEER_ANSWERED:
 * *answer is a new JSON object, and the peer's process group is stopped (SIGSTOP) until the next
 * call of this function or of c4_peer_process_stop(), or the end of this process. C4_PEER_REFUSED
 * and C4_PEER_BROKEN: `reason` is a sentence without a full stop (or lost, if memory ran out), and
 * the process has ended. */
enum c4_peer_answer c4_peer_process_ask(struct c4_peer_process *peer, const char *line,
                                        double patience_seconds, json_t **answer,
                                        struct c4_text *reason);

/* Asks the peer to quit, waits up to `patience_seconds` and kills its process group. Does nothing
 * if it has ended. */
void c4_peer_process_stop(struct c4_peer_process *peer, double patience_seconds);

#endif
