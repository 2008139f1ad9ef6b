/* A command of this program, run to its end in a process of its own, for the JSON that it prints.
 */
#ifndef C4_BENCH_SCALE_COMMAND_H
#define C4_BENCH_SCALE_COMMAND_H

#include <jansson.h>

#include "bench/measure/child.h"

/* Appends how a child ended, after "conv4 train" or the like: "was killed by signal 9", "ended with
 * status 1: " and the last line of `log`, or "could not be started". C4_ERR_MEMORY. */
enum c4_status c4_command_end(const struct c4_child *child, const char *log, struct c4_text *how);

/* Runs argv, confined to `count` PUs (0: not), with standard error to the file `log`. *told is a
 * new object. `what` begins the sentence of C4_ERR_FAILED: it failed, took ten minutes, or printed
 * no object. Else the errors of c4_child_start_placed() and c4_children_wait(). */
enum c4_status c4_command_json(char *const *argv, const int *pu, int count, const char *log,
                               const char *what, json_t **told);

#endif
