/* Means and their standard errors over seeds. */
#ifndef C4_STATS_SUMMARY_H
#define C4_STATS_SUMMARY_H

/* For each of `points` columns of values[seeds][points], over the seeds whose value is finite (the
 * others count as missing):
 *   n = how many, mean = sum / n, standard error = sqrt(sum (value - mean)^2 / (n - 1)) / sqrt(n).
 * The mean of nothing and the standard error of fewer than two are NaN. Sums run in seed order, in
 * double. Overwrites mean, standard_error and n, `points` of each; none may overlap the values. */
void c4_summary(const double *values, int seeds, int points, double *mean, double *standard_error,
                int *n);

#endif
