/* Small-sample statistics of paired contrasts: Student's t and its interval. */
#ifndef C4_STATS_STUDENT_H
#define C4_STATS_STUDENT_H

/* P(|T| >= |t|) for Student's t with df > 0 degrees of freedom: I_x(df/2, 1/2) at
 * x = df / (df + t^2), to 1e-12. NaN if t is NaN; 0 if it is infinite. */
double c4_student_p(double t, double df);

/* The t >= 0 with P(|T| <= t) = level, 0 < level < 1; 2.776445 for level .95 and df 4. */
double c4_student_quantile(double level, double df);

/* An estimate of the expectation from n values, one per seed. */
struct c4_estimate {
    int n;                               /* finite values; the others count as missing */
    int positive;                        /* of them above `origin` */
    double mean;                         /* NaN if n = 0 */
    double standard_error, low, high, p; /* NaN if n < 2 */
};

/* mean +- t(level, n - 1) * standard error (ddof 1), and the two-sided p of mean = origin. Equal
 * values give an interval of length 0 and p = 0, or p = 1 if they equal the origin. */
struct c4_estimate c4_estimate_of(const double *values, int count, double level, double origin);

#endif
