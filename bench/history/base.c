#include "bench/history/base.h"

#include <stdlib.h>
#include <string.h>

#include "bench/history/commits.h"

/* Of one series: the value that later ones are measured by moves along with accepted growth only.
 */
static bool has_grown(const struct c4_history_series *series, const char *commit, double share) {
    double last = series->line[0]->median;
    for (int i = 0; i < series->points; i++) {
        const struct c4_history_line *line = series->line[i];
        bool grown = line->median > last * (1 + share) && !line->accepted;
        if (strcmp(line->commit, commit) == 0) return grown;
        if (!grown) last = line->median;
    }
    return false;
}

bool c4_history_has_grown(const struct c4_history_all *all, const char *commit, double share) {
    for (int i = 0; i < all->count; i++) {
        const struct c4_history_line *first = all->series[i].line[0];
        if (strcmp(first->benchmark, "step") == 0 && strcmp(first->unit, "instructions") == 0 &&
            has_grown(&all->series[i], commit, share))
            return true;
    }
    return false;
}

static bool is_recorded(const struct c4_history *history, const char *commit) {
    for (int i = 0; i < history->count; i++)
        if (strcmp(history->line[i].commit, commit) == 0) return true;
    return false;
}

enum c4_status c4_history_base(const struct c4_history *history, const char *revision, double share,
                               char **commit) {
    struct c4_history_all all;
    struct c4_commits ancestors = {0};
    *commit = NULL;
    enum c4_status status = c4_history_series_of(history, &all);
    if (status == C4_OK) status = c4_commits_ancestors(revision, &ancestors);
    for (int i = 0; i < ancestors.count && status == C4_OK && !*commit; i++) {
        if (!is_recorded(history, ancestors.line[i]) ||
            c4_history_has_grown(&all, ancestors.line[i], share))
            continue;
        *commit = strdup(ancestors.line[i]);
        if (!*commit) status = c4_fail(C4_ERR_MEMORY, "out of memory for a commit's name");
    }
    c4_commits_free(&ancestors);
    c4_history_all_free(&all);
    if (status != C4_OK || *commit) return status;
    return c4_fail(C4_ERR_DATA,
                   "no ancestor of %s is recorded, or none that has not grown without a reason: "
                   "conv4 bench record does it",
                   revision);
}
