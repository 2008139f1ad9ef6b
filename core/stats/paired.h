/* Intervals for how much two programs differ, from paired measurements: r_i is the logarithm of the
 * ratio of two times that were measured beside each other, so exp(estimate) is the factor.
 *
 * Comparisons take c4_paired_interval(). By tests/core/test_paired_simulation.c (arguments 1000
 * 60), n = 14, 20 and 30, noise that is normal, has heavy tails, drifts or has bursts:
 *
 *                       coverage, alpha .05   false alarms in 60 rows, alpha .01 / 60
 *   Hodges and Lehmann  94.9 to 95.2 %        0.4 to 1.2 % of 1,000 families of rows
 *   BCa of the median   93.0 to 94.4 %        7 to 28 % of 60 (1,999 resamples)
 *   t                   94.9 to 97.6 %        0 to 1.3 % of 1,000
 *
 * The bootstrap is out. Student's t keeps its promise and pays for bad noise with width. At n = 30
 * and alpha .05 the mean widths of ranks and t are 1.07 and 1.05 % (normal), 1.79 and 2.78 % (heavy
 * tails), 2.84 and 8.20 % (bursts). At alpha .01 / 60 ranks need 14 pairs, and with 14 they take
 * the whole range of the ratios, more than t (4.81 and 3.86 %, heavy tails 13.4 and 9.6 %, bursts
 * 40 and 30 %); with 30 they are 2.26 and 2.21 %, 4.3 and 5.9 %, 15 and 17 %.
 *
 * The noise is alike on both sides, which makes ratios symmetric; ranks need that. None of the
 * three allows for ratios that depend on one another: with an autocorrelation of .3 they cover 85
 * to 88 %, and false alarms in 60 rows are 8 to 19 % by ranks, 15 to 21 % by t, 47 to 58 % by the
 * bootstrap. */
#ifndef C4_STATS_PAIRED_H
#define C4_STATS_PAIRED_H

#include <stdint.h>

#include "core/base/status.h"

enum { C4_PAIRED_MOST = 1000 }; /* pairs */

/* An estimate and its two-sided confidence interval. Without a finite interval low is -INFINITY and
 * high INFINITY. */
struct c4_interval {
    double estimate, low, high;
};

/* The estimate of Hodges and Lehmann and its interval (Annals of Mathematical Statistics 34, 1963;
 * Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3.2 and 3.3). Of the
 * M = n(n + 1)/2 Walsh averages (r_i + r_j) / 2, i <= j, in ascending order W_1..W_M:
 *   estimate: their median, for even M the mean of the middle two;
 *   interval: [W_k, W_(M + 1 - k)] with the largest k >= 1 for which 2 P(T <= k - 1) <= alpha,
 *     T distributed as in c4_signed_rank_distribution().
 * It is the shortest such interval whose coverage of the centre of symmetry is at least 1 - alpha
 * for every continuous symmetric distribution of independent r_i. With ties coverage is no less. If
 * even k = 1 covers less (2^(1 - n) > alpha, n < c4_paired_min_pairs(alpha)), no interval is
 * finite.
 *
 * C4_ERR_USAGE: n not in 1..C4_PAIRED_MOST, alpha not in (0, 1). C4_ERR_DATA: an r_i is not finite.
 * C4_ERR_MEMORY: takes room for 3/4 n (n + 1) + 1 values. */
enum c4_status c4_paired_interval(const double *log_ratio, int n, double alpha,
                                  struct c4_interval *result);

/* The smallest n with 2^(1 - n) <= alpha, from which on c4_paired_interval() is finite: 6 for .05,
 * 14 for 1.7e-4. 0 < alpha < 1; 0 for any other. */
int c4_paired_min_pairs(double alpha);

/* For comparison: the sample's median and its BCa bootstrap interval (Efron, Journal of the
 * American Statistical Association 82, 1987), which holds for many pairs only. Draw i of resample b
 * is, of the ratios in ascending order from 0, c4_rng_below(w, n) with word w = i % 4 of
 * c4_rng_draw(seed, C4_RNG_BOOTSTRAP, b, i / 4).
 *   bias z0: resamples equal to the estimate count by half, at least half a one on either side;
 *   acceleration: by the jackknife, 0 if that has no spread;
 *   quantiles: linear between order statistics, that of p (resamples - 1) p behind the first.
 * No interval is finite for n = 1.
 *
 * Errors as above, and C4_ERR_USAGE for resamples below 1; takes room for n + resamples values. */
enum c4_status c4_paired_bca(const double *log_ratio, int n, double alpha, uint64_t seed,
                             int resamples, struct c4_interval *result);

/* For comparison: the mean and its interval by Student's t, mean +- t(1 - alpha, n - 1) s /
 * sqrt(n), s^2 = sum (r_i - mean)^2 / (n - 1). No interval is finite for n = 1. Errors as above,
 * but takes no memory. */
enum c4_status c4_paired_t(const double *log_ratio, int n, double alpha,
                           struct c4_interval *result);

#endif
