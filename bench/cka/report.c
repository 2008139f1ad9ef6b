/* The table of bench cka. */
#include <math.h>
#include <stdio.h>

#include "bench/cka/cka.h"
#include "bench/cka/figures.h"

/* A column of `width`, or a dash for NaN. */
static void cell(int width, int digits, double value, const char *unit) {
    if (isnan(value))
        printf(" %*s", width, "-");
    else
        printf(" %*.*f%s", width - (*unit != '\0'), digits, value, unit);
}

static void print_row(const struct c4_cka_bench *bench, int index) {
    const struct c4_cka_row *row = &bench->rows[index];
    if (row->state != C4_PEER_MEASURED) {
        printf("%-26s %s: %s\n", row->name, c4_peer_state_name(row->state),
               c4_text_string(&row->reason));
        return;
    }
    if (row->measured == 0) return;
    struct c4_cka_figures f;
    c4_cka_figures_of(bench, row, &f);
    printf("%-26s %-7s", row->name, row->backend ? c4_cka_method_name(row->method) : "");
    cell(9, 5, f.whole.median, "");
    cell(6, 1, f.whole_percent, "%");
    cell(9, 5, f.prepare, "");
    cell(9, 5, f.product, "");
    cell(6, 1, f.product_percent, "%");
    cell(8, 5, f.pack, "");
    cell(8, 5, f.rest, "");
    cell(9, 5, f.compare.median, "");
    cell(7, 2, c4_cka_row_ratio(bench, index), "");
    printf("  %s\n", row->backend ? row->origin : c4_text_string(&row->told));
}

void c4_cka_bench_print(const struct c4_cka_bench *bench) {
    bool from_files = bench->count > 0 && bench->rows[0].group.subject == C4_CKA_FILES;
    bool any = false;
    for (int i = 0; i < bench->count; i++)
        any |= bench->rows[i].measured > 0 || bench->rows[i].state != C4_PEER_MEASURED;
    if (!any) return;
    printf("%s, medians in seconds of samples taken in turn\n",
           from_files ? "CKA of two NPY files, whole processes"
                      : "CKA of two sides of features in memory");
    printf("%-26s %-7s %9s %6s %9s %9s %6s %8s %8s %9s %7s  %s\n", "layer/examples/backend",
           "method", "whole", "peak", "one side", "product", "peak", "packing", "rest", "compare",
           "ratio", "origin");
    for (int i = 0; i < bench->count; i++) print_row(bench, i);
    if (from_files) return;
    printf(
        "whole: both sides and both values, or a product with its packing. Parts of one side are "
        "the product, with folding into\ndouble, packing, and the rest: centring, sums, waiting. "
        "compare: the other side and the values. ratio: to the fastest backend.\nProducts count "
        "n (n + 1) p FLOP. Checked on the first %d examples, peers on all.\n",
        C4_CKA_CHECK_ROWS);
    for (int i = 0; i < bench->peak_count; i++) {
        const struct c4_peak *peak = &bench->peaks[i];
        if (peak->count == 0) continue;
        struct c4_spread s = c4_peak_spread(peak);
        printf("FMA peak of %d thread%s: %.1f GFLOP/s (%.1f to %.1f, %s), measured in turn.\n",
               peak->threads, peak->threads == 1 ? "" : "s", s.median, s.low, s.high,
               peak->loop->name);
    }
}
