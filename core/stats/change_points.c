#include "core/stats/change_points.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/stats/student.h"

/* A part of a window, [begin, end), and its candidate. */
struct part {
    int begin, end, candidate; /* of the series; candidate 0: fewer than two values */
    double q;
};

/* A window [begin, end) of the series and room for what its search needs. */
struct window {
    const double *values;
    int begin, end;
    double *column; /* of each t: sum of |values[u] - values[t]| over u < t of the window */
    double *inside; /* the same over u < t of the part */
    double *row;    /* of each t: sum of |values[t] - values[u]| over t < u < kappa */
    double *rows;   /* of each tau: row[tau] + ... + row[kappa - 2] */
    struct part *part;
    int parts;
};

static double distance(double a, double b) {
    return fabs(a - b);
}

/* Sums run in the order of Otava's, so that Q has the same bits and ties are broken alike. */
static void find_candidate(struct window *w, struct part *part) {
    int begin = part->begin, end = part->end;
    const double *x = w->values;
    part->candidate = 0;
    part->q = -1;
    for (int t = begin; t < end; t++) {
        double outside = 0;
        for (int u = w->begin; u < begin; u++) outside += distance(x[u], x[t]);
        w->inside[t - w->begin] = w->column[t - w->begin] - outside;
        w->row[t - w->begin] = 0;
    }
    for (int kappa = begin + 2; kappa <= end; kappa++) {
        double sum = 0;
        for (int t = begin; t < kappa - 1; t++)
            w->row[t - w->begin] += distance(x[t], x[kappa - 1]);
        for (int t = kappa - 2; t > begin; t--) {
            sum += w->row[t - w->begin];
            w->rows[t - w->begin] = sum;
        }
        double rows = 0, columns = 0; /* sums over t < tau */
        for (int tau = begin + 1; tau < kappa; tau++) {
            double n = tau - begin, m = kappa - tau, all = kappa - begin;
            rows += w->row[tau - 1 - w->begin];
            double q = 2 / all * (rows - columns);
            if (n > 1) q -= 2 * m / (all * (n - 1)) * columns;
            if (m > 1) q -= 2 * n / (all * (m - 1)) * w->rows[tau - w->begin];
            if (q > part->q || (q == part->q && tau < part->candidate)) {
                part->q = q;
                part->candidate = tau;
            }
            columns += w->inside[tau - w->begin];
        }
    }
}

static double term(double value, double shift, int power) {
    return power == 1 ? value - shift : (value - shift) * (value - shift);
}

/* The sum of (values - shift)^power in NumPy's order: in eight columns up to 128 values, in halves
 * above. Where segments are constant but for rounding, Otava's verdict hangs on it. */
static double numpy_sum(const double *values, int n, double shift, int power) {
    if (n > 128) {
        int half = n / 2 - n / 2 % 8;
        return numpy_sum(values, half, shift, power) +
               numpy_sum(values + half, n - half, shift, power);
    }
    double column[8] = {0};
    int whole = n < 8 ? 0 : n - n % 8;
    for (int i = 0; i < whole; i++) column[i % 8] += term(values[i], shift, power);
    double sum = ((column[0] + column[1]) + (column[2] + column[3])) +
                 ((column[4] + column[5]) + (column[6] + column[7]));
    for (int i = whole; i < n; i++) sum += term(values[i], shift, power);
    return sum;
}

/* Divides by n; the square of its rounded root, as Otava hands over deviations. */
static double variance_of(const double *values, int n, double mean) {
    double deviation = sqrt(numpy_sum(values, n, mean, 2) / n);
    return deviation * deviation;
}

/* Means and p of [begin, index) against [index, end), neither of them empty. */
static void judge(const double *values, int begin, int end, struct c4_change_point *point) {
    int size = point->index - begin, size_after = end - point->index;
    double n = size, m = size_after, df = n + m - 2;
    const double *behind = values + point->index;
    point->before = numpy_sum(values + begin, size, 0, 1) / size;
    point->after = numpy_sum(behind, size_after, 0, 1) / size_after;
    point->p = 1;
    if (df <= 0) return;
    double v = variance_of(values + begin, size, point->before);
    double w = variance_of(behind, size_after, point->after);
    double pooled = ((n - 1) * v + (m - 1) * w) / df;
    double t = (point->before - point->after) / sqrt(pooled * (1 / n + 1 / m));
    point->p = c4_student_p(t, df);
}

static double magnitude(const struct c4_change_point *point) {
    double forward = point->before == 0 ? 0 : point->after / point->before - 1;
    double backward = point->after == 0 ? 0 : point->before / point->after - 1;
    return fmax(fabs(forward), fabs(backward));
}

/* Divides the window until its best candidate is not significant. */
static void divide(struct window *w, double max_p) {
    const double *x = w->values;
    for (int t = w->begin; t < w->end; t++) {
        double sum = 0;
        for (int u = w->begin; u < t; u++) sum += distance(x[u], x[t]);
        w->column[t - w->begin] = sum;
    }
    w->part[0] = (struct part){w->begin, w->end, 0, 0};
    w->parts = 1;
    find_candidate(w, &w->part[0]);
    for (;;) {
        struct part *best = NULL;
        for (int i = 0; i < w->parts; i++)
            if (w->part[i].candidate && (!best || w->part[i].q > best->q)) best = &w->part[i];
        if (!best) return;
        struct c4_change_point point = {best->candidate, 0, 0, 0};
        judge(x, best->begin, best->end, &point);
        if (!(point.p <= max_p)) return; /* nor if it is undefined */
        size_t behind = (size_t)(&w->part[w->parts] - best);
        memmove(best + 1, best, behind * sizeof *best);
        w->parts++;
        best[0].end = best[1].begin = point.index;
        find_candidate(w, &best[0]);
        find_candidate(w, &best[1]);
    }
}

/* Sets weak[index] of each weak point. */
static void split(struct window *w, int n, const struct c4_change_options *options, bool *weak) {
    double max_p = options->max_p, factor = max_p < 0.05 ? 10 : max_p < 0.5 ? 2 : 1;
    int step = options->window / 2;
    for (w->begin = 0; w->begin < n;) {
        w->end = options->window < n - w->begin ? w->begin + options->window : n;
        divide(w, max_p * factor);
        for (int i = 1; i < w->parts; i++) weak[w->part[i].begin] = true;
        int last = w->part[w->parts - 1].begin;
        int next = step < n - w->begin ? w->begin + step : n;
        w->begin = last > next ? last : next;
    }
}

static void judge_at(const double *values, int n, struct c4_change_point *point, int count, int i) {
    if (i >= count) return;
    judge(values, i > 0 ? point[i - 1].index : 0, i + 1 < count ? point[i + 1].index : n,
          &point[i]);
}

/* How many points are left. */
static int merge(const double *values, int n, const struct c4_change_options *options,
                 struct c4_change_point *point, int count) {
    while (count > 0) {
        int weakest = 0;
        for (int i = 1; i < count; i++)
            if (point[i].p > point[weakest].p) weakest = i;
        if (point[weakest].p < options->max_p) {
            for (int i = weakest = 0; i < count; i++)
                if (magnitude(&point[i]) < magnitude(&point[weakest])) weakest = i;
            if (magnitude(&point[weakest]) > options->min_magnitude) break;
        }
        count--;
        memmove(point + weakest, point + weakest + 1, (size_t)(count - weakest) * sizeof *point);
        judge_at(values, n, point, count, weakest);
        judge_at(values, n, point, count, weakest + 1);
    }
    return count;
}

static enum c4_status check(const double *values, int n, const struct c4_change_options *options) {
    if (n < 0) return c4_fail(C4_ERR_USAGE, "A history has no fewer than 0 values, not %d.", n);
    if (!(options->max_p > 0 && options->max_p < 1))
        return c4_fail(C4_ERR_USAGE, "A change point's largest p is between 0 and 1, not %g.",
                       options->max_p);
    if (options->window < 2)
        return c4_fail(C4_ERR_USAGE, "A window has at least 2 values, not %d.", options->window);
    if (!(options->min_magnitude >= 0))
        return c4_fail(C4_ERR_USAGE, "A change point's least magnitude is 0 or more, not %g.",
                       options->min_magnitude);
    for (int i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return c4_fail(C4_ERR_DATA, "Value %d of a history is not a finite number.", i);
    return C4_OK;
}

enum c4_status c4_change_points(const double *values, int n,
                                const struct c4_change_options *options,
                                struct c4_change_point *point, int *count) {
    C4_TRY(check(values, n, options));
    *count = 0;
    if (n < 2) return C4_OK;
    size_t size = (size_t)(options->window < n ? options->window : n);
    double *sums = malloc(4 * size * sizeof *sums);
    struct part *part = malloc(size * sizeof *part);
    bool *weak = calloc((size_t)n, sizeof *weak);
    if (sums && part && weak) {
        struct window w = {values,          0,    0, sums, sums + size, sums + 2 * size,
                           sums + 3 * size, part, 0};
        split(&w, n, options, weak);
        for (int i = 1; i < n; i++)
            if (weak[i]) point[(*count)++].index = i;
        for (int i = 0; i < *count; i++) judge_at(values, n, point, *count, i);
        *count = merge(values, n, options, point, *count);
        for (int i = 0; i < *count; i++) judge_at(values, n, point, *count, i);
    }
    bool done = sums && part && weak;
    free(sums);
    free(part);
    free(weak);
    return done ? C4_OK : c4_fail(C4_ERR_MEMORY, "Out of memory for a history of %d values.", n);
}
