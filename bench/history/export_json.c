#include <math.h>

#include "bench/history/report.h"
#include "core/file/json.h"

static json_t *count_or_null(int count) {
    return count > 0 ? json_integer(count) : json_null();
}

/* The line as it was read, less what all of its series share. */
static json_t *json_of_point(const struct c4_history_line *line) {
    static const char *const shared[] = {"schema",  "version", "benchmark", "row",        "batch",
                                         "threads", "unit",    "exact",     "environment"};
    json_t *point = json_copy(line->json);
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) json_object_del(point, shared[i]);
    return point;
}

static json_t *json_of_points(const struct c4_history_series *series) {
    json_t *points = json_array();
    for (int i = 0; i < series->points; i++)
        json_array_append_new(points, json_of_point(series->line[i]));
    return points;
}

static json_t *json_of_change(const struct c4_trend *trend,
                              const struct c4_history_change *change) {
    const struct c4_history_line *const *line = &trend->series->line[change->index];
    json_t *commits = json_array();
    for (int i = 0; i < change->commits->count; i++)
        json_array_append_new(commits, c4_json_text(change->commits->line[i]));
    double share = change->before == 0 ? (double)NAN : change->after / change->before - 1;
    return json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:i}", "index", change->index,
                     "commit", line[0]->commit, "committed_utc", line[0]->committed_utc,
                     "commit_before", line[-1]->commit, "before", c4_json_real(change->before),
                     "after", c4_json_real(change->after), "change", c4_json_real(share), "p",
                     c4_json_real(change->p), "commits", commits, "commits_not_listed",
                     change->commits->more);
}

static json_t *json_of_trend(const struct c4_trend *trend) {
    const struct c4_history_line *line = trend->newest;
    json_t *changes = json_array();
    for (int i = 0; i < trend->changes; i++)
        json_array_append_new(changes, json_of_change(trend, &trend->change[i]));
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:b, s:{s:s, s:s}, s:o, s:o, s:o, s:o}",
                     "title", trend->title, "benchmark", line->benchmark, "row", line->row, "batch",
                     count_or_null(line->batch), "threads", count_or_null(line->threads), "unit",
                     line->unit, "exact", (int)trend->exact, "environment", "key",
                     line->environment, "text", line->machine, "newest", c4_json_real(line->median),
                     "newest_change", c4_json_real(trend->newest_change), "change_points", changes,
                     "points", json_of_points(trend->series));
}

enum c4_status c4_history_json(const struct c4_trends *trends, json_t **json) {
    json_t *series = json_array();
    for (int i = 0; i < trends->count; i++)
        json_array_append_new(series, json_of_trend(&trends->trend[i]));
    *json = json_pack("{s:s, s:i, s:s, s:s, s:{s:f, s:f, s:i}, s:i, s:o}", "schema",
                      "conv4-history-report", "version", 1, "conv4", C4_VERSION, "newest_commit",
                      trends->newest_commit, "change_options", "max_p", trends->options.max_p,
                      "min_change", trends->options.min_magnitude, "window", trends->options.window,
                      "commits", trends->commits, "series", series);
    return *json ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory for a history as JSON");
}
