#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/history/report.h"
#include "bench/history/words.h"

/* The newest commit's point; -1: the series has none. */
static int point_of(const struct c4_trends *trends, const struct c4_trend *trend) {
    int i = trend->series->points - 1;
    while (i >= 0 && strcmp(trend->series->line[i]->commit, trends->newest_commit) != 0) i--;
    return i;
}

static void write_range(FILE *out, const struct c4_trend *trend, int index) {
    const struct c4_history_line *line = trend->series->line[index];
    double half = (line->high - line->low) / 2;
    if (isfinite(half)) fprintf(out, "± %.3g", half);
}

static void write_extra(FILE *out, const struct c4_trend *trend, int index) {
    const struct c4_history_line *line = trend->series->line[index];
    fputs("commit ", out);
    c4_write_commit(out, line->commit);
    fprintf(out, ", %d sample%s, ", line->samples, line->samples == 1 ? "" : "s");
    c4_write_plain(out, line->machine);
}

/* The key keeps machines apart, as the action compares by name. */
static json_t *json_of(const struct c4_trends *trends, const struct c4_trend *trend, int index) {
    const struct c4_history_line *line = trend->series->line[index];
    char *range = c4_words_of(write_range, trend, index);
    char *extra = c4_words_of(write_extra, trend, index);
    json_t *entry = NULL;
    json_t *name = c4_history_name(trends, trend);
    if (range && extra)
        entry = json_pack("{s:O, s:s, s:O, s:s, s:s}", "name", name, "unit", line->unit, "value",
                          json_object_get(line->json, "median"), "range", range, "extra", extra);
    json_decref(name);
    free(range);
    free(extra);
    return entry;
}

enum c4_status c4_history_github(const struct c4_trends *trends, json_t **json) {
    bool whole = true;
    *json = json_array();
    for (int i = 0; i < trends->count && whole; i++) {
        const struct c4_trend *trend = &trends->trend[i];
        int point = point_of(trends, trend);
        if (point >= 0) whole = json_array_append_new(*json, json_of(trends, trend, point)) == 0;
    }
    if (whole && *json) return C4_OK;
    json_decref(*json);
    *json = NULL;
    return c4_fail(C4_ERR_MEMORY, "out of memory for a history as JSON");
}
