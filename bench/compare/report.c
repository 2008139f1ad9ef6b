#include "bench/compare/report.h"

#include <math.h>

#include "bench/measure/spread.h"
#include "core/cli/progress.h"
#include "core/file/json.h"

_Static_assert((int)C4_PAIRS_MOST <= (int)C4_SAMPLES_MAX, "a row's pairs have a median");

static void write_time(double seconds, char *text, size_t size) {
    static const struct {
        double below, scale;
        const char *unit;
    } units[] = {{1e-6, 1e9, "ns"}, {1e-3, 1e6, "us"}, {1, 1e3, "ms"}, {INFINITY, 1, "s"}};
    size_t i = 0;
    while (seconds >= units[i].below) i++;
    snprintf(text, size, "%.4g %s", seconds * units[i].scale, units[i].unit);
}

static void write_verdict(const struct c4_row_verdict *verdict, char *text, size_t size) {
    if (verdict->change == C4_EQUAL)
        snprintf(text, size, "equal within %.0f %%", 100 * verdict->margin);
    else
        snprintf(text, size, "%s", c4_change_names[verdict->change]);
}

static void write_interval(const struct c4_row_verdict *verdict, char *text, size_t size) {
    if (isfinite(verdict->high))
        snprintf(text, size, "%.3f to %.3f", verdict->low, verdict->high);
    else
        snprintf(text, size, "-");
}

/* What a line of either table shows. */
struct cells {
    char old[32], new[32], interval[48], verdict[32];
};

/* False for a row without pairs, which no line shows. */
static bool make_cells(const struct c4_compared_row *row, struct cells *cells) {
    if (!row->in_old || !row->in_new || row->pairs == 0) return false;
    write_time(c4_spread_of(row->old_seconds, row->pairs).median, cells->old, sizeof cells->old);
    write_time(c4_spread_of(row->new_seconds, row->pairs).median, cells->new, sizeof cells->new);
    write_interval(&row->verdict, cells->interval, sizeof cells->interval);
    write_verdict(&row->verdict, cells->verdict, sizeof cells->verdict);
    return true;
}

/* What was run, in a sentence. */
static void write_setting(const struct c4_compare *compare, char *text, size_t size) {
    char time[32];
    c4_progress_duration(time, sizeof time, (uint64_t)(compare->seconds * 1e9));
    snprintf(text, size, "bench %s, backend %s, batch %d, %d thread%s; %s, %d processes in %s",
             compare->benchmark, compare->backend, compare->batch, compare->threads,
             compare->threads == 1 ? "" : "s",
             compare->mode == C4_COMPARE_DUET ? "both at the same time on a core each" : "in turns",
             compare->processes, time);
}

static void write_counts(const struct c4_comparison *comparison, char *text, size_t size) {
    snprintf(text, size, "%d slower, %d faster, %d equal, %d unknown",
             c4_comparison_with(comparison, C4_SLOWER), c4_comparison_with(comparison, C4_FASTER),
             c4_comparison_with(comparison, C4_EQUAL), c4_comparison_with(comparison, C4_UNKNOWN));
}

static void write_lacking(const struct c4_compare *compare, const struct c4_comparison *comparison,
                          const char *before, FILE *out) {
    for (int i = 0; i < comparison->count; i++) {
        const struct c4_compared_row *row = &comparison->row[i];
        if (row->in_old && row->in_new) continue;
        fprintf(out, "%s%s: not in %s\n", before, row->name, compare->name[row->in_old ? 1 : 0]);
    }
}

void c4_compare_text(const struct c4_compare *compare, const struct c4_comparison *comparison,
                     FILE *out) {
    char setting[256], counts[96];
    write_setting(compare, setting, sizeof setting);
    write_counts(comparison, counts, sizeof counts);
    fprintf(out, "old: %s\nnew: %s\n%s.\n", compare->name[0], compare->name[1], setting);
    fprintf(out, "%-46s %10s %10s %6s %-16s %5s  %s\n", "row", "old", "new", "ratio", "interval",
            "pairs", "verdict");
    for (int i = 0; i < comparison->count; i++) {
        const struct c4_compared_row *row = &comparison->row[i];
        struct cells cells;
        if (!make_cells(row, &cells)) continue;
        fprintf(out, "%-46s %10s %10s %6.3f %-16s %5d  %s\n", row->name, cells.old, cells.new,
                row->verdict.ratio, cells.interval, row->pairs, cells.verdict);
    }
    write_lacking(compare, comparison, "", out);
    fprintf(out,
            "%s. Of equal programs any row is called slower or faster in at most 1 %% of "
            "comparisons.\n",
            counts);
}

void c4_compare_markdown(const struct c4_compare *compare, const struct c4_comparison *comparison,
                         FILE *out) {
    char setting[256], counts[96];
    write_setting(compare, setting, sizeof setting);
    write_counts(comparison, counts, sizeof counts);
    fprintf(out, "`%s` to `%s`: **%s** (%s).\n\n", compare->name[0], compare->name[1], counts,
            setting);
    fprintf(out, "| row | old | new | ratio | interval | pairs | verdict |\n"
                 "| --- | ---: | ---: | ---: | --- | ---: | --- |\n");
    for (int i = 0; i < comparison->count; i++) {
        const struct c4_compared_row *row = &comparison->row[i];
        struct cells cells;
        if (!make_cells(row, &cells)) continue;
        fprintf(out, "| `%s` | %s | %s | %.3f | %s | %d | %s |\n", row->name, cells.old, cells.new,
                row->verdict.ratio, cells.interval, row->pairs, cells.verdict);
    }
    fputc('\n', out);
    write_lacking(compare, comparison, "- ", out);
}

static json_t *values_of(const double *values, int count) {
    json_t *array = json_array();
    for (int i = 0; i < count; i++) json_array_append_new(array, c4_json_real(values[i]));
    return array;
}

static json_t *json_of(const struct c4_compared_row *row) {
    const struct c4_row_verdict *v = &row->verdict;
    return json_pack("{s:s, s:b, s:b, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "name", row->name,
                     "in_old", (int)row->in_old, "in_new", (int)row->in_new, "verdict",
                     c4_change_names[v->change], "pairs", row->pairs, "ratio",
                     c4_json_real(v->ratio), "ratio_low", c4_json_real(v->low), "ratio_high",
                     c4_json_real(v->high), "margin",
                     v->margin > 0 ? c4_json_real(v->margin) : json_null(), "old_seconds",
                     values_of(row->old_seconds, row->pairs), "new_seconds",
                     values_of(row->new_seconds, row->pairs));
}

enum c4_status c4_compare_json(const struct c4_compare *compare,
                               const struct c4_comparison *comparison, json_t *object) {
    json_t *rows = json_array();
    for (int i = 0; i < comparison->count; i++)
        json_array_append_new(rows, json_of(&comparison->row[i]));
    int count = c4_comparison_rows(comparison);
    json_t *more = json_pack(
        "{s:{s:o, s:o, s:s, s:s, s:i, s:i, s:s, s:i, s:f, s:f, s:f, s:i}, s:o, s:{s:i, s:i, s:i, "
        "s:i}}",
        "compare", "old", c4_json_text(compare->name[0]), "new", c4_json_text(compare->name[1]),
        "benchmark", compare->benchmark, "backend", compare->backend, "batch", compare->batch,
        "threads", compare->threads, "mode", c4_compare_modes[compare->mode], "processes",
        compare->processes, "seconds", compare->seconds, "min_effect", comparison->min_effect,
        "alpha_of_a_row", c4_row_alpha(count), "pairs_needed", c4_pairs_needed(count), "rows", rows,
        "counts", "slower", c4_comparison_with(comparison, C4_SLOWER), "faster",
        c4_comparison_with(comparison, C4_FASTER), "equal",
        c4_comparison_with(comparison, C4_EQUAL), "unknown",
        c4_comparison_with(comparison, C4_UNKNOWN));
    if (!more) return c4_fail(C4_ERR_MEMORY, "out of memory for the comparison");
    json_object_update(object, more);
    json_decref(more);
    return C4_OK;
}
