/* Rank tests, which ask nothing of the shape of the noise: Mann-Whitney's U for two independent
 * samples, Wilcoxon's signed ranks for paired differences. All p-values are two-sided. With the
 * same method they are those of scipy.stats.mannwhitneyu and scipy.stats.wilcoxon (SciPy 1.16, the
 * latter with correction=True and zero_method="wilcox") to 1e-12 relative.
 *
 * Ranks are midranks: equal values share the mean of their ranks. Values are equal if their bits
 * are, but for the zeros' sign. */
#ifndef C4_STATS_RANK_H
#define C4_STATS_RANK_H

#include <stdbool.h>

#include "core/base/status.h"

enum {
    C4_MANN_WHITNEY_EXACT = 1000, /* the most n * m with an exact p */
    C4_SIGNED_RANK_EXACT = 50     /* the most differences with an exact p */
};

enum c4_rank_method {
    C4_RANK_AUTO,  /* exact where it may be asked for, normal elsewhere */
    C4_RANK_EXACT, /* the distribution of the statistic over all orders of distinct values */
    C4_RANK_NORMAL /* its normal approximation, corrected for ties and for continuity */
};

struct c4_rank_test {
    double statistic;
    double p;   /* two-sided, at most 1 */
    bool exact; /* which method gave it */
};

/* Do x[n] and y[m] come from one distribution? (Mann and Whitney, 1947)
 *   statistic: U = #{x_i > y_j} + #{x_i = y_j} / 2.
 *   exact: p = min(1, 2 P(U' <= min(U, nm - U))), U' counted over all C(n + m, n) orders.
 *   normal: p = min(1, 2 Q(z)), z = (|U - nm / 2| - 1 / 2) / s,
 *     s^2 = nm / 12 (N + 1 - sum (t^3 - t) / (N (N - 1))), N = n + m, t the sizes of tied groups;
 *     p = 1 if all values are equal.
 * C4_ERR_USAGE: n or m below 1, or C4_RANK_EXACT with ties or n * m above C4_MANN_WHITNEY_EXACT.
 * C4_ERR_DATA: a value is not finite. C4_ERR_MEMORY: takes n + m values of memory. */
enum c4_status c4_mann_whitney(const double *x, int n, const double *y, int m,
                               enum c4_rank_method method, struct c4_rank_test *result);

/* P(U <= u) of the statistic for two samples of n and m distinct values from one distribution,
 * exact but for rounding. n, m >= 1, n * m <= C4_MANN_WHITNEY_EXACT, 0 <= u <= n * m / 2. */
double c4_mann_whitney_below(int n, int m, int u);

/* Are differences[n] symmetric about 0? (Wilcoxon, 1945) Zeros are dropped; k are left.
 *   statistic: T+, the sum of the ranks of |d| over d > 0.
 *   exact: p = min(1, 2 P(T <= min(T+, k(k + 1)/2 - T+))), T counted over all 2^k signs.
 *   normal: p = min(1, 2 Q(z)), z = (|T+ - k(k + 1)/4| - 1/2) / s, where z below 0 counts as 0,
 *     s^2 = (k(k + 1)(2k + 1) - sum (t^3 - t) / 2) / 24, t the sizes of groups of equal |d|.
 * If all are zero, p = 1. C4_RANK_AUTO is exact for n <= C4_SIGNED_RANK_EXACT without zeros and
 * ties. C4_ERR_USAGE: n below 1, or C4_RANK_EXACT with zeros, ties or more differences than that.
 * C4_ERR_DATA: a value is not finite. C4_ERR_MEMORY: takes n values of memory. */
enum c4_status c4_signed_rank(const double *differences, int n, enum c4_rank_method method,
                              struct c4_rank_test *result);

/* probability[t] = P(T = t) for t = 0..count-1, T the sum of those of 1..n whose fair coin shows
 * heads: the distribution of the signed-rank statistic. Exact for n <= 50, otherwise to n
 * roundings. 1 <= n <= 1000, count >= 1; t above n(n + 1)/2 have probability 0. */
void c4_signed_rank_distribution(int n, int count, double *probability);

#endif
