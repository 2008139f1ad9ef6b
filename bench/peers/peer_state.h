/* What became of a peer, and what it says of itself. */
#ifndef C4_BENCH_PEERS_PEER_STATE_H
#define C4_BENCH_PEERS_PEER_STATE_H

#include "bench/peers/process.h"

enum c4_peer_state {
    C4_PEER_MEASURED, /* or ready to be */
    C4_PEER_ABSENT,   /* it cannot run here */
    C4_PEER_FAILED,   /* it died, hung, broke the protocol or runs on the wrong number of threads */
    C4_PEER_VOID      /* its results differ from what they have to be */
};

const char *c4_peer_state_name(enum c4_peer_state state); /* "measured", "absent", ... */

/* Turns an answer into the peer's state; the caller goes on if that is C4_PEER_MEASURED. Errors: a
 * signal, or no memory for the reason. */
enum c4_status c4_peer_settle(enum c4_peer_answer answer, enum c4_peer_state *state,
                              struct c4_text *reason);

/* C4_OK for a measured peer, else "peer NAME (void): REASON": C4_ERR_RESULT if it is void,
 * C4_ERR_FAILED if it failed, C4_ERR_ENVIRONMENT if it is absent. */
enum c4_status c4_peer_verdict(const char *name, enum c4_peer_state state, const char *reason);

/* Appends what its first line says of versions and algorithm, and whether glibc keeps its memory:
 * "torch 2.13.0, onednn 3.12; eager, NCHW; memory kept". C4_ERR_MEMORY. */
enum c4_status c4_peer_tell_origin(const json_t *ready, bool kept, struct c4_text *origin);

#endif
