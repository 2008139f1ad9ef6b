#include "bench/compare/verdict.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/stats/shift.h"

const char *const c4_change_names[] = {
    [C4_UNKNOWN] = "unknown", [C4_EQUAL] = "equal", [C4_SLOWER] = "slower", [C4_FASTER] = "faster"};

double c4_row_alpha(int rows) {
    return C4_FAMILY_ALPHA / ((rows > 1 ? rows : 1) * C4_LOOKS);
}

int c4_pairs_needed(int rows) {
    int needed = c4_paired_min_pairs(c4_row_alpha(rows));
    return needed > C4_LEAST_PAIRS ? needed : C4_LEAST_PAIRS;
}

/* The smallest margin that holds the interval, or 0. */
static double margin_of(const struct c4_interval *interval) {
    static const double margins[] = {.02, .03, .05};
    for (size_t i = 0; i < sizeof margins / sizeof *margins; i++)
        if (interval->low >= -log1p(margins[i]) && interval->high <= log1p(margins[i]))
            return margins[i];
    return 0;
}

static enum c4_change change_of(const struct c4_interval *interval, double min_effect,
                                double margin) {
    if (interval->low > 0 && interval->estimate >= log1p(min_effect)) return C4_SLOWER;
    if (interval->high < 0 && interval->estimate <= -log1p(min_effect)) return C4_FASTER;
    return margin > 0 ? C4_EQUAL : C4_UNKNOWN;
}

/* `enough`: whether there were enough pairs for a verdict. */
static void judge(const struct c4_interval *interval, bool enough, double min_effect,
                  struct c4_row_verdict *verdict) {
    verdict->ratio = exp(interval->estimate);
    verdict->low = exp(interval->low);
    verdict->high = exp(interval->high);
    if (!enough) return;
    verdict->margin = margin_of(interval);
    verdict->change = change_of(interval, min_effect, verdict->margin);
    if (verdict->change != C4_EQUAL) verdict->margin = 0;
}

enum c4_status c4_row_judge(const double *log_ratio, int pairs, int rows, double min_effect,
                            struct c4_row_verdict *verdict) {
    struct c4_interval interval;
    *verdict = (struct c4_row_verdict){
        .pairs = pairs, .ratio = (double)NAN, .low = 0, .high = (double)INFINITY};
    if (pairs == 0) return C4_OK;
    C4_TRY(c4_paired_interval(log_ratio, pairs, c4_row_alpha(rows), &interval));
    judge(&interval, pairs >= c4_pairs_needed(rows), min_effect, verdict);
    return C4_OK;
}

enum c4_status c4_row_judge_apart(const double *old, int olds, const double *new, int news,
                                  int rows, double min_effect, struct c4_row_verdict *verdict) {
    struct c4_interval interval;
    double alpha = c4_row_alpha(rows);
    int fewer = olds < news ? olds : news;
    *verdict = (struct c4_row_verdict){
        .pairs = fewer, .ratio = (double)NAN, .low = 0, .high = (double)INFINITY};
    if (fewer == 0) return C4_OK;
    C4_TRY(c4_shift_interval(old, olds, new, news, alpha, &interval));
    judge(&interval, fewer >= C4_LEAST_PAIRS && c4_shift_is_finite(olds, news, alpha), min_effect,
          verdict);
    return C4_OK;
}
