#include "core/stats/median.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/stats/sort.h"

/* The largest k <= n / 2 with 2 P(B <= k - 1) <= alpha. */
static int last_rank(int n, double alpha) {
    double term = ldexp(1, -n), below = 0; /* C(n, k) / 2^n */
    int k = 0;
    while (k < n / 2 && 2 * (below + term) <= alpha) {
        below += term;
        term *= (double)(n - k) / (k + 1);
        k++;
    }
    return k;
}

enum c4_status c4_median_interval(const double *values, int n, double alpha,
                                  struct c4_interval *result) {
    if (n < 1 || n > C4_PAIRED_MOST)
        return c4_fail(C4_ERR_USAGE, "A median is of 1 to %d values, not of %d.", C4_PAIRED_MOST,
                       n);
    if (!(alpha > 0 && alpha < 1))
        return c4_fail(C4_ERR_USAGE, "An interval's alpha is between 0 and 1, not %g.", alpha);
    for (int i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return c4_fail(C4_ERR_DATA, "Value %d is not a finite number.", i);
    double *sorted = malloc((size_t)n * sizeof *sorted);
    if (!sorted) return c4_fail(C4_ERR_MEMORY, "Out of memory for %d values.", n);
    memcpy(sorted, values, (size_t)n * sizeof *sorted);
    c4_sort(sorted, n);
    int k = last_rank(n, alpha);
    result->estimate = 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]);
    result->low = k > 0 ? sorted[k - 1] : (double)-INFINITY;
    result->high = k > 0 ? sorted[n - k] : (double)INFINITY;
    free(sorted);
    return C4_OK;
}
