/* conv4 train --log-json: a header, then a line for each epoch or step. The log of a training that
 * goes on is gone on with, so that it has every epoch once however often the training was killed.
 */
#ifndef C4_REPRO_COMMANDS_TRAIN_LOG_H
#define C4_REPRO_COMMANDS_TRAIN_LOG_H

#include "core/file/json.h"
#include "core/net/checkpoint.h"
#include "core/net/train.h"

/* Opens the log at `path` and writes the header, with net->experiment as "experiment" if there is
 * any. If `resumed`, a log of the same training stays up to net->epoch, and keeps its header.
 * C4_ERR_USAGE: what is there is not its log; it stays as it is. The header is left to the caller,
 * who closes *log also on failure. */
enum c4_status c4_train_log_open(const char *path, const struct c4_checkpoint *net, bool resumed,
                                 json_t *header, struct c4_json_lines **log);

/* Appends the line of an epoch: its training, and the evaluations after it. */
enum c4_status c4_train_log_epoch(struct c4_json_lines *log, uint64_t epoch,
                                  const struct c4_pass_result *trained,
                                  const struct c4_pass_result *train,
                                  const struct c4_pass_result *test);

#endif
