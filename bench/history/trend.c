#include "bench/history/trend.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TITLE_MORE = 80 }; /* bytes of a title besides the row's name */

static const struct c4_commits no_commits;

static enum c4_status no_memory(void) {
    return c4_fail(C4_ERR_MEMORY, "out of memory for a history's trends");
}

static bool same_machine(const struct c4_trend *a, const struct c4_trend *b) {
    return strcmp(a->newest->environment, b->newest->environment) == 0;
}

/* The larger relative difference, from either side, as change_points.h has it. */
static double magnitude(double before, double after) {
    double forward = before == 0 ? 0 : after / before - 1;
    double backward = after == 0 ? 0 : before / after - 1;
    return fmax(fabs(forward), fabs(backward));
}

static void exact_changes(struct c4_trend *trend, double least) {
    for (int i = 1; i < trend->series->points; i++) {
        double before = trend->median[i - 1], after = trend->median[i];
        if (before == after || !(magnitude(before, after) > least)) continue;
        trend->change[trend->changes++] = (struct c4_history_change){
            .index = i, .before = before, .after = after, .p = NAN, .commits = &no_commits};
    }
}

static enum c4_status tested_changes(struct c4_trend *trend,
                                     const struct c4_change_options *options) {
    int points = trend->series->points;
    struct c4_change_point *point = calloc((size_t)points, sizeof *point);
    if (!point) return no_memory();
    enum c4_status status =
        c4_change_points(trend->median, points, options, point, &trend->changes);
    for (int i = 0; i < trend->changes; i++)
        trend->change[i] = (struct c4_history_change){.index = point[i].index,
                                                      .before = point[i].before,
                                                      .after = point[i].after,
                                                      .p = point[i].p,
                                                      .commits = &no_commits};
    free(point);
    return status;
}

static double change_of_newest(const struct c4_trend *trend) {
    int newest = trend->series->points - 1;
    int first = trend->changes > 0 ? trend->change[trend->changes - 1].index : 0;
    double sum = 0;
    for (int i = first; i < newest; i++) sum += trend->median[i];
    return newest > first && sum > 0 ? trend->median[newest] * (newest - first) / sum - 1
                                     : (double)NAN;
}

static enum c4_status make_trend(const struct c4_history_series *series,
                                 const struct c4_change_options *options, struct c4_trend *trend) {
    size_t points = (size_t)series->points;
    *trend = (struct c4_trend){.series = series,
                               .newest = series->line[points - 1],
                               .median = calloc(points, sizeof *trend->median),
                               .change = calloc(points, sizeof *trend->change),
                               .exact = true};
    if (!trend->median || !trend->change) return no_memory();
    for (size_t i = 0; i < points; i++) {
        trend->median[i] = series->line[i]->median;
        trend->exact = trend->exact && series->line[i]->exact;
    }
    if (trend->exact)
        exact_changes(trend, options->min_magnitude);
    else
        C4_TRY(tested_changes(trend, options));
    trend->newest_change = change_of_newest(trend);
    return C4_OK;
}

/* Whether another series of the machine differs in its unit, or else in its benchmark, but not in
 * what every title has. */
static bool is_ambiguous(const struct c4_trends *trends, const struct c4_trend *trend, bool unit) {
    const struct c4_history_line *a = trend->newest;
    for (int i = 0; i < trends->count; i++) {
        const struct c4_history_line *b = trends->trend[i].newest;
        if (same_machine(trend, &trends->trend[i]) && strcmp(a->row, b->row) == 0 &&
            a->batch == b->batch && a->threads == b->threads &&
            strcmp(unit ? a->unit : a->benchmark, unit ? b->unit : b->benchmark) != 0)
            return true;
    }
    return false;
}

static enum c4_status add_title(const struct c4_trends *trends, struct c4_trend *trend) {
    const struct c4_history_line *line = trend->newest;
    bool benchmark = is_ambiguous(trends, trend, false), unit = is_ambiguous(trends, trend, true);
    size_t length, size = strlen(line->row) + strlen(line->benchmark) + strlen(line->unit);
    size += TITLE_MORE;
    trend->title = malloc(size);
    if (!trend->title) return no_memory();
    c4_history_series_title(line, trend->title, size);
    length = strlen(trend->title);
    snprintf(trend->title + length, size - length, "%s%s%s%s", benchmark ? ", bench " : "",
             benchmark ? line->benchmark : "", unit ? ", in " : "", unit ? line->unit : "");
    return C4_OK;
}

/* Machine by machine. */
static enum c4_status make_trends(const struct c4_history_all *all, struct c4_trends *trends) {
    for (int first = 0; first < all->count; first++) {
        const char *machine = all->series[first].line[0]->environment;
        bool seen = false;
        for (int i = 0; i < trends->count; i++)
            seen = seen || strcmp(trends->trend[i].newest->environment, machine) == 0;
        if (seen) continue;
        trends->machines++;
        for (int i = first; i < all->count; i++)
            if (strcmp(all->series[i].line[0]->environment, machine) == 0)
                C4_TRY(
                    make_trend(&all->series[i], &trends->options, &trends->trend[trends->count++]));
    }
    return C4_OK;
}

static int by_text(const void *a, const void *b) {
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static enum c4_status count_commits(const struct c4_history *history, struct c4_trends *trends) {
    const char **commit = calloc((size_t)history->count + 1, sizeof *commit);
    const struct c4_history_line *newest = history->line;
    if (!commit) return no_memory();
    for (int i = 0; i < history->count; i++) {
        const struct c4_history_line *line = &history->line[i];
        commit[i] = line->commit;
        if (strcmp(line->committed_utc, newest->committed_utc) > 0) newest = line;
    }
    qsort(commit, (size_t)history->count, sizeof *commit, by_text);
    for (int i = 0; i < history->count; i++)
        trends->commits += i == 0 || strcmp(commit[i], commit[i - 1]) != 0;
    trends->newest_commit = newest->commit;
    free(commit);
    return C4_OK;
}

enum c4_status c4_trends_of(const struct c4_history *history, const struct c4_history_all *all,
                            const struct c4_change_options *options, struct c4_trends *trends) {
    *trends = (struct c4_trends){.history = history,
                                 .options = *options,
                                 .trend = calloc((size_t)all->count + 1, sizeof *trends->trend)};
    if (!trends->trend) return no_memory();
    C4_TRY(count_commits(history, trends));
    C4_TRY(make_trends(all, trends));
    for (int i = 0; i < trends->count; i++) C4_TRY(add_title(trends, &trends->trend[i]));
    return C4_OK;
}

/* Many series change at the same commits, and each question to git is a process. */
static enum c4_status find_span(struct c4_trends *trends, const char *after, const char *last,
                                int most, const struct c4_commits **commits) {
    struct c4_history_span *span = trends->span;
    for (; span < trends->span + trends->spans; span++) {
        if (strcmp(span->after, after) != 0 || strcmp(span->last, last) != 0) continue;
        *commits = &span->commits;
        return C4_OK;
    }
    trends->spans++;
    *span = (struct c4_history_span){.after = after, .last = last};
    *commits = &span->commits;
    return c4_commits_between(after, last, most, &span->commits);
}

enum c4_status c4_trends_add_commits(struct c4_trends *trends, int most) {
    size_t changes = 0;
    for (int i = 0; i < trends->count; i++) changes += (size_t)trends->trend[i].changes;
    trends->span = calloc(changes + 1, sizeof *trends->span);
    if (!trends->span) return no_memory();
    trends->spans = 0;
    for (int i = 0; i < trends->count; i++) {
        struct c4_trend *trend = &trends->trend[i];
        for (int k = 0; k < trend->changes; k++) {
            struct c4_history_change *change = &trend->change[k];
            const struct c4_history_line *const *line = &trend->series->line[change->index];
            C4_TRY(find_span(trends, line[-1]->commit, line[0]->commit, most, &change->commits));
        }
    }
    return C4_OK;
}

bool c4_trend_opens_machine(const struct c4_trends *trends, int index) {
    return index == 0 || !same_machine(&trends->trend[index], &trends->trend[index - 1]);
}

void c4_trends_free(struct c4_trends *trends) {
    for (int i = 0; i < trends->count; i++) {
        struct c4_trend *trend = &trends->trend[i];
        free(trend->change);
        free(trend->median);
        free(trend->title);
    }
    for (int i = 0; i < trends->spans; i++) c4_commits_free(&trends->span[i].commits);
    free(trends->span);
    free(trends->trend);
    *trends = (struct c4_trends){0};
}
