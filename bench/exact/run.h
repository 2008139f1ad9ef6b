/* Programs that are asked for exact values: finding, running, and how they ended. */
#ifndef C4_BENCH_EXACT_RUN_H
#define C4_BENCH_EXACT_RUN_H

#include "bench/measure/child.h"

enum { C4_EXACT_WORDS = 64 };

/* Begin with {0}. The words stay the caller's. */
struct c4_exact_command {
    const char *word[C4_EXACT_WORDS + 1]; /* ends with NULL */
    int count;
};

/* Appends words up to a NULL, which must be the last argument. More than C4_EXACT_WORDS in all are
 * a mistake of the caller's, and the process is aborted. */
__attribute__((sentinel)) void c4_exact_words(struct c4_exact_command *command, ...);

/* *path = a new copy of the name of an executable file: `name` itself if it has a slash, else where
 * PATH has it; NULL: there is none. C4_ERR_MEMORY. */
enum c4_status c4_exact_locate(const char *name, char **path);

/* Begins a command that runs what is appended under a tool of valgrind ("--tool=..."). Of the
 * environment's variables it passes on only PATH, LD_LIBRARY_PATH, TMPDIR and VALGRIND_LIB. The
 * program binds its symbols when it starts. No file or variable of the user's adds an option to
 * valgrind's. */
void c4_exact_valgrind(struct c4_exact_command *command, const char *tool);

/* Runs a command to its end. *ended = its exit status, 128 + N for signal N, or -1 if it could not
 * be started or took more than an hour. child->text is what it has printed, NULL if that is
 * nothing; c4_child_free() in every case. c4_interrupted()'s status after a signal, and
 * C4_ERR_MEMORY: the process is ended. */
enum c4_status c4_exact_run(const struct c4_exact_command *command, struct c4_child *child,
                            int *ended);

#endif
