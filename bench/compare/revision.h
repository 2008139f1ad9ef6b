/* Programs of git revisions, built where nothing of the checkout is touched. */
#ifndef C4_BENCH_COMPARE_REVISION_H
#define C4_BENCH_COMPARE_REVISION_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/status.h"

enum { C4_PROGRAM_PATH_SIZE = 4096 };

/* The program that `word` stands for: a path that exists (or a name without a slash that no
 * revision has) as it is; otherwise a revision of the git checkout of the working directory, as
 * HEAD~1 or a tag, which is built in build/compare/<commit> of that checkout unless it was before,
 * by what `cmake` and `git` on PATH are. `report` gets a line before a build.
 *
 * C4_ERR_DATA: neither, with what git says; C4_ERR_FAILED: it cannot be built (the sentence names
 * the log); C4_ERR_INTERRUPTED, C4_ERR_TERMINATED, C4_ERR_MEMORY, C4_ERR_USAGE: the path is too
 * long. */
enum c4_status c4_revision_program(const char *word, void (*report)(const char *line),
                                   char program[C4_PROGRAM_PATH_SIZE]);

#endif
