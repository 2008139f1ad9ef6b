#include "core/stats/summary.h"

#include <math.h>
#include <stddef.h>

void c4_summary(const double *values, int seeds, int points, double *mean, double *standard_error,
                int *n) {
    for (int p = 0; p < points; p++) {
        double sum = 0, squares = 0;
        int count = 0;
        for (int s = 0; s < seeds; s++) {
            double value = values[(size_t)s * (size_t)points + (size_t)p];
            if (!isfinite(value)) continue;
            sum += value;
            count++;
        }
        double m = count > 0 ? sum / count : (double)NAN;
        for (int s = 0; s < seeds; s++) {
            double value = values[(size_t)s * (size_t)points + (size_t)p];
            if (isfinite(value)) squares += (value - m) * (value - m);
        }
        mean[p] = m;
        standard_error[p] = count > 1 ? sqrt(squares / (count - 1)) / sqrt(count) : (double)NAN;
        n[p] = count;
    }
}
