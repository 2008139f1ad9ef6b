#include "core/stats/student.h"

#include <math.h>
#include <stdbool.h>

/* The continued fraction of the incomplete beta function by Lentz's method (DLMF 8.17.22). It
 * converges fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x) {
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double result = d;
    for (int m = 1; m <= 500; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        for (int half = 0; half < 2; half++) {
            double factor = half ? odd : even;
            d = 1 + factor * d;
            c = 1 + factor / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            if (fabs(c) < tiny) c = tiny;
            result *= c * d;
        }
        if (fabs(c * d - 1) < 1e-15) break;
    }
    return result;
}

/* Regularised: I_x(a, b). */
static double incomplete_beta(double a, double b, double x) {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double c4_student_p(double t, double df) {
    if (isnan(t)) return t;
    if (isinf(t)) return 0;
    return incomplete_beta(df / 2, 0.5, df / (df + t * t));
}

double c4_student_quantile(double level, double df) {
    double low = 0, high = 1;
    while (c4_student_p(high, df) > 1 - level) high *= 2;
    for (int i = 0; i < 200 && low < high; i++) {
        double middle = 0.5 * (low + high);
        if (middle == low || middle == high) break;
        if (c4_student_p(middle, df) > 1 - level)
            low = middle;
        else
            high = middle;
    }
    return high;
}

struct c4_estimate c4_estimate_of(const double *values, int count, double level, double origin) {
    struct c4_estimate e = {0, 0, (double)NAN, (double)NAN, (double)NAN, (double)NAN, (double)NAN};
    double sum = 0, squares = 0;
    for (int i = 0; i < count; i++) {
        if (!isfinite(values[i])) continue;
        sum += values[i];
        e.n++;
        e.positive += values[i] > origin;
    }
    if (e.n == 0) return e;
    e.mean = sum / e.n;
    if (e.n < 2) return e;
    bool equal = true;
    double first = NAN;
    for (int i = 0; i < count; i++) {
        if (!isfinite(values[i])) continue;
        if (isnan(first)) first = values[i];
        equal = equal && values[i] == first;
        squares += (values[i] - e.mean) * (values[i] - e.mean);
    }
    if (equal) { /* rounding of the mean must not look like spread */
        e.mean = first;
        squares = 0;
    }
    e.standard_error = sqrt(squares / (e.n - 1)) / sqrt(e.n);
    double half = c4_student_quantile(level, e.n - 1) * e.standard_error;
    e.low = e.mean - half;
    e.high = e.mean + half;
    double distance = e.mean - origin;
    e.p = distance == 0 ? 1 : c4_student_p(distance / e.standard_error, e.n - 1);
    return e;
}
