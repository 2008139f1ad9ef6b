#include "repro/planning/time_limit.h"

#include <math.h>

#define RESERVE_SECONDS 10.0
#define RESERVE_PART 0.1

struct c4_time_limit c4_time_limit_none(int64_t start_ns) {
    return (struct c4_time_limit){
        .start_ns = start_ns, .end = (double)INFINITY, .asked = (double)INFINITY};
}

double c4_time_limit_end(const struct c4_time_limit *limit) {
    return fmin(limit->end, limit->asked + C4_EARLY_SECONDS);
}

bool c4_time_limit_is_set(const struct c4_time_limit *limit) {
    return isfinite(c4_time_limit_end(limit)) != 0;
}

/* An early end has less time than the limit: the reserve is a part of what is shorter. */
static double reserve(const struct c4_time_limit *limit) {
    double seconds = fmin(RESERVE_SECONDS, RESERVE_PART * limit->end);
    return isfinite(limit->asked) ? fmin(seconds, RESERVE_PART * C4_EARLY_SECONDS) : seconds;
}

double c4_time_limit_closing(const struct c4_time_limit *limit) {
    return c4_time_limit_end(limit) - reserve(limit);
}

double c4_time_limit_cutting(const struct c4_time_limit *limit) {
    return c4_time_limit_end(limit) - reserve(limit) / 2;
}

bool c4_time_limit_is_closed(const struct c4_time_limit *limit, double now) {
    return isfinite(limit->asked) || now >= c4_time_limit_closing(limit);
}

bool c4_time_limit_may_start(const struct c4_time_limit *limit, double now, double seconds) {
    return !c4_time_limit_is_closed(limit, now) && now + seconds <= c4_time_limit_closing(limit);
}

bool c4_time_limit_may_try(const struct c4_time_limit *limit, double now, int committed) {
    return committed == 0 && !isfinite(limit->asked) && now < limit->end;
}

bool c4_time_limit_cuts(const struct c4_time_limit *limit, double now, double begun, double seconds,
                        int committed) {
    if (isfinite(limit->asked))
        return begun + seconds > c4_time_limit_closing(limit) ||
               now >= c4_time_limit_cutting(limit);
    return now >= (committed == 0 ? limit->end : c4_time_limit_cutting(limit));
}

double c4_time_limit_pace(double predicted, double actual) {
    return predicted > 0 ? fmax(1, actual / predicted) : 1;
}
