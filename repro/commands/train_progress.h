/* conv4 train --progress: a file of JSON lines that says how far a training is, for programs that
 * watch it or time it (bench scale). */
#ifndef C4_REPRO_COMMANDS_TRAIN_PROGRESS_H
#define C4_REPRO_COMMANDS_TRAIN_PROGRESS_H

#include <stdint.h>

#include "core/file/json.h"

struct c4_train_progress {
    struct c4_json_lines *lines; /* NULL: nobody asked */
    const char *pass;            /* "train" or "evaluate" */
    uint64_t epoch;              /* from 1 */
    uint32_t total;              /* images of the pass */
    int64_t written_ns;
};

/* Creates or empties the file. Errors of c4_json_lines_open(). */
enum c4_status c4_train_progress_open(struct c4_train_progress *progress, const char *path);

/* Begins a pass over `total` images: adds the line of its start, which has "images" 0. */
enum c4_status c4_train_progress_begin(struct c4_train_progress *progress, const char *pass,
                                       uint64_t epoch, uint32_t total);

/* After a batch: {"clock_ns", "pass", "epoch", "images"} with the images done in this pass. At most
 * one line in ten milliseconds, but always one at the end of a pass. clock_ns is c4_clock_ns(), the
 * same clock in all processes of a machine. Without a file it does nothing, like the function
 * above. */
enum c4_status c4_train_progress_update(struct c4_train_progress *progress, uint32_t images);

enum c4_status c4_train_progress_close(struct c4_train_progress *progress);

#endif
