#include "core/stats/shift.h"

#include <math.h>
#include <stdlib.h>

#include "core/stats/rank.h"
#include "core/stats/sort.h"

static enum c4_status check(const double *values, int n) {
    if (n < 1 || n > C4_SHIFT_MOST)
        return c4_fail(C4_ERR_USAGE, "A shift is between samples of 1 to %d values, not of %d.",
                       C4_SHIFT_MOST, n);
    for (int i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return c4_fail(C4_ERR_DATA, "Value %d is not a finite number.", i);
    return C4_OK;
}

/* P(U <= u). */
static double below(int n, int m, int u) {
    if (n * m <= C4_MANN_WHITNEY_EXACT) return c4_mann_whitney_below(n, m, u);
    double deviation = sqrt((double)n * m * (n + m + 1.0) / 12);
    return 0.5 * erfc((0.5 * n * m - u - 0.5) / deviation / sqrt(2));
}

/* The largest k with 2 P(U <= k - 1) <= alpha, found by halving, as P ascends. */
static int last_rank(int n, int m, double alpha) {
    int low = 0, high = n * m / 2 + 1; /* low is small enough, high is not */
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (2 * below(n, m, middle - 1) <= alpha)
            low = middle;
        else
            high = middle;
    }
    return low;
}

bool c4_shift_is_finite(int n, int m, double alpha) {
    return n >= 1 && m >= 1 && last_rank(n, m, alpha) >= 1;
}

enum c4_status c4_shift_interval(const double *x, int n, const double *y, int m, double alpha,
                                 struct c4_interval *result) {
    C4_TRY(check(x, n));
    C4_TRY(check(y, m));
    if (!(alpha > 0 && alpha < 1))
        return c4_fail(C4_ERR_USAGE, "An interval's alpha is between 0 and 1, not %g.", alpha);
    int all = n * m;
    double *difference = malloc((size_t)all * sizeof *difference);
    if (!difference) return c4_fail(C4_ERR_MEMORY, "Out of memory for %d differences.", all);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++) difference[i * m + j] = y[j] - x[i];
    c4_sort(difference, all);
    int k = last_rank(n, m, alpha);
    result->estimate = 0.5 * (difference[(all - 1) / 2] + difference[all / 2]);
    result->low = k > 0 ? difference[k - 1] : (double)-INFINITY;
    result->high = k > 0 ? difference[all - k] : (double)INFINITY;
    free(difference);
    return C4_OK;
}
