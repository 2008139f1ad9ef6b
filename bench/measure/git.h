/* What git says of the checkout around the working directory. */
#ifndef C4_BENCH_MEASURE_GIT_H
#define C4_BENCH_MEASURE_GIT_H

#include <stdbool.h>

#include "core/base/status.h"

/* Runs git with the arguments (NULL after the last). *output is new text, the last newline removed,
 * to be released with free(); *ok is whether git exists and succeeded. Statuses of
 * c4_children_wait(), with *output NULL. */
enum c4_status c4_git(const char *const *arguments, char **output, bool *ok);

/* The full hash of a revision's commit, new text; NULL if there is no such revision, or no
 * checkout. */
enum c4_status c4_git_commit(const char *revision, char **commit);

/* The commit's time of committing, as 2026-11-29T12:00:00Z, new text; NULL as above. */
enum c4_status c4_git_date(const char *commit, char **date_utc);

/* The checkout's top folder, new text; NULL without a checkout that has a work tree. */
enum c4_status c4_git_root(char **folder);

#endif
