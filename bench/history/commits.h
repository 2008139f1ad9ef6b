/* What git knows of the commits of a history. Without git, or outside of a checkout, nothing. */
#ifndef C4_BENCH_HISTORY_COMMITS_H
#define C4_BENCH_HISTORY_COMMITS_H

#include <stdbool.h>

#include "core/base/status.h"

/* Lines of git, newest first. */
struct c4_commits {
    char **line;
    int count;
    int more; /* further ones that are not in `line` */
};

/* Whether a word is a full hash: 40 hexadecimal digits, in small letters. */
bool c4_commit_is_hash(const char *word);

/* The commits that `last` has and `after` has not, as "abbreviated hash subject", at most `most` of
 * them; control characters of subjects become blanks. None if either is no full hash or not in the
 * checkout. Statuses of c4_git(), C4_ERR_MEMORY. c4_commits_free() in every case. */
enum c4_status c4_commits_between(const char *after, const char *last, int most,
                                  struct c4_commits *commits);

/* The full hashes of all ancestors of a revision, itself excluded, each after its descendants.
 * C4_ERR_DATA: there is no such revision here; others as above. c4_commits_free() in every case. */
enum c4_status c4_commits_ancestors(const char *revision, struct c4_commits *commits);

void c4_commits_free(struct c4_commits *commits);

#endif
