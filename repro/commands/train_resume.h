/* conv4 train --checkpoint: what a training is, kept with its network, and whether a checkpoint is
 * of the same one. */
#ifndef C4_REPRO_COMMANDS_TRAIN_RESUME_H
#define C4_REPRO_COMMANDS_TRAIN_RESUME_H

#include <stdio.h>

#include "core/net/checkpoint.h"
#include "repro/commands/engine.h"
#include "repro/commands/task.h"

/* Reads the checkpoint at `path` into *net and checks that train wrote it and that it is as it was
 * written. C4_ERR_USAGE: it has no momentum to go on with, or more epochs than `epochs`.
 * C4_ERR_DATA: c4_checkpoint_read(), or its sum is wrong. Nothing is changed. */
enum c4_status c4_train_resume_read(const char *path, uint64_t epochs, struct c4_checkpoint *net);

/* Fixes engine->kernels, for a backend that has a choice, to what training by batches of `batch`
 * images takes: --onednn-conv if it is given, or else what *began (NULL: nothing) has kept, or else
 * measured. `kernels` is the room for it. */
enum c4_status c4_train_choose_kernels(const struct c4_args *args, struct c4_engine *engine,
                                       int batch, const struct c4_checkpoint *began,
                                       char kernels[C4_KERNELS_SIZE]);

/* What decides the bits of a training: images, labels, SGD, protocol, first weights (`initial`
 * [C4_STATE_COUNT]; named by the seed unless `init` is the file they are from), and the kind of
 * arithmetic. Threads, and which of the bit-exact backends computes, are no part of it. */
enum c4_status c4_train_experiment(const struct c4_args *args, const struct c4_engine *engine,
                                   const struct c4_task *task, const char *init,
                                   const double *initial, struct c4_experiment *experiment);

/* C4_ERR_USAGE if *began, which lies at `path`, is of another experiment than `now`: the sentence
 * has each value that differs. Of a checkpoint of version 0.1.0, which kept but seed, order,
 * backend and images, these are compared, and `messages` gets a line on the others; another version
 * of the backend's library is a line, too. */
enum c4_status c4_train_same_experiment(const char *path, const struct c4_checkpoint *began,
                                        const struct c4_experiment *now,
                                        const struct c4_engine *engine, const struct c4_task *task,
                                        uint64_t seed, FILE *messages);

#endif
