/* A network on disk: one safetensors file with PyTorch's names and shapes. Files of others may be
 * NPZ files as well.
 *
 * Tensors: the 26 of conv4.h ("conv1.weight" ... "bn4.running_var") in F32 or F64 (read are F16 and
 * BF16, too), and per block
 * "bn<b>.num_batches_tracked" (I64 scalar) so that Python's load_state_dict() takes the file as it
 * is. A checkpoint to resume from also holds "momentum.<name>" for the 18 learned tensors.
 * Metadata: conv4.version, conv4.arithmetic, conv4.order, conv4.backend, conv4.seed, conv4.epoch,
 * conv4.batches, conv4.data (SHA-256 of the training set). With an experiment also its values as
 * conv4.experiment.<name>, and conv4.sha256 of all metadata and values. Files of others need none
 * of it.
 */
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
    bool wide; /* tensors are F64: what the double reference leaves */

    bool has_order; /* the file says which block order it was trained with */
    enum c4_order order;
    char backend[16]; /* "" if unknown */
    uint64_t seed;
    uint64_t epoch;   /* epochs done */
    uint64_t batches; /* steps done */
    char data_sha256[65];
    struct c4_experiment experiment; /* empty: the file does not say, or is not to say */
    enum c4_checkpoint_sum sum;      /* of a file that was read: whether it is as it was written */
};

/* Half a megabyte to two: on the heap. NULL without memory (c4_fail was called). */
struct c4_checkpoint *c4_checkpoint_new(void);
void c4_checkpoint_free(struct c4_checkpoint *checkpoint);

/* Atomic; the same checkpoint gives the same bytes. A value that is not finite is C4_ERR_FAILED and
 * nothing is written. */
enum c4_status c4_checkpoint_write(const char *path, const struct c4_checkpoint *checkpoint);

/* Fills *checkpoint. A missing, misshapen or non-finite tensor, a negative bn<b>.running_var, other
 * element types, metadata of
 * ours with values that we do not write and another arithmetic version are C4_ERR_DATA; the
 * sentence names file and tensor. A wrong sum is for the caller to judge: somebody may have
 * changed the weights on purpose. */
enum c4_status c4_checkpoint_read(const char *path, struct c4_checkpoint *checkpoint);

/* For whoever computes in float: C4_ERR_DATA if a value of the state that was read from `path` is
 * beyond what a float holds. The sentence names tensor, element and value. */
enum c4_status c4_checkpoint_fits_float(const char *path, const struct c4_checkpoint *checkpoint);

#endif
