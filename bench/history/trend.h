/* Each series of a history with its change points. */
#ifndef C4_BENCH_HISTORY_TREND_H
#define C4_BENCH_HISTORY_TREND_H

#include "bench/history/commits.h"
#include "bench/history/series.h"
#include "core/stats/change_points.h"

struct c4_history_change {
    int index;            /* of the first point behind it */
    double before, after; /* means since the change before and up to the next; exact: both values */
    double p;             /* NAN: exact */
    const struct c4_commits *commits;
};

struct c4_trend {
    const struct c4_history_series *series;
    const struct c4_history_line *newest;
    char *title;    /* c4_history_series_title(), with what tells it from others of its machine */
    double *median; /* [series->points] */
    bool exact;     /* all points are */
    double newest_change; /* newest / mean of the values before it since the last change - 1;
                             NAN: none are, or their mean is 0 */
    struct c4_history_change *change; /* in ascending order */
    int changes;
};

/* The commits between two of a history; several changes may have the same ones. */
struct c4_history_span {
    const char *after, *last;
    struct c4_commits commits;
};

struct c4_trends {
    const struct c4_history *history;
    struct c4_change_options options;
    struct c4_trend *trend; /* one machine after the other, each in the order of the series */
    int count, machines;
    int commits;               /* different ones in the history */
    const char *newest_commit; /* committed last; of equal times the first in the history */
    struct c4_history_span *span;
    int spans;
};

/* The trends of all series of a history with at least one line; both have to outlive them. Change
 * points are c4_change_points() of the medians; where all values are exact, each value that differs
 * from the one before by more than options->min_magnitude (as there) is one. Statuses are those of
 * c4_change_points(). c4_trends_free() in every case. */
enum c4_status c4_trends_of(const struct c4_history *history, const struct c4_history_all *all,
                            const struct c4_change_options *options, struct c4_trends *trends);

/* Asks git for at most `most` commits of each change: what its commit has and the series' commit
 * before has not. Before that, and where git does not know them, a change has none. Once only.
 * Statuses are those of c4_commits_between(). */
enum c4_status c4_trends_add_commits(struct c4_trends *trends, int most);

/* Whether a trend is the first one of its machine. */
bool c4_trend_opens_machine(const struct c4_trends *trends, int index);

void c4_trends_free(struct c4_trends *trends);

#endif
