/* conv4 train --checkpoint: the description of a training that is stored with its network, and the
 * check whether a checkpoint belongs to the same training. */
#ifndef C4_REPRO_COMMANDS_TRAIN_RESUME_H
#define C4_REPRO_COMMANDS_TRAIN_RESUME_H

#include <stdio.h>

#include "core/net/checkpoint.h"
#include "repro/commands/task.h"
#include "repro/session/engine.h"

/* Reads the checkpoint at `path` into *net and checks that train wrote it and that it was not
 * changed since. C4_ERR_USAGE: it has no momentum, or more epochs than `epochs`. C4_ERR_DATA: as
 * c4_checkpoint_read(), or its SHA-256 is wrong. The file is not changed. */
enum c4_status c4_train_resume_read(const char *path, uint64_t epochs, struct c4_checkpoint *net);

/* For a backend that has a choice, fixes engine->kernels for training with batches of `batch`
 * images: --onednn-conv if it is given, or else those that *began (may be NULL) has stored, or else
 * the fastest by measurement. `kernels` is their storage. */
enum c4_status c4_train_choose_kernels(const struct c4_args *args, struct c4_engine *engine,
                                       int batch, const struct c4_checkpoint *began,
                                       char kernels[C4_KERNELS_SIZE]);

/* Describes what determines the bits of a training: images, labels, SGD, protocol, initial weights
 * (`initial` [C4_STATE_COUNT]; those of the seed unless `init` names their file), and the kind of
 * arithmetic. Threads, and the choice among bit-exact backends, are not part of it. */
enum c4_status c4_train_experiment(const struct c4_args *args, const struct c4_engine *engine,
                                   const struct c4_task *task, const char *init,
                                   const double *initial, struct c4_experiment *experiment);

/* C4_ERR_USAGE if *began, read from `path`, belongs to another experiment than `now`; the sentence
 * lists each value that differs. A checkpoint of version 0.1.0 has only seed, order, backend and
 * images: these are compared, and `messages` gets a line about the others. Another version of the
 * backend's library is also just a line. */
enum c4_status c4_train_same_experiment(const char *path, const struct c4_checkpoint *began,
                                        const struct c4_experiment *now,
                                        const struct c4_engine *engine, const struct c4_task *task,
                                        uint64_t seed, FILE *messages);

#endif
