/* conv4 train --batches: a fixed sequence of steps that other programs can repeat. */
#ifndef C4_REPRO_COMMANDS_TRAIN_BATCHES_H
#define C4_REPRO_COMMANDS_TRAIN_BATCHES_H

#include <stdbool.h>

#include "core/file/json.h"
#include "core/op/step.h"
#include "repro/commands/task.h"

struct c4_batches {
    uint8_t *images, *labels; /* [steps, batch, 3, 32, 32], [steps, batch] */
    int steps, batch;
};

/* Whether `text` names a file. A number asks for the first batches of epoch 1 instead. */
bool c4_train_batches_is_file(const char *text);

/* Takes batches from a safetensors or NPZ file (`images` U8 [steps, batch, 3, 32, 32] and `labels`
 * integers [steps, batch], 0..9), or the first N batches of the task's epoch 1. */
enum c4_status c4_train_batches_open(const char *text, const struct c4_task *task, uint64_t seed,
                                     int batch, struct c4_batches *batches);
void c4_train_batches_close(struct c4_batches *batches);

/* Runs the steps in order; prints and logs {"step", "loss", "hits", "images"} for each, the loss
 * being that before the step's update; adds to *steps_done. Calls c4_interrupted() after each step,
 * and nothing else does until the program ends: bench/exact counts a step's instructions between
 * two of these calls. */
enum c4_status c4_train_batches_run(const struct c4_batches *batches,
                                    const struct c4_step_api *step, struct c4_plan *plan,
                                    const struct c4_sgd *sgd, struct c4_json_lines *log,
                                    uint64_t *steps_done);

#endif
