/* A whole training step, behind an opaque plan.
 *
 * A plan owns everything a backend keeps between steps: weights in its own layout, momentum,
 * running statistics, the tape, primitives, scratch. It takes batches of 1..max_batch images and
 * may build parts for a new batch size at its first use. Only one caller may use a plan at a time;
 * a call runs `threads` OpenMP threads. Backends with c4_backend.bit_exact give the same bits for
 * every number of threads.
 *
 * Values cross this interface in double, whatever type a backend computes in: float values survive
 * unchanged, and the double reference loses nothing.
 */
#ifndef C4_OP_STEP_H
#define C4_OP_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/caches.h"
#include "core/base/status.h"
#include "core/op/conv4.h"

struct c4_plan_config {
    enum c4_order order;
    enum c4_conv_algorithm conv;
    int max_batch;           /* >= 1 */
    int threads;             /* >= 1 */
    struct c4_caches caches; /* of one core */
    /* Which of several kernels for the same sums to use; only backends with choose() read it. NULL
     * or "auto": the fastest as measured. Otherwise what choose() wrote, or another word that the
     * backend knows. Read by create() only. */
    const char *kernels;
};

enum { C4_KERNELS_SIZE = 32 }; /* bytes of a choice's text, with its NUL */

struct c4_batch {
    const uint8_t *images; /* [n, 3, 32, 32] */
    const uint8_t *labels; /* [n], 0..9 */
    int n;
    /* [n, C4_PATCH_SUMS] of the images (core/op/stem.h), or NULL: a step that needs them then
     * computes them. */
    const int32_t *patch_sums;
};

struct c4_sgd {
    double lr, momentum;
};

enum c4_bn_statistics {
    C4_BN_BATCH,  /* normalise by the evaluated batch itself (the authors' evaluation) */
    C4_BN_RUNNING /* normalise by the running statistics */
};

struct c4_step_result {
    double loss; /* mean over the batch; may be NaN or infinite: the caller decides */
    int hits;    /* images whose largest logit (smallest index on ties) is the label */
};

struct c4_plan; /* each backend's own */

/* Time and cost of one phase of a step, for benchmarks. */
struct c4_phase_time {
    const char *name;                             /* a word; outlives the plan */
    double seconds;                               /* since the last call, of thread 0 */
    double flops_nominal, flops_performed, bytes; /* per image */
};

struct c4_step_api {
    bool reads_patch_sums; /* a bn-relu step is faster if its batch has patch sums; the bits
                              are the same */

    enum c4_status (*create)(const struct c4_plan_config *config, struct c4_plan **plan);
    void (*destroy)(struct c4_plan *plan); /* NULL allowed */

    /* Optional (NULL: unknown). Bytes of memory that the plan's layout takes: weights, momentum,
     * gradients, tape and scratch of all threads, without the plan's own descriptor and the
     * rounding of the whole to pages. The same for every plan of the same configuration. */
    size_t (*planned_bytes)(const struct c4_plan *plan);

    /* state [C4_STATE_COUNT] in the canonical vector of conv4.h; momentum [C4_LEARNED_COUNT], or
     * NULL for zeros. Values are rounded to the backend's type. */
    enum c4_status (*load)(struct c4_plan *plan, const double *state, const double *momentum);

    /* Writes the current state, and the momentum unless NULL. */
    enum c4_status (*store)(const struct c4_plan *plan, double *state, double *momentum);

    /* Forward with batch statistics, backward, and with `sgd` the update of parameters and running
     * statistics (mean + conv bias where that bias is not added; unbiased variance). sgd NULL:
     * gradients only, the state does not change. */
    enum c4_status (*step)(struct c4_plan *plan, const struct c4_batch *batch,
                           const struct c4_sgd *sgd, struct c4_step_result *result);

    /* Forward only; the state does not change. features may be NULL; features[layer] (or NULL)
     * receives [n, c4_layer_features(layer)] floats, maps as NHWC. */
    enum c4_status (*evaluate)(struct c4_plan *plan, const struct c4_batch *batch,
                               enum c4_bn_statistics statistics, struct c4_step_result *result,
                               float *const features[C4_LAYERS]);

    /* Values by name, for tests: "grad" [C4_LEARNED_COUNT] in canonical layout, of the last step();
     * of the last step() or evaluate(): "logits" [n, 10], and for block b = 1..4 "mean<b>",
     * "var<b>" [64]; and of a step() that no evaluate() has followed, for block b: "conv<b>" raw
     * output [n, h, w, 64] (after ReLU in relu-bn), "selected<b>", "arg<b>", "pool<b>" [n, h/2,
     * w/2, 64]. After an evaluate() a backend either has these of the evaluation or refuses them:
     * its features are the pooled maps. *count receives the number of values. C4_ERR_USAGE if the
     * backend does not keep that name, not after an evaluate(), or `capacity` is too small. */
    enum c4_status (*read)(const struct c4_plan *plan, const char *name, double *values,
                           size_t capacity, size_t *count);

    /* Optional, both or neither (NULL): where a backend that runs a step in phases spends its time.
     * time_phases() switches the clocks on or off (off in a new plan; then they cost nothing) and
     * sets all times to 0. phases() tells of steps, or of evaluations if one was the last call. It
     * writes up to `capacity` phases in the order in which a step (an evaluation) first enters
     * them, stores their total number in *count, and sets their times to 0. seconds cover all steps
     * (evaluations) since the last call of either, from entering a phase to leaving its barrier;
     * with the clocks off they are 0. Nominal FLOPs are those of core/cost/op_cost.h
     * (c4_pass_cost), so that they add up to c4_step_cost() (c4_evaluation_cost()); performed FLOPs
     * and bytes (traffic beyond a core's L2 cache, with the features that the last evaluation
     * wrote) are the backend's own counts. Neither call changes a bit of any result. */
    enum c4_status (*phases)(const struct c4_plan *plan, struct c4_phase_time *phases, int capacity,
                             int *count);
    void (*time_phases)(struct c4_plan *plan, bool on);

    /* Optional, both or neither: for a backend whose results depend on which of several kernels it
     * uses. choose() writes the choice that a plan of this configuration makes for max_batch
     * images, measured if config->kernels leaves it open; given to other plans as their `kernels`,
     * it fixes their choice for all batch sizes. C4_ERR_USAGE if config->kernels is not a choice.
     * describe(): the kernels of a step of max_batch images, one line per operation; the text lives
     * until the plan's next call. */
    enum c4_status (*choose)(const struct c4_plan_config *config, char kernels[C4_KERNELS_SIZE]);
    enum c4_status (*describe)(struct c4_plan *plan, const char **text);
};

#endif
