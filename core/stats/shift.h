/* How far apart two independent samples lie: an interval for the shift between them. */
#ifndef C4_STATS_SHIFT_H
#define C4_STATS_SHIFT_H

#include <stdbool.h>

#include "core/stats/paired.h"

enum { C4_SHIFT_MOST = 1000 }; /* values of a sample */

/* The shift of Hodges and Lehmann and its interval (Annals of Mathematical Statistics 34, 1963;
 * Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 4.2 and 4.3), for x[n] and y[m],
 * where y's distribution is x's moved by an unknown amount. Of the n m differences y_j - x_i in
 * ascending order D_1..D_nm:
 *   estimate: their median, for an even number the mean of the middle two;
 *   interval: [D_k, D_(nm + 1 - k)] with the largest k >= 1 for which 2 P(U <= k - 1) <= alpha, U
 *     distributed as Mann and Whitney's statistic; for n m above C4_MANN_WHITNEY_EXACT by its
 *     normal approximation, corrected for continuity.
 * It holds exactly the shifts that c4_mann_whitney() would not reject at alpha. With ties coverage
 * is no less. If even k = 1 covers less, no interval is finite.
 * C4_ERR_USAGE: n or m not in 1..C4_SHIFT_MOST, alpha not in (0, 1). C4_ERR_DATA: a value is not
 * finite. C4_ERR_MEMORY: takes room for n m values. */
enum c4_status c4_shift_interval(const double *x, int n, const double *y, int m, double alpha,
                                 struct c4_interval *result);

/* Whether 2 / C(n + m, n), the smallest p-value of such samples, is at most alpha, so that
 * intervals are finite. */
bool c4_shift_is_finite(int n, int m, double alpha);

#endif
