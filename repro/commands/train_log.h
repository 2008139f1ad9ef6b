/* conv4 train --log-json: a header, then a line for each epoch or step. When training resumes, its
 * log is continued, so that it has every epoch exactly once, however often training was killed. */
#ifndef C4_REPRO_COMMANDS_TRAIN_LOG_H
#define C4_REPRO_COMMANDS_TRAIN_LOG_H

#include "core/file/json.h"
#include "core/net/checkpoint.h"
#include "core/net/train.h"

/* Opens the log at `path` and writes the header, with net->experiment as "experiment" if there is
 * any. If `resumed`, an existing log of the same training keeps its header and its lines up to
 * net->epoch. C4_ERR_USAGE: the existing file is not its log, and is left unchanged. The caller
 * releases the header, and closes *log also on failure. */
enum c4_status c4_train_log_open(const char *path, const struct c4_checkpoint *net, bool resumed,
                                 json_t *header, struct c4_json_lines **log);

/* Appends the line of an epoch: its training, and the evaluations after it. */
enum c4_status c4_train_log_epoch(struct c4_json_lines *log, uint64_t epoch,
                                  const struct c4_pass_result *trained,
                                  const struct c4_pass_result *train,
                                  const struct c4_pass_result *test);

#endif
