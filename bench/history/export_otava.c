#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/history/report.h"
#include "core/file/csv.h"

static enum c4_status no_memory(void) {
    return c4_fail(C4_ERR_MEMORY, "out of memory for a history as CSV");
}

/* What names a series: letters, digits and ._/- only, as Otava separates metrics by commas. */
static char *name_of(const struct c4_trends *trends, const struct c4_trend *trend) {
    const struct c4_history_line *line = trend->newest;
    char *name = NULL;
    size_t size;
    FILE *out = open_memstream(&name, &size);
    if (!out) return NULL;
    fprintf(out, "%s.%s", line->benchmark, line->row);
    if (line->batch > 0) fprintf(out, ".batch%d", line->batch);
    if (line->threads > 0) fprintf(out, ".threads%d", line->threads);
    fprintf(out, ".%s", line->unit);
    if (trends->machines > 1) fprintf(out, ".%s", line->environment);
    if (fclose(out) != 0) return NULL;
    for (char *at = name; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr("._/-", *at)) *at = '_';
    return name;
}

/* The first `count` names have none like the last of them. */
static bool is_new(char *const *names, int count) {
    for (int i = 0; i < count - 1; i++)
        if (strcmp(names[i], names[count - 1]) == 0) return false;
    return true;
}

/* Names that became equal get underscores at their ends. */
static enum c4_status make_names(const struct c4_trends *trends, char **names) {
    for (int i = 0; i < trends->count; i++) {
        names[i] = name_of(trends, &trends->trend[i]);
        if (!names[i]) return no_memory();
        while (!is_new(names, i + 1)) {
            size_t length = strlen(names[i]);
            char *longer = realloc(names[i], length + 2);
            if (!longer) return no_memory();
            memcpy(longer + length, "_", 2);
            names[i] = longer;
        }
    }
    return C4_OK;
}

struct commit {
    const struct c4_history_line *first; /* of its lines */
};

static int by_time(const void *a, const void *b) {
    const struct commit *x = a, *y = b;
    int order = strcmp(x->first->committed_utc, y->first->committed_utc);
    return order != 0 ? order : (x->first > y->first) - (x->first < y->first);
}

/* All commits in the order of the history; returns how many. */
static int find_commits(const struct c4_history *history, struct commit *commit) {
    int count = 0;
    for (int i = 0; i < history->count; i++) {
        bool seen = false;
        for (int k = count - 1; k >= 0 && !seen; k--) /* most are the last again */
            seen = strcmp(commit[k].first->commit, history->line[i].commit) == 0;
        if (!seen) commit[count++].first = &history->line[i];
    }
    if (count > 0) qsort(commit, (size_t)count, sizeof *commit, by_time);
    return count;
}

/* The commit's value, or else that of the row before, whose point is *at, which moves on. */
static double value_at(const struct c4_trend *trend, const char *commit, int *at) {
    const struct c4_history_series *series = trend->series;
    for (int i = 0; i < series->points; i++) {
        int point = (*at + i) % series->points; /* it is next to the last one */
        if (strcmp(series->line[point]->commit, commit) != 0) continue;
        *at = point;
        break;
    }
    return trend->median[*at];
}

static void add_row(struct c4_csv *csv, const struct c4_trends *trends,
                    const struct c4_history_line *commit, int *at) {
    c4_csv_text(csv, commit->committed_utc);
    c4_csv_text(csv, commit->commit);
    for (int i = 0; i < trends->count; i++) {
        double value = value_at(&trends->trend[i], commit->commit, &at[i]);
        if (trends->trend[i].exact && fabs(value) < 0x1p53)
            c4_csv_integer(csv, (int64_t)value);
        else
            c4_csv_real(csv, value);
    }
    c4_csv_end_row(csv);
}

static enum c4_status add_heads(struct c4_csv *csv, const struct c4_trends *trends) {
    char **names = calloc((size_t)trends->count + 1, sizeof *names);
    if (!names) return no_memory();
    enum c4_status status = make_names(trends, names);
    c4_csv_text(csv, "time");
    c4_csv_text(csv, "commit");
    for (int i = 0; i < trends->count && status == C4_OK; i++) c4_csv_text(csv, names[i]);
    c4_csv_end_row(csv);
    for (int i = 0; i < trends->count; i++) free(names[i]);
    free(names);
    return status;
}

static enum c4_status add_rows(struct c4_csv *csv, const struct c4_trends *trends) {
    struct commit *commit = calloc((size_t)trends->history->count + 1, sizeof *commit);
    int *at = calloc((size_t)trends->count + 1, sizeof *at);
    bool room = commit && at;
    int commits = room ? find_commits(trends->history, commit) : 0;
    for (int k = 0; k < commits; k++) add_row(csv, trends, commit[k].first, at);
    free(commit);
    free(at);
    return room && !csv->out_of_memory ? C4_OK : no_memory();
}

enum c4_status c4_history_otava(const struct c4_trends *trends, FILE *out) {
    struct c4_csv csv = {0};
    enum c4_status status = add_heads(&csv, trends);
    if (status == C4_OK) status = add_rows(&csv, trends);
    if (status == C4_OK) fwrite(csv.text, 1, csv.size_bytes, out);
    c4_csv_free(&csv);
    return status;
}
