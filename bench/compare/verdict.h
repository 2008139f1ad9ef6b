/* From paired measurements to verdicts. Pure.
 *
 * A pair is a run of each program beside each other, and its r = log(new time / old time). Of a row
 * with n pairs, c4_paired_interval() gives an estimate and an interval at a level of
 *     alpha = C4_FAMILY_ALPHA / (rows * C4_LOOKS),
 * Bonferroni's correction for the rows of one comparison and for two looks at them, so that of a
 * comparison of equal programs any row is wrong in at most 1 % by design, however rows depend on
 * one another. (Holm's correction has no intervals.) */
#ifndef C4_BENCH_COMPARE_VERDICT_H
#define C4_BENCH_COMPARE_VERDICT_H

#include "core/stats/paired.h"

enum c4_change {
    C4_UNKNOWN, /* fewer than the least number of pairs, or none of the others */
    C4_EQUAL,   /* the interval lies within +-margin */
    C4_SLOWER,  /* the interval lies above 0, and the estimate is at least min_effect */
    C4_FASTER   /* the same on the other side */
};
extern const char *const c4_change_names[]; /* "unknown", "equal", "slower", "faster" */

/* C4_LOOKS: after the first pass over all rows, and after the second over those that are open. */
enum { C4_LEAST_PAIRS = 14, C4_LOOKS = 2 };
#define C4_FAMILY_ALPHA 0.01

double c4_row_alpha(int rows);

/* How many pairs a row needs before there is any verdict: C4_LEAST_PAIRS, or more where the
 * smallest p-value of so many pairs, 2^(1 - n), is above alpha. */
int c4_pairs_needed(int rows);

struct c4_row_verdict {
    enum c4_change change;
    int pairs;
    double ratio, low, high; /* new time / old time; NaN, 0 and INFINITY without an estimate */
    double margin;           /* of EQUAL: .02, .03 or .05, the smallest that holds the interval */
};

/* `min_effect`: the smallest change that is told, as .02. Statuses of c4_paired_interval(). */
enum c4_status c4_row_judge(const double *log_ratio, int pairs, int rows, double min_effect,
                            struct c4_row_verdict *verdict);

/* The same for log times of two sides that were measured by themselves, by c4_shift_interval(),
 * where each side needs C4_LEAST_PAIRS, or more where no interval is finite. verdict->pairs is the
 * smaller number. What changed between the two sittings counts as a change of the program. */
enum c4_status c4_row_judge_apart(const double *old, int olds, const double *new, int news,
                                  int rows, double min_effect, struct c4_row_verdict *verdict);

#endif
