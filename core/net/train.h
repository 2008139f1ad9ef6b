/* Training and evaluation of one network on one data set, epoch by epoch (paper, section 3; batches
 * and evaluation as in the authors' code). */
#ifndef C4_NET_TRAIN_H
#define C4_NET_TRAIN_H

#include <stdbool.h>

#include "core/base/rng.h"
#include "core/base/status.h"
#include "core/data/dataset.h"
#include "core/op/step.h"

/* C4_ERR_FAILED for a loss that is not finite. `at_start`: it is the first loss of all, so that the
 * learning rate is not to blame. `where` names the step, as "epoch 1, batch 2". */
enum c4_status c4_train_fail(const char *where, bool at_start, double lr);

/* Called after every batch with the number of images done in this pass. Any status but C4_OK ends
 * the pass with that status. */
typedef enum c4_status c4_pass_watch(void *context, uint32_t images_done);

/* What a pass over a data set needs. */
struct c4_pass {
    const struct c4_step_api *step;
    struct c4_plan *plan; /* state loaded; max_batch >= batch */
    const struct c4_dataset *data;
    const uint8_t *labels; /* [data->count]: the data set's own or random ones */
    int batch;
    c4_pass_watch *watch; /* may be NULL */
    void *watch_context;
};

struct c4_pass_result {
    double loss;     /* training: unweighted mean of the minibatch losses; else mean over images */
    double accuracy; /* share of hits; in training with the weights of each batch's step */
    uint32_t images, batches;
    double seconds;
};

/* One epoch of SGD over every image once: in the order drawn from (seed, shuffle, epoch), in
 * batches of pass->batch, the last one possibly smaller. C4_ERR_FAILED: a loss is not finite. */
enum c4_status c4_train_epoch(const struct c4_pass *pass, const struct c4_sgd *sgd, uint64_t seed,
                              enum c4_rng_purpose shuffle, uint32_t epoch,
                              struct c4_pass_result *result);

/* Forward over images begin .. begin+count-1 in file order; the first batch begins at `begin`.
 * features may be NULL; features[layer] (or NULL) receives [count, c4_layer_features(layer)].
 * C4_ERR_USAGE: the range is not within the data set; C4_ERR_FAILED: a loss is not finite. */
enum c4_status c4_evaluate(const struct c4_pass *pass, enum c4_bn_statistics statistics,
                           uint32_t begin, uint32_t count, struct c4_pass_result *result,
                           float *const features[C4_LAYERS]);

#endif
