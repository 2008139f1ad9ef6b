/* The median and an interval for it that asks nothing of the values' distribution. */
#ifndef C4_STATS_MEDIAN_H
#define C4_STATS_MEDIAN_H

#include "core/stats/paired.h"

/* Of values in ascending order X_1..X_n: estimate = their median, for even n the mean of the middle
 * two; interval = [X_k, X_(n + 1 - k)] with the largest k for which 2 P(B <= k - 1) <= alpha, B
 * binomial with n and 1/2 (David and Nagaraja, Order Statistics, 7.1). It covers the median of any
 * continuous distribution with at least 1 - alpha. Not finite if even k = 1 covers less (n < 6 for
 * .05). The values are not reordered.
 * C4_ERR_USAGE: n not in 1..C4_PAIRED_MOST, alpha not in (0, 1). C4_ERR_DATA: a value is not
 * finite. C4_ERR_MEMORY: takes n values of memory. */
enum c4_status c4_median_interval(const double *values, int n, double alpha,
                                  struct c4_interval *result);

#endif
