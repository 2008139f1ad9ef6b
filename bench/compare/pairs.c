#include "bench/compare/pairs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct c4_compared_row *find(struct c4_comparison *comparison, const char *name) {
    for (int i = 0; i < comparison->count; i++)
        if (strcmp(comparison->row[i].name, name) == 0) return &comparison->row[i];
    return NULL;
}

enum c4_status c4_comparison_row(struct c4_comparison *comparison, const char *name,
                                 struct c4_compared_row **row) {
    *row = find(comparison, name);
    if (*row) return C4_OK;
    if (comparison->count == comparison->capacity) {
        int capacity = comparison->capacity ? 2 * comparison->capacity : 64;
        struct c4_compared_row *grown = realloc(comparison->row, (size_t)capacity * sizeof *grown);
        if (!grown) return c4_fail(C4_ERR_MEMORY, "out of memory for the rows of a comparison");
        comparison->row = grown;
        comparison->capacity = capacity;
    }
    *row = &comparison->row[comparison->count++];
    memset(*row, 0, sizeof **row);
    snprintf((*row)->name, sizeof(*row)->name, "%s", name);
    return C4_OK;
}

static const struct c4_timing *timing_of(const struct c4_timings *timings, const char *name) {
    for (int i = 0; i < timings->count; i++)
        if (strcmp(timings->timing[i].name, name) == 0) return &timings->timing[i];
    return NULL;
}

enum c4_status c4_comparison_add(struct c4_comparison *comparison, const struct c4_timings *old,
                                 const struct c4_timings *new) {
    struct c4_compared_row *row;
    for (int i = 0; i < old->count; i++) {
        C4_TRY(c4_comparison_row(comparison, old->timing[i].name, &row));
        row->in[C4_OLD] = true;
    }
    for (int i = 0; i < new->count; i++) {
        C4_TRY(c4_comparison_row(comparison, new->timing[i].name, &row));
        row->in[C4_NEW] = true;
    }
    for (int i = 0; i < comparison->count; i++) {
        row = &comparison->row[i];
        const struct c4_timing *a = timing_of(old, row->name), *b = timing_of(new, row->name);
        if (!a || !b || row->count[C4_OLD] == C4_PAIRS_MOST) continue;
        row->seconds[C4_OLD][row->count[C4_OLD]++] = a->seconds;
        row->seconds[C4_NEW][row->count[C4_NEW]++] = b->seconds;
    }
    return C4_OK;
}

bool c4_row_in_both(const struct c4_compared_row *row) {
    return row->in[C4_OLD] && row->in[C4_NEW];
}

int c4_row_pairs(const struct c4_compared_row *row) {
    return row->count[C4_OLD] < row->count[C4_NEW] ? row->count[C4_OLD] : row->count[C4_NEW];
}

void c4_row_log_ratios(const struct c4_compared_row *row, double ratio[C4_PAIRS_MOST]) {
    for (int i = 0; i < c4_row_pairs(row); i++)
        ratio[i] = log(row->seconds[C4_NEW][i] / row->seconds[C4_OLD][i]);
}

int c4_comparison_rows(const struct c4_comparison *comparison) {
    int rows = 0;
    for (int i = 0; i < comparison->count; i++) rows += c4_row_in_both(&comparison->row[i]);
    return rows;
}

static enum c4_status judge_pairs(const struct c4_compared_row *row, int rows, double min_effect,
                                  struct c4_row_verdict *verdict) {
    double ratio[C4_PAIRS_MOST];
    c4_row_log_ratios(row, ratio);
    return c4_row_judge(ratio, c4_row_pairs(row), rows, min_effect, verdict);
}

static enum c4_status judge_apart(const struct c4_compared_row *row, int rows, double min_effect,
                                  struct c4_row_verdict *verdict) {
    double time[C4_SIDES][C4_PAIRS_MOST];
    for (int side = 0; side < C4_SIDES; side++)
        for (int i = 0; i < row->count[side]; i++) time[side][i] = log(row->seconds[side][i]);
    return c4_row_judge_apart(time[C4_OLD], row->count[C4_OLD], time[C4_NEW], row->count[C4_NEW],
                              rows, min_effect, verdict);
}

enum c4_status c4_comparison_judge(struct c4_comparison *comparison) {
    int rows = c4_comparison_rows(comparison);
    for (int i = 0; i < comparison->count; i++) {
        const struct c4_compared_row *row = &comparison->row[i];
        struct c4_row_verdict *verdict = &comparison->row[i].verdict;
        C4_TRY((comparison->apart ? judge_apart : judge_pairs)(row, rows, comparison->min_effect,
                                                               verdict));
        if (!comparison->mute) continue;
        verdict->change = C4_UNKNOWN;
        verdict->margin = 0;
    }
    return C4_OK;
}

int c4_comparison_with(const struct c4_comparison *comparison, enum c4_change change) {
    int count = 0;
    for (int i = 0; i < comparison->count; i++) {
        const struct c4_compared_row *row = &comparison->row[i];
        count += c4_row_in_both(row) && row->verdict.change == change;
    }
    return count;
}

bool c4_row_is_open(const struct c4_compared_row *row) {
    return c4_row_in_both(row) && row->verdict.change != C4_EQUAL;
}

void c4_comparison_free(struct c4_comparison *comparison) {
    free(comparison->row);
    *comparison = (struct c4_comparison){0};
}
