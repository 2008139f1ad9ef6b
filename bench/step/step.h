/* Whole training steps, or evaluations: checked against the double reference, then timed in turn. A
 * runner is one of this program's backends or a peer. */
#ifndef C4_BENCH_STEP_STEP_H
#define C4_BENCH_STEP_STEP_H

#include <jansson.h>

#include "bench/measure/calibrate.h"
#include "bench/step/peers/peers.h"
#include "core/cost/op_cost.h"
#include "core/data/synthetic.h"

enum { C4_STEP_RUNNERS = 24, C4_STEP_PHASES = 32 };

/* Images of one sample, and its time by this process's clock. */
struct c4_step_sample {
    int64_t images, ns;
};

struct c4_step_runner {
    const char *name, *variant;
    const struct c4_step_api *api; /* NULL: a peer */
    struct c4_plan *plan;
    struct c4_peer *peer;  /* NULL: a backend */
    bool foreign;          /* other software: a peer, or a backend that is not bit-exact */
    double loss_error;     /* of the checked step, against ref64 */
    double features_error; /* of an evaluation: the largest relative norm of a layer's error; of a
                              peer, of a norm */
    const char *kernels;   /* a line for each operation; NULL: not described */
    struct c4_step_sample samples[C4_SAMPLES_MAX];
    int measured;                                /* after the run all samples, or 0 */
    struct c4_phase_time phases[C4_STEP_PHASES]; /* seconds per image */
    int phase_count;                             /* 0: not timed by phase */
};

struct c4_step_bench {
    struct c4_plan_config config;
    bool evaluates; /* by these statistics, writing the features of all layers, else it trains */
    enum c4_bn_statistics statistics;
    int samples;
    double sample_seconds;
    struct c4_dataset data;
    struct c4_batch batch;        /* the first images of data */
    double state[C4_STATE_COUNT]; /* initial weights of every check */
    /* An evaluation's: of the backend that runs, and of ref64 in a check. */
    float *features[C4_LAYERS], *want_features[C4_LAYERS];
    struct c4_step_runner runners[C4_STEP_RUNNERS];
    int count;
    struct c4_peers peers;
    struct c4_peak peak; /* sampled in turn with the runners, on the same number of threads */
};

/* Makes synthetic batches and initial weights. Before the call, config, evaluates, statistics,
 * samples and sample_seconds are set and the rest is 0. Call c4_step_bench_free() also after an
 * error. */
enum c4_status c4_step_bench_start(struct c4_step_bench *bench);
void c4_step_bench_free(struct c4_step_bench *bench);

/* Adds a backend: creates its plan and compares one step with ref64's. The loss may differ by 1e-5,
 * the update by 1e-2, both relative (selections that flip in float change single gradients by up to
 * 1e-3 of their size); of an evaluation the loss and each layer's features by 1e-5.
 * C4_ERR_RESULT if it differs more; it must not be timed then. */
enum c4_status c4_step_bench_add(struct c4_step_bench *bench, const char *name, const char *variant,
                                 const struct c4_step_api *api);

/* Adds the peer `name`; see c4_peers_add(). Before the first call, bench->peers.python and
 * patience_seconds are set. */
enum c4_status c4_step_bench_add_peer(struct c4_step_bench *bench, const char *name, const int *pu,
                                      int count);

/* Takes all samples, the runners in turn, then times the phases of backends that have them. `tick`
 * (may be NULL) is called after each sample with the number of samples so far. C4_ERR_USAGE without
 * a runner; C4_ERR_FAILED if a backend lacks samples; a peer's failure goes into its state;
 * c4_interrupted()'s status after a signal. */
enum c4_status c4_step_bench_run(struct c4_step_bench *bench, void (*tick)(void *context, int done),
                                 void *context);

/* Images/s over the samples taken, which are 1..C4_SAMPLES_MAX. */
struct c4_spread c4_step_runner_spread(const struct c4_step_runner *runner);

/* All runners as a JSON array, and the same as text on stdout. GFLOP/s are nominal: the operations
 * of direct convolution. In JSON, plan_bytes is c4_step_api.planned_bytes(), or null. */
json_t *c4_step_bench_json(const struct c4_step_bench *bench);
void c4_step_bench_print(const struct c4_step_bench *bench);

#endif
