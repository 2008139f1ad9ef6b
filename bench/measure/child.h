/* Programs run to their end, one or two at the same time, their standard output kept. */
#ifndef C4_BENCH_MEASURE_CHILD_H
#define C4_BENCH_MEASURE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/base/text.h"

struct c4_child {
    pid_t pid; /* of its process group, too; 0: none */
    int out;   /* its standard output; -1: closed */
    char *text;
    size_t used, capacity; /* `text` ends with NUL */
    int status;            /* as waitpid() has it */
};

/* Starts argv[0] with no input and standard error to /dev/null, confined to one PU (by its OS
 * index; -1: as this thread). Signals from the terminal do not reach it; on Linux it is killed when
 * this process ends. C4_ERR_FAILED: no processes or pipes. A program that cannot be started ends
 * with status 127. */
enum c4_status c4_child_start(struct c4_child *child, char *const *argv, int pu);

/* The same, unconfined, with standard error to the new file `log`. Errors of making that as well.
 */
enum c4_status c4_child_start_logged(struct c4_child *child, char *const *argv, const char *log);

/* The same, confined to `count` PUs, and without the variables that make an OpenMP runtime bind its
 * threads elsewhere. */
enum c4_status c4_child_start_placed(struct c4_child *child, char *const *argv, const int *pu,
                                     int count, const char *log);

/* Whether it has ended by itself; then `status` is set, and there is nothing to wait for. */
bool c4_child_ended(struct c4_child *child);

/* Appends the last line of the file that is not blank, such as a program's error; "" without. */
void c4_last_line(const char *path, struct c4_text *line);

/* Waits until `count` children have ended. C4_ERR_FAILED after `patience_seconds`,
 * C4_ERR_INTERRUPTED and C4_ERR_TERMINATED by c4_interrupted(), C4_ERR_MEMORY: all of them are
 * killed. */
enum c4_status c4_children_wait(struct c4_child *children, int count, double patience_seconds);

/* Ends what still runs and releases the text; a zeroed child is allowed. */
void c4_child_free(struct c4_child *child);

#endif
