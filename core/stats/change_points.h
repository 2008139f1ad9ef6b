/* Change points of a history: E-divisive means in sliding windows (Matteson and James, Journal of
 * the American Statistical Association 109, 2014), tested by Student's t and merged (Fleming,
 * Kolaczkowski, Kumar, Das, McCarthy, Pattabhiraman and Ingo, "Hunter", ICPE 2023). Options and
 * indices are those of Apache Otava 0.8.0 without incremental updates. Nothing is random.
 *
 * 1. Split. In a window of values [s, e), the candidate of an interval [a, b) is the tau with the
 *    largest Q(tau, kappa) over a < tau < kappa <= b, first the smallest tau, then the smallest
 *    kappa of equal ones. For X = [a, tau) of n and Y = [tau, kappa) of m values,
 *      Q = 2 / (m + n) sum |x - y| - 2 m / ((m + n)(n - 1)) sum |x - x'|
 *          - 2 n / ((m + n)(m - 1)) sum |y - y'|, the last two over pairs, 0 without pairs.
 *    The window's candidate with the largest Q becomes a weak point if p <= 10 max_p (2 max_p from
 *    .05 on, max_p from .5 on), and so on until one does not. The next window begins at the last
 *    weak point of this one or half a window on, whichever is later.
 * 2. Merge. While the weakest point, that with the largest p, has p >= max_p, or else that with the
 *    smallest magnitude has one <= min_magnitude, it is taken out (the earliest of equal ones), and
 *    the two points behind it are judged anew. As in Otava 0.8.0, the point before it is not,
 *    although other values follow it now.
 *
 * p compares the values from the point before to this one with those from it to the next: Student's
 * two-sided t with pooled variance ((n - 1) v + (m - 1) w) / (n + m - 2), where v and w divide by n
 * and m, as Otava's do. It is 1 for two values and, up to the rounding of means, 0 for constants
 * that differ and undefined for constants that are equal, which makes no point. Magnitude: the
 * larger of |after / before - 1| and |before / after - 1| of the means, 0 in place of a division by
 * 0. */
#ifndef C4_STATS_CHANGE_POINTS_H
#define C4_STATS_CHANGE_POINTS_H

#include "core/base/status.h"

struct c4_change_options {
    double max_p;         /* in (0, 1); Otava's default is .001 */
    int window;           /* values, at least 2; Otava's default is 50 */
    double min_magnitude; /* relative, at least 0; Otava's default is 0 */
};

struct c4_change_point {
    int index;            /* of the first value behind the change, from 0 */
    double before, after; /* means of the values since the point before, and up to the next */
    double p;             /* of these two; above max_p if Otava's was of fewer values */
};

/* The change points of values[n] in ascending order: overwrites point[0..*count), room for n - 1,
 * and *count. Fewer than 2 values have none. Takes up to n + 64 min(window, n) bytes of memory, and
 * time n * window * (points in a window).
 * C4_ERR_USAGE: n below 0, or an option out of its range. C4_ERR_DATA: a value is not finite.
 * C4_ERR_MEMORY. */
enum c4_status c4_change_points(const double *values, int n,
                                const struct c4_change_options *options,
                                struct c4_change_point *point, int *count);

#endif
