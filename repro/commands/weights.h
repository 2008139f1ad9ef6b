/* The weights that a command starts with: those of --init or of --seed. */
#ifndef C4_REPRO_COMMANDS_WEIGHTS_H
#define C4_REPRO_COMMANDS_WEIGHTS_H

#include <stdio.h>

#include "core/cli/option.h"
#include "core/net/checkpoint.h"
#include "repro/session/engine.h"

/* Fills net->state for `engine`. With --init, all of *net is read from the file; `messages` gets a
 * line if it is a checkpoint that was changed since it was written. C4_ERR_USAGE: the file says
 * that it was trained with another block order. Otherwise as c4_checkpoint_read() and, unless the
 * engine computes in double, c4_checkpoint_fits_float(). */
enum c4_status c4_weights_read(const struct c4_args *args, const struct c4_engine *engine,
                               struct c4_checkpoint *net, FILE *messages);

#endif
