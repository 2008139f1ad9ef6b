#include <math.h>
#include <stdlib.h>

#include "bench/history/report.h"
#include "core/file/csv.h"

static const char *const columns[] = {
    "commit",  "committed_utc", "recorded_utc",   "benchmark", "row",  "batch",   "threads",
    "unit",    "exact",         "median",         "low",       "high", "samples", "environment",
    "machine", "counter",       "canonical_hash", "accepted"};

static void add_count(struct c4_csv *csv, int count) {
    if (count > 0)
        c4_csv_integer(csv, count);
    else
        c4_csv_text(csv, "");
}

/* Exact values are whole, and stay readable as such. */
static void add_value(struct c4_csv *csv, const struct c4_history_line *line, double value) {
    if (line->exact && fabs(value) < 0x1p53)
        c4_csv_integer(csv, (int64_t)value);
    else
        c4_csv_real(csv, value);
}

/* All samples in one cell, with blanks between them. */
static enum c4_status add_samples(struct c4_csv *csv, const struct c4_history_line *line) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return c4_fail(C4_ERR_MEMORY, "out of memory for a history as CSV");
    for (int i = 0; i < line->samples; i++)
        fprintf(out, "%s%.17g", i > 0 ? " " : "", line->sample[i]);
    bool whole = fclose(out) == 0;
    if (whole) c4_csv_text(csv, text);
    free(text);
    return whole ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory for a history as CSV");
}

static enum c4_status add_line(struct c4_csv *csv, const struct c4_history_line *line) {
    c4_csv_text(csv, line->commit);
    c4_csv_text(csv, line->committed_utc);
    c4_csv_text(csv, line->recorded_utc);
    c4_csv_text(csv, line->benchmark);
    c4_csv_text(csv, line->row);
    add_count(csv, line->batch);
    add_count(csv, line->threads);
    c4_csv_text(csv, line->unit);
    c4_csv_text(csv, line->exact ? "true" : "false");
    add_value(csv, line, line->median);
    add_value(csv, line, line->low);
    add_value(csv, line, line->high);
    C4_TRY(add_samples(csv, line));
    c4_csv_text(csv, line->environment);
    c4_csv_text(csv, line->machine);
    c4_csv_text(csv, line->counter ? line->counter : "");
    c4_csv_text(csv, line->canonical_hash ? line->canonical_hash : "");
    c4_csv_text(csv, line->accepted ? line->accepted : "");
    c4_csv_end_row(csv);
    return C4_OK;
}

static enum c4_status fill(struct c4_csv *csv, const struct c4_history *history) {
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) c4_csv_text(csv, columns[i]);
    c4_csv_end_row(csv);
    for (int i = 0; i < history->count; i++) C4_TRY(add_line(csv, &history->line[i]));
    return csv->out_of_memory ? c4_fail(C4_ERR_MEMORY, "out of memory for a history as CSV")
                              : C4_OK;
}

enum c4_status c4_history_csv(const struct c4_trends *trends, FILE *out) {
    struct c4_csv csv = {0};
    enum c4_status status = fill(&csv, trends->history);
    if (status == C4_OK) fwrite(csv.text, 1, csv.size_bytes, out);
    c4_csv_free(&csv);
    return status;
}
