/* Which recorded commit a later one is to be compared with. */
#ifndef C4_BENCH_HISTORY_BASE_H
#define C4_BENCH_HISTORY_BASE_H

#include "bench/history/series.h"

/* Whether a commit's training step had grown beyond what is accepted: in a series of benchmark step
 * in instructions its value exceeds (1 + share) times that of the last commit before it that had
 * not, and its line accepts nothing. A series' first commit has not. */
bool c4_history_has_grown(const struct c4_history_all *all, const char *commit, double share);

/* *commit is the newest ancestor of a git revision, itself excluded, that is recorded and has not
 * grown: new text. C4_ERR_DATA: there is none. Statuses of c4_commits_ancestors(). */
enum c4_status c4_history_base(const struct c4_history *history, const char *revision, double share,
                               char **commit);

#endif
