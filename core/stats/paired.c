#include "core/stats/paired.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/stats/rank.h"
#include "core/stats/sort.h"
#include "core/stats/student.h"

static enum c4_status check(const double *log_ratio, int n, double alpha) {
    if (n < 1 || n > C4_PAIRED_MOST)
        return c4_fail(C4_ERR_USAGE, "An interval is for 1 to %d pairs, not for %d.",
                       C4_PAIRED_MOST, n);
    if (!(alpha > 0 && alpha < 1))
        return c4_fail(C4_ERR_USAGE, "An interval's alpha is between 0 and 1, not %g.", alpha);
    for (int i = 0; i < n; i++)
        if (!isfinite(log_ratio[i]))
            return c4_fail(C4_ERR_DATA, "The ratio of pair %d is not a finite number.", i);
    return C4_OK;
}

/* Of ascending values. */
static double median_of(const double *sorted, int n) {
    return 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]);
}

/* The largest k with 2 P(T <= k - 1) <= alpha. */
static int last_rank(int n, double alpha, double *probability) {
    int count = n * (n + 1) / 4 + 1, k = 0;
    c4_signed_rank_distribution(n, count, probability);
    for (double below = probability[0]; k < count && 2 * below <= alpha;) {
        k++;
        if (k < count) below += probability[k];
    }
    return k;
}

enum c4_status c4_paired_interval(const double *log_ratio, int n, double alpha,
                                  struct c4_interval *result) {
    C4_TRY(check(log_ratio, n, alpha));
    int all = n * (n + 1) / 2, at = 0;
    double *walsh = malloc(((size_t)all + (size_t)all / 2 + 1) * sizeof *walsh);
    if (!walsh) return c4_fail(C4_ERR_MEMORY, "Out of memory for the averages of %d pairs.", n);
    for (int i = 0; i < n; i++)
        for (int j = i; j < n; j++) walsh[at++] = 0.5 * (log_ratio[i] + log_ratio[j]);
    c4_sort(walsh, all);
    int k = last_rank(n, alpha, walsh + all);
    result->estimate = median_of(walsh, all);
    result->low = k > 0 ? walsh[k - 1] : -(double)INFINITY;
    result->high = k > 0 ? walsh[all - k] : (double)INFINITY;
    free(walsh);
    return C4_OK;
}

int c4_paired_min_pairs(double alpha) {
    if (!(alpha > 0 && alpha < 1)) return 0;
    int n = 1;
    while (ldexp(1, 1 - n) > alpha) n++;
    return n;
}

static double normal_cdf(double z) {
    return 0.5 * erfc(-z / sqrt(2));
}

/* The z with P(Z <= z) = p, 0 < p < 1. */
static double normal_quantile(double p) {
    if (p > 0.5) return -normal_quantile(1 - p);
    double low = -40, high = 0;
    for (;;) {
        double middle = 0.5 * (low + high);
        if (middle == low || middle == high) return high;
        if (normal_cdf(middle) < p)
            low = middle;
        else
            high = middle;
    }
}

/* The median of n draws with replacement from the sorted values. */
static double resampled_median(const double *sorted, int n, uint64_t seed, uint32_t resample) {
    uint16_t drawn[C4_PAIRED_MOST];
    memset(drawn, 0, (size_t)n * sizeof *drawn);
    struct c4_rng_block block = {{0, 0, 0, 0}};
    for (int i = 0; i < n; i++) {
        if (i % 4 == 0) block = c4_rng_draw(seed, C4_RNG_BOOTSTRAP, resample, (uint64_t)i / 4);
        drawn[c4_rng_below(block.word[i % 4], (uint32_t)n)]++;
    }
    int lower = (n - 1) / 2, upper = n / 2, at = 0, before = drawn[0];
    while (before <= lower) before += drawn[++at];
    double low = sorted[at];
    while (before <= upper) before += drawn[++at];
    return 0.5 * (low + sorted[at]);
}

/* The median of all values but one. */
static double median_without(const double *sorted, int n, int out) {
    int lower = (n - 2) / 2, upper = (n - 1) / 2;
    return 0.5 * (sorted[lower + (lower >= out)] + sorted[upper + (upper >= out)]);
}

/* Efron's a from the medians of all but one value: sum d^3 / (6 (sum d^2)^1.5), d = mean - median.
 */
static double acceleration(const double *sorted, int n) {
    if (median_without(sorted, n, 0) == median_without(sorted, n, n - 1)) return 0;
    double sum = 0, squares = 0, cubes = 0;
    for (int out = 0; out < n; out++) sum += median_without(sorted, n, out);
    for (int out = 0; out < n; out++) {
        double d = sum / n - median_without(sorted, n, out);
        squares += d * d;
        cubes += d * d * d;
    }
    return squares > 0 ? cubes / (6 * squares * sqrt(squares)) : 0;
}

/* Linear between order statistics. */
static double quantile_of(const double *sorted, int count, double p) {
    double place = (count - 1) * fmin(1, fmax(0, p));
    int at = (int)place;
    if (at >= count - 1) return sorted[count - 1];
    return sorted[at] + (place - at) * (sorted[at + 1] - sorted[at]);
}

/* `sorted` and `medians` are room for n and `resamples` values. */
static void bca(const double *log_ratio, int n, double alpha, uint64_t seed, int resamples,
                double *sorted, double *medians, struct c4_interval *result) {
    memcpy(sorted, log_ratio, (size_t)n * sizeof *sorted);
    c4_sort(sorted, n);
    double median = median_of(sorted, n), below = 0;
    for (int b = 0; b < resamples; b++) {
        medians[b] = resampled_median(sorted, n, seed, (uint32_t)b);
        below += medians[b] < median ? 1 : medians[b] == median ? 0.5 : 0;
    }
    c4_sort(medians, resamples);
    below = fmin(resamples - 0.5, fmax(0.5, below));
    double z0 = normal_quantile(below / resamples), a = acceleration(sorted, n);
    double end[2];
    for (int side = 0; side < 2; side++) {
        double z = z0 + (side ? -1 : 1) * normal_quantile(alpha / 2);
        end[side] = quantile_of(medians, resamples, normal_cdf(z0 + z / (1 - a * z)));
    }
    *result = (struct c4_interval){median, end[0], end[1]};
}

enum c4_status c4_paired_bca(const double *log_ratio, int n, double alpha, uint64_t seed,
                             int resamples, struct c4_interval *result) {
    C4_TRY(check(log_ratio, n, alpha));
    if (resamples < 1) return c4_fail(C4_ERR_USAGE, "A bootstrap needs a resample.");
    if (n == 1) {
        *result = (struct c4_interval){log_ratio[0], -(double)INFINITY, (double)INFINITY};
        return C4_OK;
    }
    double *room = malloc(((size_t)n + (size_t)resamples) * sizeof *room);
    if (!room) return c4_fail(C4_ERR_MEMORY, "Out of memory for %d resamples.", resamples);
    bca(log_ratio, n, alpha, seed, resamples, room, room + n, result);
    free(room);
    return C4_OK;
}

enum c4_status c4_paired_t(const double *log_ratio, int n, double alpha,
                           struct c4_interval *result) {
    C4_TRY(check(log_ratio, n, alpha));
    struct c4_estimate e = c4_estimate_of(log_ratio, n, 1 - alpha, 0);
    *result = (struct c4_interval){e.mean, -(double)INFINITY, (double)INFINITY};
    if (n < 2) return C4_OK;
    result->low = e.low;
    result->high = e.high;
    return C4_OK;
}
