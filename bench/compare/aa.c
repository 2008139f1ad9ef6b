#include "bench/compare/aa.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/rng.h"
#include "core/stats/sort.h"

enum { RESAMPLES = 200 };

/* The value below which a share of them lies: the nearest rank. Sorts. */
static double quantile(double *values, int count, double share) {
    c4_sort(values, count);
    int rank = (int)ceil(share * count);
    return values[rank > 1 ? rank - 1 : 0];
}

/* As a ratio, like every number that is shown. */
static double within_of(const double *ratio, int count, double *scratch) {
    for (int i = 0; i < count; i++) scratch[i] = fabs(ratio[i]);
    return expm1(quantile(scratch, count, .95));
}

static enum c4_status smallest_of(const double *ratio, int count, int pairs, int rows,
                                  double min_effect, double *smallest) {
    double lower[RESAMPLES], drawn[C4_PAIRS_MOST];
    struct c4_interval interval;
    *smallest = (double)INFINITY;
    if (pairs < c4_pairs_needed(rows)) return C4_OK;
    C4_TRY(c4_paired_interval(ratio, count, .5, &interval));
    double center = interval.estimate;
    for (uint32_t b = 0; b < RESAMPLES; b++) {
        for (int i = 0; i < pairs; i++) {
            uint32_t word = c4_rng_draw(1, C4_RNG_BOOTSTRAP, b, (uint64_t)i).word[0];
            drawn[i] = ratio[c4_rng_below(word, (uint32_t)count)] - center;
        }
        C4_TRY(c4_paired_interval(drawn, pairs, c4_row_alpha(rows), &interval));
        lower[b] = interval.low;
    }
    *smallest = fmax(min_effect, expm1(-quantile(lower, RESAMPLES, .1)));
    return C4_OK;
}

/* Every c4_pairs_needed() pairs of the row are judged as a comparison of their own. alarm[] tells
 * which of the comparisons had a false alarm. */
static enum c4_status judge_blocks(const double *ratio, int count, int rows, double min_effect,
                                   struct c4_aa *aa, bool *alarm) {
    int size = c4_pairs_needed(rows);
    for (int b = 0; (b + 1) * size <= count; b++) {
        struct c4_row_verdict verdict;
        C4_TRY(c4_row_judge(ratio + b * size, size, rows, min_effect, &verdict));
        bool wrong = verdict.change == C4_SLOWER || verdict.change == C4_FASTER;
        alarm[b] |= wrong;
        aa->wrong += wrong;
        aa->equal += verdict.change == C4_EQUAL;
        aa->unknown += verdict.change == C4_UNKNOWN;
        if (b >= aa->comparisons) aa->comparisons = b + 1;
    }
    return C4_OK;
}

static char grade_of(double within) {
    return within <= .01 ? 'A' : within <= .03 ? 'B' : within <= .08 ? 'C' : 'D';
}

static enum c4_status take_rows(const struct c4_comparison *comparison, struct c4_aa *aa,
                                double *all) {
    bool alarm[C4_PAIRS_MOST] = {false};
    double ratio[C4_PAIRS_MOST], scratch[C4_PAIRS_MOST];
    int rows = c4_comparison_rows(comparison), total = 0;
    for (int i = 0; i < comparison->count; i++) {
        const struct c4_compared_row *row = &comparison->row[i];
        int count = c4_row_pairs(row);
        if (!c4_row_in_both(row) || count == 0) continue;
        struct c4_aa_row *one = &aa->row[aa->count++];
        c4_row_log_ratios(row, ratio);
        one->row = row;
        one->within = within_of(ratio, count, scratch);
        C4_TRY(smallest_of(ratio, count, aa->pairs, rows, comparison->min_effect, &one->smallest));
        C4_TRY(judge_blocks(ratio, count, rows, comparison->min_effect, aa, alarm));
        for (int k = 0; k < count; k++) all[total++] = ratio[k];
    }
    for (int b = 0; b < aa->comparisons; b++) aa->alarms += alarm[b];
    if (total > 0) aa->within = within_of(all, total, all);
    aa->grade = grade_of(aa->within);
    return C4_OK;
}

enum c4_status c4_aa_of(const struct c4_comparison *comparison, int pairs, struct c4_aa *aa) {
    size_t rows = (size_t)comparison->count + 1;
    double *all = malloc(rows * C4_PAIRS_MOST * sizeof *all);
    *aa = (struct c4_aa){.row = calloc(rows, sizeof *aa->row),
                         .pairs = pairs < C4_PAIRS_MOST ? pairs : C4_PAIRS_MOST};
    enum c4_status status = all && aa->row
                                ? take_rows(comparison, aa, all)
                                : c4_fail(C4_ERR_MEMORY, "out of memory for pairs of a program");
    free(all);
    return status;
}

void c4_aa_free(struct c4_aa *aa) {
    free(aa->row);
    *aa = (struct c4_aa){0};
}
