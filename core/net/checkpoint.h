/* A network on disk: one safetensors file with PyTorch's names and shapes. Networks from elsewhere
 * may also be NPZ files.
 *
 * Tensors: the 26 of conv4.h ("conv1.weight" ... "bn4.running_var") in F32 or F64 (F16 and BF16 are
 * also read), and per block "bn<b>.num_batches_tracked" (I64 scalar), so that PyTorch's
 * load_state_dict() takes the file as it is. A checkpoint to resume from also holds
 * "momentum.<name>" for the 18 learned tensors.
 * Metadata: conv4.version, conv4.arithmetic, conv4.order, conv4.backend, conv4.seed, conv4.epoch,
 * conv4.batches, conv4.data (SHA-256 of the training set). With an experiment also its values as
 * conv4.experiment.<name>, and conv4.sha256 of all metadata and values. Files from elsewhere need
 * no metadata. */
#ifndef C4_NET_CHECKPOINT_H
#define C4_NET_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/net/experiment.h"
#include "core/op/conv4.h"

enum c4_checkpoint_sum { C4_SUM_ABSENT, C4_SUM_RIGHT, C4_SUM_WRONG };

struct c4_checkpoint {
    double state[C4_STATE_COUNT];
    double momentum[C4_LEARNED_COUNT];
    bool has_momentum;
    bool wide; /* tensors are F64, as from the double reference */

    bool has_order; /* the file states its block order */
    enum c4_order order;
    char backend[16]; /* "" if unknown */
    uint64_t seed;
    uint64_t epoch;   /* epochs done */
    uint64_t batches; /* steps done */
    char data_sha256[65];
    struct c4_experiment experiment; /* empty: the file has none, or is to have none */
    enum c4_checkpoint_sum sum;      /* after reading: whether the file is as it was written */
};

/* Almost 2 MB, hence on the heap. NULL if out of memory (c4_fail was called). */
struct c4_checkpoint *c4_checkpoint_new(void);
void c4_checkpoint_free(struct c4_checkpoint *checkpoint);

/* Atomic; the same checkpoint gives the same bytes. C4_ERR_FAILED if a value is not finite; then
 * nothing is written. */
enum c4_status c4_checkpoint_write(const char *path, const struct c4_checkpoint *checkpoint);

/* Fills *checkpoint. C4_ERR_DATA: a missing, misshapen or non-finite tensor, a negative
 * bn<b>.running_var, another element type, metadata of conv4 with a value that conv4 does not
 * write, or another arithmetic version; the sentence names file and tensor. A wrong sum is left for
 * the caller to judge: the weights may have been changed on purpose. */
enum c4_status c4_checkpoint_read(const char *path, struct c4_checkpoint *checkpoint);

/* To be called before computing in float: C4_ERR_DATA if a value of the state read from `path` is
 * beyond a float's range. The sentence names tensor, element and value. */
enum c4_status c4_checkpoint_fits_float(const char *path, const struct c4_checkpoint *checkpoint);

#endif
