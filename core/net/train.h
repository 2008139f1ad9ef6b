/* Training and evaluation of one network on one data set, epoch by epoch (paper, section 3; batches
 * and evaluation as the authors' code has them). */
#ifndef C4_NET_TRAIN_H
#define C4_NET_TRAIN_H

#include <stdbool.h>

#include "core/base/rng.h"
#include "core/base/status.h"
#include "core/data/dataset.h"
#include "core/op/step.h"

/* C4_ERR_FAILED for a training whose loss is not finite, and never was before if `at_start`: then
 * no learning rate is to blame. `where` is the step, as "epoch 1, batch 2". */
enum c4_status c4_train_fail(const char *where, bool at_start, double lr);

/* Asked after every batch: images done in this pass so far. Anything but C4_OK ends the pass with
 * that status. */
typedef enum c4_status c4_pass_watch(void *context, uint32_t images_done);

/* What a pass works on and with. */
struct c4_pass {
    const struct c4_step_api *step;
    struct c4_plan *plan; /* state loaded; max_batch >= batch */
    const struct c4_dataset *data;
    const uint8_t *labels; /* [data->count]: the data set's own, or drawn ones */
    int batch;
    c4_pass_watch *watch; /* may be NULL */
    void *watch_context;
};

struct c4_pass_result {
    double loss;     /* training: unweighted mean of the minibatch losses; else mean over images */
    double accuracy; /* share of hits: while the weights move (training), or of fixed weights */
    uint32_t images, batches;
    double seconds;
};

/* One epoch of SGD over every image once: order drawn by (seed, shuffle, epoch), batches of
 * pass->batch, the last partial one kept. A loss that is not finite is C4_ERR_FAILED. */
enum c4_status c4_train_epoch(const struct c4_pass *pass, const struct c4_sgd *sgd, uint64_t seed,
                              enum c4_rng_purpose shuffle, uint32_t epoch,
                              struct c4_pass_result *result);

/* Forward over images begin .. begin+count-1 in file order; the first batch begins at `begin`.
 * features may be NULL; features[layer] (or NULL) receives [count, c4_layer_features(layer)]. A
 * range that the data set does not have is C4_ERR_USAGE, a loss that is not finite
 * C4_ERR_FAILED. */
enum c4_status c4_evaluate(const struct c4_pass *pass, enum c4_bn_statistics statistics,
                           uint32_t begin, uint32_t count, struct c4_pass_result *result,
                           float *const features[C4_LAYERS]);

#endif
