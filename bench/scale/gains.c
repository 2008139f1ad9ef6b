#include "bench/scale/gains.h"

#include <math.h>

static const double alpha = 0.05;

void c4_scale_quotients(const double *above, const double *below, int rounds, double *quotient) {
    for (int i = 0; i < rounds; i++)
        quotient[i] = above[i] > 0 && below[i] > 0 ? above[i] / below[i] : (double)NAN;
}

enum c4_status c4_scale_factor(const double *quotient, int rounds, struct c4_interval *factor) {
    double logarithm[C4_PAIRED_MOST];
    int count = 0;
    *factor = (struct c4_interval){(double)NAN, (double)NAN, (double)NAN};
    if (rounds > C4_PAIRED_MOST)
        return c4_fail(C4_ERR_USAGE, "%d rounds are more than %d", rounds, C4_PAIRED_MOST);
    for (int i = 0; i < rounds; i++)
        if (isfinite(quotient[i]) && quotient[i] > 0) logarithm[count++] = log(quotient[i]);
    if (count == 0) return C4_OK;
    struct c4_interval of;
    C4_TRY(c4_paired_interval(logarithm, count, alpha, &of));
    factor->estimate = exp(of.estimate);
    if (!isfinite(of.low) || !isfinite(of.high)) return C4_OK;
    factor->low = exp(of.low);
    factor->high = exp(of.high);
    return C4_OK;
}

enum c4_status c4_scale_gain(const double *above, const double *below, int rounds,
                             struct c4_interval *gain) {
    double quotient[C4_PAIRED_MOST];
    if (rounds <= C4_PAIRED_MOST) c4_scale_quotients(above, below, rounds, quotient);
    return c4_scale_factor(quotient, rounds, gain);
}

enum c4_status c4_scale_share(const double *above, const double *below, const double *roof,
                              const double *floor, int rounds, struct c4_interval *share) {
    double gain[C4_PAIRED_MOST], limit[C4_PAIRED_MOST];
    if (rounds <= C4_PAIRED_MOST) {
        c4_scale_quotients(above, below, rounds, gain);
        c4_scale_quotients(roof, floor, rounds, limit);
    }
    return c4_scale_gain(gain, limit, rounds, share);
}
