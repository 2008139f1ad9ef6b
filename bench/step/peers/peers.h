/* Other software that trains the same network, each variant in a separate process: the scripts of
 * bench/step/peers/, which are embedded in the program. */
#ifndef C4_BENCH_STEP_PEERS_PEERS_H
#define C4_BENCH_STEP_PEERS_PEERS_H

#include "bench/peers/peer_state.h"
#include "bench/peers/process.h"
#include "bench/step/peers/values.h"

enum { C4_PEERS_MAX = 8 };

/* Names of all variants, NULL-terminated, and the same as one comma-separated list. */
extern const char *const c4_peer_names[];
extern const char c4_peer_all[];

struct c4_peer {
    const char *name; /* one of c4_peer_names */
    enum c4_peer_state state;
    struct c4_text reason; /* why, unless measured */
    struct c4_peer_process process;
    json_t *ready;         /* its first line; NULL: none came */
    struct c4_text origin; /* "torch 2.13.0, onednn 3.12; eager, NCHW; memory kept"; empty if not
                            * ready */
    struct c4_text log;    /* its path */
    bool kept;             /* glibc keeps freed memory instead of returning it to the system */
    double loss_error, features_error; /* relative, of the values compared */
};

struct c4_peers {
    struct c4_peer peer[C4_PEERS_MAX];
    int count;
    struct c4_text folder; /* temporary: scripts, weights, batches, logs; empty if there is none */
    const char *python;
    double patience_seconds;    /* for each answer */
    struct c4_peer_values want; /* the reference's, and what is timed */
};

/* Makes the folder and computes the reference's values, from `state` (core/op/conv4.h) and
 * C4_PEER_STEPS consecutive batches of config->max_batch images. Before the call, `python`,
 * `patience_seconds` and of `want` what is timed are set and the rest is 0. Call c4_peers_close()
 * also after an error. */
enum c4_status c4_peers_open(struct c4_peers *peers, const struct c4_plan_config *config,
                             const double *state, const uint8_t *images, const uint8_t *labels);

/* Starts the peer `name`, one of c4_peer_names, on the `count` PUs of `pu` (0: unbound), waits
 * until it is ready and checks its values (values.h). A peer's own
 * failure goes into its state. Errors: no process can be started, no memory, a signal. */
enum c4_status c4_peers_add(struct c4_peers *peers, const char *name,
                            const struct c4_plan_config *config, const int *pu, int count);

/* Trains or evaluates for about `seconds` (0: one step). *steps >= 1, or 0 if the peer has failed,
 * now or before; *ns is the time from request to answer by this process's clock. Errors: a signal.
 */
enum c4_status c4_peer_sample(struct c4_peer *peer, double patience_seconds, double seconds,
                              int64_t *steps, int64_t *ns);

/* C4_OK, or the error of the peer in the worst state: C4_ERR_RESULT if it is void, C4_ERR_FAILED if
 * it failed, C4_ERR_ENVIRONMENT if it is absent and `all` were required or none was measured. */
enum c4_status c4_peers_verdict(const struct c4_peers *peers, bool all);

/* Ends the processes and removes the folder. */
void c4_peers_close(struct c4_peers *peers);

#endif
