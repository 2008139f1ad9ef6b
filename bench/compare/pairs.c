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

static enum c4_status row_of(struct c4_comparison *comparison, const char *name,
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
        C4_TRY(row_of(comparison, old->timing[i].name, &row));
        row->in_old = true;
    }
    for (int i = 0; i < new->count; i++) {
        C4_TRY(row_of(comparison, new->timing[i].name, &row));
        row->in_new = true;
    }
    for (int i = 0; i < comparison->count; i++) {
        row = &comparison->row[i];
        const struct c4_timing *a = timing_of(old, row->name), *b = timing_of(new, row->name);
        if (!a || !b || row->pairs == C4_PAIRS_MOST) continue;
        row->old_seconds[row->pairs] = a->seconds;
        row->new_seconds[row->pairs] = b->seconds;
        row->log_ratio[row->pairs++] = log(b->seconds / a->seconds);
    }
    return C4_OK;
}

int c4_comparison_rows(const struct c4_comparison *comparison) {
    int rows = 0;
    for (int i = 0; i < comparison->count; i++)
        rows += comparison->row[i].in_old && comparison->row[i].in_new;
    return rows;
}

enum c4_status c4_comparison_judge(struct c4_comparison *comparison) {
    int rows = c4_comparison_rows(comparison);
    for (int i = 0; i < comparison->count; i++) {
        struct c4_compared_row *row = &comparison->row[i];
        C4_TRY(
            c4_row_judge(row->log_ratio, row->pairs, rows, comparison->min_effect, &row->verdict));
    }
    return C4_OK;
}

int c4_comparison_with(const struct c4_comparison *comparison, enum c4_change change) {
    int count = 0;
    for (int i = 0; i < comparison->count; i++) {
        const struct c4_compared_row *row = &comparison->row[i];
        count += row->in_old && row->in_new && row->verdict.change == change;
    }
    return count;
}

bool c4_row_is_open(const struct c4_compared_row *row) {
    return row->in_old && row->in_new && row->verdict.change != C4_EQUAL;
}

void c4_comparison_free(struct c4_comparison *comparison) {
    free(comparison->row);
    *comparison = (struct c4_comparison){0};
}
