/* Other software that computes CKA, each in a process of its own: the scripts of bench/cka/peers/,
 * which are embedded in the program. */
#ifndef C4_BENCH_CKA_PEERS_PEERS_H
#define C4_BENCH_CKA_PEERS_PEERS_H

#include "bench/peers/peer_state.h"
#include "bench/peers/process.h"

enum { C4_CKA_PEERS = 3, C4_CKA_PEER_VALUES = 3 };

/* Names of all peers, NULL-terminated, and the same as one comma-separated list. */
extern const char *const c4_cka_peer_names[];
extern const char c4_cka_peer_all[];

/* The Python module of a peer. */
const char *c4_cka_peer_module(int peer);

/* Whether the peer has a product, and computes from files. */
bool c4_cka_peer_multiplies(int peer);

struct c4_cka_peer {
    enum c4_peer_state state;
    struct c4_text reason; /* why, unless measured */
    struct c4_peer_process process;
    json_t *ready;         /* its first line; NULL: none came */
    struct c4_text origin; /* versions and algorithm; empty if not ready */
    struct c4_text log;    /* its path */
};

struct c4_cka_peers {
    bool wanted[C4_CKA_PEERS];
    struct c4_cka_peer peer[C4_CKA_PEERS];
    struct c4_text folder; /* temporary: scripts, arrays, logs; empty if there is none */
    const char *python;
    double patience_seconds; /* for each answer */
};

/* Makes the folder with the scripts. Before the call `python`, `patience_seconds` and `wanted` are
 * set and the rest is 0. c4_cka_peers_close() also after an error. */
enum c4_status c4_cka_peers_open(struct c4_cka_peers *peers);

/* Starts the wanted peers with this number of threads on the `count` PUs of `pu` (0: unbound), one
 * after another, and waits until they are ready; those of before are stopped. A peer's own failure
 * goes into its state. Errors: no process can be started, no memory, a signal. */
enum c4_status c4_cka_peers_start(struct c4_cka_peers *peers, int threads, const int *pu,
                                  int count);

/* These three change the state of a peer that fails, and do nothing for one that is not in state
 * C4_PEER_MEASURED. Errors: a signal, no memory. */

/* Reads the arrays of `sides` sides from the folder. */
enum c4_status c4_cka_peer_load(struct c4_cka_peers *peers, int peer, int sides);

/* `subject` is "value" (biased and debiased CKA) or "product" (trace, squared Frobenius norm and
 * the last row's first element). *count is how many values came, at most C4_CKA_PEER_VALUES; those
 * that are not finite are NaN. */
enum c4_status c4_cka_peer_check(struct c4_cka_peers *peers, int peer, const char *subject,
                                 double values[C4_CKA_PEER_VALUES], int *count);

/* Runs for about `seconds`, at least once. *runs >= 1, or 0 if the peer has failed, now or before;
 * *own_ns by its clock, *asked_ns from request to answer by this process's. */
enum c4_status c4_cka_peer_sample(struct c4_cka_peers *peers, int peer, const char *subject,
                                  double seconds, int64_t *runs, int64_t *own_ns,
                                  int64_t *asked_ns);

/* Ends the processes and removes the folder. */
void c4_cka_peers_close(struct c4_cka_peers *peers);

#endif
