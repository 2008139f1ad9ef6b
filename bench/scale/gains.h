/* How many times faster, from rounds in which both were measured beside each other. */
#ifndef C4_BENCH_SCALE_GAINS_H
#define C4_BENCH_SCALE_GAINS_H

#include "core/stats/paired.h"

/* quotient[i] = above[i] / below[i]; NaN where either is NaN or not above 0. */
void c4_scale_quotients(const double *above, const double *below, int rounds, double *quotient);

/* The factor of the quotients that are not NaN: exp of c4_paired_interval() of their logarithms, at
 * 95 %. Below six of them low and high are NaN, without any the estimate is, too. C4_ERR_USAGE:
 * more than C4_PAIRED_MOST. C4_ERR_MEMORY. */
enum c4_status c4_scale_factor(const double *quotient, int rounds, struct c4_interval *factor);

/* The factor of above / below. */
enum c4_status c4_scale_gain(const double *above, const double *below, int rounds,
                             struct c4_interval *gain);

/* The factor of (above / below) / (roof / floor): the share of another gain that a gain reaches. */
enum c4_status c4_scale_share(const double *above, const double *below, const double *roof,
                              const double *floor, int rounds, struct c4_interval *share);

#endif
