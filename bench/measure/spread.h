/* Lowest, median and highest of a series of samples. */
#ifndef C4_BENCH_MEASURE_SPREAD_H
#define C4_BENCH_MEASURE_SPREAD_H

#include <jansson.h>

#include "core/base/status.h"

enum { C4_SAMPLES_MAX = 1000 };

struct c4_spread {
    double low, median, high;
};

/* Of 1..C4_SAMPLES_MAX samples, which are not reordered. */
struct c4_spread c4_spread_of(const double *samples, int count);

/* (high - low) / median in percent: how noisy the samples are. */
double c4_spread_percent(const struct c4_spread *spread);

/* A new JSON array of the samples, each multiplied by `factor`; null if it is not finite. */
json_t *c4_spread_json(const double *samples, int count, double factor);

#endif
