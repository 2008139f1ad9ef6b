#include "bench/history/series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two texts, either of which may be missing. */
static bool are_equal(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool c4_history_same_series(const struct c4_history_line *a, const struct c4_history_line *b) {
    return a->batch == b->batch && a->threads == b->threads && strcmp(a->row, b->row) == 0 &&
           strcmp(a->benchmark, b->benchmark) == 0 && strcmp(a->unit, b->unit) == 0 &&
           strcmp(a->environment, b->environment) == 0 && are_equal(a->counter, b->counter);
}

/* Puts the line into its place, or in the place of an earlier record of the same commit. `line` has
 * room for it. */
static void insert(struct c4_history_series *series, const struct c4_history_line *line) {
    for (int i = 0; i < series->points; i++) {
        const struct c4_history_line *there = series->line[i];
        if (strcmp(there->commit, line->commit) != 0) continue;
        if (strcmp(line->recorded_utc, there->recorded_utc) >= 0) series->line[i] = line;
        return;
    }
    int at = series->points++;
    for (; at > 0 && strcmp(series->line[at - 1]->committed_utc, line->committed_utc) > 0; at--)
        series->line[at] = series->line[at - 1];
    series->line[at] = line;
}

static enum c4_status add_series(const struct c4_history *history, int first,
                                 struct c4_history_all *all) {
    int room = 0;
    struct c4_history_series *series = &all->series[all->count];
    for (int i = first; i < history->count; i++)
        room += c4_history_same_series(&history->line[first], &history->line[i]);
    *series = (struct c4_history_series){calloc((size_t)room, sizeof(void *)), 0};
    if (!series->line) return c4_fail(C4_ERR_MEMORY, "out of memory for a history's series");
    all->count++;
    for (int i = first; i < history->count; i++)
        if (c4_history_same_series(&history->line[first], &history->line[i]))
            insert(series, &history->line[i]);
    return C4_OK;
}

static bool is_new(const struct c4_history_all *all, const struct c4_history_line *line) {
    for (int i = 0; i < all->count; i++)
        if (c4_history_same_series(all->series[i].line[0], line)) return false;
    return true;
}

enum c4_status c4_history_series_of(const struct c4_history *history, struct c4_history_all *all) {
    *all = (struct c4_history_all){calloc((size_t)history->count + 1, sizeof *all->series), 0};
    if (!all->series) return c4_fail(C4_ERR_MEMORY, "out of memory for a history's series");
    for (int i = 0; i < history->count; i++)
        if (is_new(all, &history->line[i])) C4_TRY(add_series(history, i, all));
    return C4_OK;
}

void c4_history_all_free(struct c4_history_all *all) {
    for (int i = 0; i < all->count; i++) free(all->series[i].line);
    free(all->series);
    *all = (struct c4_history_all){0};
}

void c4_history_series_title(const struct c4_history_line *line, char *title, size_t size) {
    char batch[32] = "", threads[32] = "";
    if (line->batch > 0) snprintf(batch, sizeof batch, ", batch %d", line->batch);
    if (line->threads > 0)
        snprintf(threads, sizeof threads, ", %d thread%s", line->threads,
                 line->threads == 1 ? "" : "s");
    snprintf(title, size, "%s%s%s", line->row, batch, threads);
}
