/* The tables of bench scale. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/scale/scale.h"

enum { CELL = 64 };

/* "1.98 [1.96, 1.99]", "1.98" without an interval, "-" without an estimate. */
static void format(char text[CELL], const struct c4_interval *factor) {
    if (!isfinite(factor->estimate))
        snprintf(text, CELL, "-");
    else if (!isfinite(factor->low))
        snprintf(text, CELL, "%.3f", factor->estimate);
    else
        snprintf(text, CELL, "%.3f [%.3f, %.3f]", factor->estimate, factor->low, factor->high);
}

static void print_factor(const struct c4_interval *factor) {
    char text[CELL];
    format(text, factor);
    printf("  %-22s", text);
}

static void print_number(int width, double value, int decimals) {
    if (isfinite(value))
        printf(" %*.*f", width, decimals, value);
    else
        printf(" %*s", width, "-");
}

static void print_rows(const struct c4_scale_bench *bench, const struct c4_scale_summary *summary) {
    printf("%-16s %9s %9s %9s  %-22s  %-22s  %-22s\n", "", "images/s", "lowest", "highest", "gain",
           "of the peak's gain", "of the plan");
    for (int i = 0; i < bench->shapes.count; i++) {
        const struct c4_scale_row *row = &bench->row[i];
        printf("%-16s", row->name.bytes);
        if (row->failed) {
            printf(" void: %s\n", row->reason.bytes);
            continue;
        }
        print_number(9, summary[i].images_per_s, 0);
        print_number(9, summary[i].low, 0);
        print_number(9, summary[i].high, 0);
        print_factor(&summary[i].gain);
        print_factor(&summary[i].of_peak);
        print_factor(&summary[i].of_plan);
        printf("\n");
    }
}

static void print_roofs(const struct c4_scale_bench *bench,
                        const struct c4_scale_summary *summary) {
    printf("\n%-16s %9s  %-22s %9s  %-22s %13s\n", "as many threads", "GFLOP/s", "gain of the peak",
           "GB/s", "gain of the triad", "plan images/s");
    for (int i = 0; i < bench->shapes.count; i++) {
        const struct c4_scale_row *row = &bench->row[i];
        printf("%-16s", row->name.bytes);
        print_number(9, summary[i].gflops, 1);
        print_factor(&summary[i].peak_gain);
        print_number(9, summary[i].gbytes_per_s, 1);
        print_factor(&summary[i].triad_gain);
        print_number(13, summary[i].planned_per_s, 0);
        printf("\n");
        if (row->roofs_reason.length > 0) printf("  no peak: %s\n", row->roofs_reason.bytes);
        if (row->plan_reason.length > 0) printf("  no plan: %s\n", row->plan_reason.bytes);
    }
}

static void print_places(const struct c4_scale_bench *bench) {
    bool all = true, measured = false;
    for (int i = 0; i < bench->shapes.count; i++) {
        const struct c4_scale_row *row = &bench->row[i];
        measured = measured || isfinite(row->images_per_s[0]);
        if (row->elsewhere.length == 0) continue;
        printf("Places, %s: %s.\n", row->name.bytes, row->elsewhere.bytes);
        all = false;
    }
    if (all && measured)
        printf("Places: every thread was on the PU that it was given, read back in each window.\n");
}

/* Of the most workers: the sentence that may be quoted. */
static void print_sentence(const struct c4_scale_bench *bench,
                           const struct c4_scale_summary *summary) {
    int widest = 0;
    char gain[CELL], peak[CELL], share[CELL];
    for (int i = 0; i < bench->shapes.count; i++)
        if (bench->row[i].threads == 1) widest = i;
    if (widest == 0 || !isfinite(summary[widest].of_peak.estimate)) return;
    format(gain, &summary[widest].gain);
    format(peak, &summary[widest].peak_gain);
    format(share, &summary[widest].of_peak);
    printf("%d workers train %s times as many images as one; their FMA peak is %s times one's; the "
           "ratio of these gains is %s.\n",
           bench->row[widest].workers, gain, peak, share);
}

enum c4_status c4_scale_bench_print(const struct c4_scale_bench *bench) {
    struct c4_scale_summary *summary = calloc((size_t)bench->shapes.count, sizeof *summary);
    if (!summary) return c4_fail(C4_ERR_MEMORY, "out of memory for a table");
    enum c4_status status = C4_OK;
    for (int i = 0; i < bench->shapes.count && status == C4_OK; i++)
        status = c4_scale_summarise(bench, &bench->row[i], &summary[i]);
    if (status == C4_OK) {
        printf("scale: conv4 train --backend %s --batch %d on synthetic images; %d of %d rounds, "
               "windows of %g s, new processes in each\n",
               bench->backend, bench->batch, bench->rounds_done, bench->rounds, bench->seconds);
        print_rows(bench, summary);
        print_roofs(bench, summary);
        printf("Gains are to one worker, with 95 %% intervals over the rounds (from 6 on). Triad: "
               "24 bytes an element, ordinary stores.\n");
        print_places(bench);
        print_sentence(bench, summary);
        if (bench->shapes.left_out.length > 0) printf("Note: %s\n", bench->shapes.left_out.bytes);
    }
    free(summary);
    return status;
}
