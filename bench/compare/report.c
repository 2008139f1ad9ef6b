#include "bench/compare/report.h"

#include <math.h>
#include <string.h>

#include "bench/compare/report_exact.h"
#include "bench/measure/spread.h"
#include "core/cli/progress.h"

_Static_assert((int)C4_PAIRS_MOST <= (int)C4_SAMPLES_MAX, "a row's times have a median");

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
    if (isfinite(verdict->high)) /* of files from elsewhere perhaps of any size */
        snprintf(text, size, verdict->high < 1e12 ? "%.3f to %.3f" : "%g to %g", verdict->low,
                 verdict->high);
    else
        snprintf(text, size, "-");
}

/* What a line of either table shows. */
struct cells {
    char old[32], new[32], interval[48], verdict[32];
};

/* False for a row without times, which no line shows. */
static bool make_cells(const struct c4_compared_row *row, struct cells *cells) {
    if (!c4_row_in_both(row) || c4_row_pairs(row) == 0) return false;
    write_time(c4_spread_of(row->seconds[C4_OLD], row->count[C4_OLD]).median, cells->old,
               sizeof cells->old);
    write_time(c4_spread_of(row->seconds[C4_NEW], row->count[C4_NEW]).median, cells->new,
               sizeof cells->new);
    write_interval(&row->verdict, cells->interval, sizeof cells->interval);
    write_verdict(&row->verdict, cells->verdict, sizeof cells->verdict);
    return true;
}

/* What was run, in a sentence without its full stop. */
static void write_setting(const struct c4_compare_report *report, FILE *out) {
    const struct c4_compare *compare = report->compare;
    if (!compare) {
        fputs(report->recorded ? "recorded results, each side by itself" : "exact values only",
              out);
        return;
    }
    const struct c4_program_setting *setting = &compare->setting;
    char time[32];
    c4_progress_duration(time, sizeof time, (uint64_t)(compare->seconds * 1e9));
    if (strcmp(setting->benchmark, "google-benchmark") == 0)
        fputs("Google Benchmark", out);
    else
        fprintf(out, "bench %s, backend %s, batch %d, %d thread%s", setting->benchmark,
                setting->backend, setting->batch, setting->threads,
                setting->threads == 1 ? "" : "s");
    fprintf(out, "; %s, %d processes in %s",
            compare->mode == C4_COMPARE_DUET ? "both at the same time on a core each" : "in turns",
            compare->processes, time);
}

static void write_counts(const struct c4_comparison *comparison, FILE *out) {
    fprintf(out, "%d slower, %d faster, %d equal, %d unknown",
            c4_comparison_with(comparison, C4_SLOWER), c4_comparison_with(comparison, C4_FASTER),
            c4_comparison_with(comparison, C4_EQUAL), c4_comparison_with(comparison, C4_UNKNOWN));
}

static void write_lacking(const struct c4_compare_report *report, const char *before, FILE *out) {
    for (int i = 0; i < report->comparison->count; i++) {
        const struct c4_compared_row *row = &report->comparison->row[i];
        if (c4_row_in_both(row)) continue;
        fprintf(out, "%s%s: not in %s\n", before, row->name,
                report->name[row->in[C4_OLD] ? C4_NEW : C4_OLD]);
    }
}

/* Where recorded results are from, and why they get no verdict. */
static void write_origins(const struct c4_compare_report *report, const char *before, FILE *out) {
    for (int side = 0; report->recorded && side < C4_SIDES; side++)
        fprintf(out, "%s%s is of %s%s%s.\n", before, report->name[side],
                report->recorded[side].machine ? report->recorded[side].machine
                                               : "an unknown machine",
                report->recorded[side].commit ? ", commit " : "",
                report->recorded[side].commit ? report->recorded[side].commit : "");
    if (report->comparison->mute)
        fprintf(out,
                "%sNot surely of the same machine, compiler and flags, so there are no verdicts.\n",
                before);
}

static void write_end(const struct c4_compare_report *report, FILE *out) {
    if (report->partial) fputs("Partial: ended before all pairs were measured.\n", out);
}

/* True: and there is nothing else to say. */
static bool write_identical(const struct c4_compare_report *report, FILE *out) {
    if (report->identical)
        fprintf(out,
                "identical: %s and %s are the same bytes, so nothing was measured (--aa would).\n",
                report->name[C4_OLD], report->name[C4_NEW]);
    return report->identical;
}

void c4_compare_text(const struct c4_compare_report *report, FILE *out) {
    const struct c4_comparison *comparison = report->comparison;
    if (write_identical(report, out)) return;
    fprintf(out, "old: %s\nnew: %s\n", report->name[C4_OLD], report->name[C4_NEW]);
    write_setting(report, out);
    fputs(".\n", out);
    write_origins(report, "", out);
    if (report->exact) c4_exact_text(report->exact, out);
    if (comparison->count == 0) return;
    fprintf(out, "%-46s %10s %10s %6s %-16s %5s  %s\n", "row", "old", "new", "ratio", "interval",
            comparison->apart ? "times" : "pairs", "verdict");
    for (int i = 0; i < comparison->count; i++) {
        const struct c4_compared_row *row = &comparison->row[i];
        struct cells cells;
        if (!make_cells(row, &cells)) continue;
        fprintf(out, "%-46s %10s %10s %6.3f %-16s %5d  %s\n", row->name, cells.old, cells.new,
                row->verdict.ratio, cells.interval, c4_row_pairs(row), cells.verdict);
    }
    write_lacking(report, "", out);
    write_counts(comparison, out);
    fputs(". Of equal programs any row is called slower or faster in at most 1 % of "
          "comparisons.\n",
          out);
    write_end(report, out);
}

void c4_compare_markdown(const struct c4_compare_report *report, FILE *out) {
    const struct c4_comparison *comparison = report->comparison;
    if (write_identical(report, out)) return;
    fprintf(out, "`%s` to `%s`", report->name[C4_OLD], report->name[C4_NEW]);
    if (comparison->count > 0) {
        fputs(": **", out);
        write_counts(comparison, out);
        fputs("**", out);
    }
    fputs(" (", out);
    write_setting(report, out);
    fputs(").\n\n", out);
    if (report->exact) c4_exact_markdown(report->exact, out);
    if (comparison->count == 0) return;
    fprintf(out,
            "| row | old | new | ratio | interval | %s | verdict |\n"
            "| --- | ---: | ---: | ---: | --- | ---: | --- |\n",
            comparison->apart ? "times" : "pairs");
    for (int i = 0; i < comparison->count; i++) {
        const struct c4_compared_row *row = &comparison->row[i];
        struct cells cells;
        if (!make_cells(row, &cells)) continue;
        fprintf(out, "| `%s` | %s | %s | %.3f | %s | %d | %s |\n", row->name, cells.old, cells.new,
                row->verdict.ratio, cells.interval, c4_row_pairs(row), cells.verdict);
    }
    fputc('\n', out);
    write_origins(report, "- ", out);
    write_lacking(report, "- ", out);
    write_end(report, out);
}
