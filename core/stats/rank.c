#include "core/stats/rank.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A value and whether it counts for the statistic: it is x's, or its difference is above 0. */
struct ranked {
    double value;
    bool counted;
};

/* What ranking tells: the counted values' sum of midranks, and sum (t^3 - t) over tied groups. */
struct rank_sums {
    double counted, ties;
};

static int compare_ranked(const void *a, const void *b) {
    double x = ((const struct ranked *)a)->value, y = ((const struct ranked *)b)->value;
    return (x > y) - (x < y);
}

/* Sorts the values. */
static struct rank_sums rank_all(struct ranked *values, int count) {
    struct rank_sums sums = {0, 0};
    qsort(values, (size_t)count, sizeof *values, compare_ranked);
    for (int i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && values[end].value == values[i].value;) end++;
        double size = end - i, midrank = 0.5 * (i + 1 + (double)end);
        sums.ties += size * size * size - size;
        for (int j = i; j < end; j++)
            if (values[j].counted) sums.counted += midrank;
    }
    return sums;
}

/* P(|Z| >= z). */
static double normal_p(double z) {
    return fmin(1, erfc(z / sqrt(2)));
}

/* How often each U occurs are the coefficients of the Gaussian binomial (n + m choose n) in q: the
 * product of (1 - q^(m + i)) / (1 - q^i), i = 1..n, for the smaller n. Their sum is below 2^63 for
 * nm <= 1000, so that counting modulo 2^64 is exact. */
double c4_mann_whitney_below(int n, int m, int u) {
    if (n > m) return c4_mann_whitney_below(m, n, u);
    uint64_t count[C4_MANN_WHITNEY_EXACT / 2 + 1] = {1};
    int half = n * m / 2;
    for (int i = 1; i <= n; i++) {
        for (int k = half; k >= m + i; k--) count[k] -= count[k - m - i];
        for (int k = i; k <= half; k++) count[k] += count[k - i];
    }
    uint64_t below = 0, all = 0;
    for (int k = 0; k <= half; k++) {
        all += 2 * k == n * m ? count[k] : 2 * count[k];
        if (k <= u) below += count[k];
    }
    return (double)below / (double)all;
}

enum c4_status c4_mann_whitney(const double *x, int n, const double *y, int m,
                               enum c4_rank_method method, struct c4_rank_test *result) {
    if (n < 1 || m < 1)
        return c4_fail(C4_ERR_USAGE, "Mann-Whitney's test needs a value on either side.");
    double product = (double)n * m, total = (double)n + m;
    struct ranked *values = malloc(((size_t)n + (size_t)m) * sizeof *values);
    if (!values) return c4_fail(C4_ERR_MEMORY, "Out of memory to rank %.0f values.", total);
    bool finite = true;
    for (int i = 0; i < n; i++) {
        values[i] = (struct ranked){x[i], true};
        finite = finite && isfinite(x[i]);
    }
    for (int j = 0; j < m; j++) {
        values[n + j] = (struct ranked){y[j], false};
        finite = finite && isfinite(y[j]);
    }
    struct rank_sums sums = {0, 0};
    if (finite) sums = rank_all(values, n + m);
    free(values);
    if (!finite) return c4_fail(C4_ERR_DATA, "A value to rank is not a finite number.");

    bool may_be_exact = sums.ties == 0 && product <= C4_MANN_WHITNEY_EXACT;
    if (method == C4_RANK_EXACT && !may_be_exact)
        return c4_fail(C4_ERR_USAGE,
                       "Mann-Whitney's exact p is for distinct values and n * m up to %d.",
                       C4_MANN_WHITNEY_EXACT);
    result->exact = may_be_exact && method != C4_RANK_NORMAL;
    double u = sums.counted - 0.5 * n * (n + 1.0);
    result->statistic = u;
    if (result->exact) {
        int less = (int)fmin(u, product - u);
        result->p = fmin(1, 2 * c4_mann_whitney_below(n, m, less));
        return C4_OK;
    }
    double variance = product / 12 * (total + 1 - sums.ties / (total * (total - 1)));
    double z = (fabs(u - product / 2) - 0.5) / sqrt(fmax(0, variance));
    result->p = variance > 0 ? normal_p(z) : 1;
    return C4_OK;
}

void c4_signed_rank_distribution(int n, int count, double *probability) {
    memset(probability, 0, (size_t)count * sizeof *probability);
    probability[0] = 1;
    for (int rank = 1, most = 0; rank <= n; rank++) {
        most += rank;
        for (int t = most < count ? most : count - 1; t >= rank; t--)
            probability[t] = 0.5 * (probability[t] + probability[t - rank]);
        for (int t = rank < count ? rank - 1 : count - 1; t >= 0; t--) probability[t] *= 0.5;
    }
}

/* P(T <= t) for t <= n(n + 1)/4, n <= C4_SIGNED_RANK_EXACT. */
static double signed_rank_cdf(int n, int t) {
    double probability[C4_SIGNED_RANK_EXACT * (C4_SIGNED_RANK_EXACT + 1) / 4 + 1], sum = 0;
    c4_signed_rank_distribution(n, t + 1, probability);
    for (int i = 0; i <= t; i++) sum += probability[i];
    return sum;
}

enum c4_status c4_signed_rank(const double *differences, int n, enum c4_rank_method method,
                              struct c4_rank_test *result) {
    if (n < 1) return c4_fail(C4_ERR_USAGE, "The signed-rank test needs a difference.");
    struct ranked *values = malloc((size_t)n * sizeof *values);
    if (!values) return c4_fail(C4_ERR_MEMORY, "Out of memory to rank %d differences.", n);
    int k = 0;
    bool finite = true;
    for (int i = 0; i < n; i++) {
        finite = finite && isfinite(differences[i]);
        if (differences[i] == 0) continue;
        values[k++] = (struct ranked){fabs(differences[i]), differences[i] > 0};
    }
    struct rank_sums sums = {0, 0};
    if (finite) sums = rank_all(values, k);
    free(values);
    if (!finite) return c4_fail(C4_ERR_DATA, "A difference to rank is not a finite number.");

    bool may_be_exact = k == n && sums.ties == 0 && n <= C4_SIGNED_RANK_EXACT;
    if (method == C4_RANK_EXACT && !may_be_exact)
        return c4_fail(
            C4_ERR_USAGE,
            "The exact signed-rank p is for up to %d distinct differences without zeros.",
            C4_SIGNED_RANK_EXACT);
    result->exact = may_be_exact && method != C4_RANK_NORMAL;
    result->statistic = sums.counted;
    double pairs = k * (k + 1.0), mean = pairs / 4;
    if (result->exact) {
        int less = (int)fmin(sums.counted, pairs / 2 - sums.counted);
        result->p = fmin(1, 2 * signed_rank_cdf(n, less));
        return C4_OK;
    }
    double variance = (pairs * (2.0 * k + 1) - sums.ties / 2) / 24;
    double z = (fabs(sums.counted - mean) - 0.5) / sqrt(fmax(0, variance));
    result->p = k > 0 ? normal_p(fmax(0, z)) : 1;
    return C4_OK;
}
