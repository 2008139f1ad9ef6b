/* Other people's software that trains the same network, each variant in a process of its own:
 * scripts of bench/step/peers/, which travel inside the program. */
#ifndef C4_BENCH_STEP_PEERS_PEERS_H
#define C4_BENCH_STEP_PEERS_PEERS_H

#include "bench/step/peers/process.h"
#include "core/op/step.h"

/* Steps whose losses are compared with ref64's before a peer is timed. */
enum { C4_PEER_STEPS = 3, C4_PEERS_MAX = 8 };

/* Names of all variants, NULL behind the last, and the same as one list. */
extern const char *const c4_peer_names[];
extern const char c4_peer_all[];

enum c4_peer_state {
    C4_PEER_MEASURED, /* or ready to be */
    C4_PEER_ABSENT,   /* it cannot run here, and says why */
    C4_PEER_FAILED,   /* it died, hung or spoke nonsense, or has other threads than it was given */
    C4_PEER_VOID      /* its losses differ from the double reference */
};

struct c4_peer {
    const char *name; /* one of c4_peer_names */
    enum c4_peer_state state;
    char reason[400]; /* unless measured */
    struct c4_peer_process process;
    json_t *ready;    /* what its first line told; NULL: it never got so far */
    char origin[200]; /* "torch 2.13.0, onednn 3.12; eager, NCHW; memory kept"; "" if not ready */
    bool kept;        /* glibc is told to keep memory instead of giving it back after each step */
    double loss_error;
};

struct c4_peers {
    struct c4_peer peer[C4_PEERS_MAX];
    int count;
    char folder[64]; /* temporary: scripts, weights, batches, logs; "" if there is none */
    const char *python;
    double patience_seconds;    /* for each answer */
    double want[C4_PEER_STEPS]; /* the reference's losses */
};

/* With python, patience_seconds set and the rest 0: makes the folder and the reference's losses,
 * from `state` (conv4.h) and C4_PEER_STEPS batches of config->max_batch images that follow each
 * other. c4_peers_close() in every case. */
enum c4_status c4_peers_open(struct c4_peers *peers, const struct c4_plan_config *config,
                             const double *state, const uint8_t *images, const uint8_t *labels);

/* Starts the peer of that name on `pu` (count 0: unbound), waits until it is ready and checks its
 * losses, each within 1e-5 of the reference's. What is wrong with the peer goes into its state.
 * Errors: no process, memory, a signal. */
enum c4_status c4_peers_add(struct c4_peers *peers, const char *name,
                            const struct c4_plan_config *config, const int *pu, int count);

/* Steps for about `seconds` (0: one step). *steps >= 1, or 0 if the peer failed, which it then is
 * for good; *ns is this process's clock from the question to the answer. Errors: a signal. */
enum c4_status c4_peer_sample(struct c4_peer *peer, double patience_seconds, double seconds,
                              int64_t *steps, int64_t *ns);

/* "" or a sentence on the worst state there is; the status that belongs to it: a void peer is
 * C4_ERR_RESULT, a failed one C4_ERR_FAILED, an absent one C4_ERR_ENVIRONMENT if `all` of them were
 * to be there or none is, else C4_OK. */
enum c4_status c4_peers_verdict(const struct c4_peers *peers, bool all);

const char *c4_peer_state_name(enum c4_peer_state state); /* "measured", "absent", ... */

/* Ends the processes and removes the folder. */
void c4_peers_close(struct c4_peers *peers);

/* The interpreter: `given` unless NULL, else $C4_PEERS_PYTHON, else peers-venv/bin/python beside
 * the build's folder, else "python3". At most `size` bytes. */
void c4_peers_python(const char *given, char *path, size_t size);

#endif
