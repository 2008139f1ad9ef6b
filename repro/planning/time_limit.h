/* When a study has to end before it is done, and what may still be started: the decisions behind
 * `repro --max-time` and SIGUSR1. Pure: no clock, no input or output. Times are in seconds since
 * the start of the process, and `seconds` those that a segment is predicted to take.
 *
 *                               start          closing    cutting      end
 *     --------------------------------------------|----------|----------|
 *     segments that are predicted to end by `closing` start;    what is  it is over
 *                                     those under way go on     cut
 *
 * Between closing and the end is the reserve, at most 10 s and a tenth of the limit. Its first half
 * is for segments that take longer than predicted, and for their commits, which a slow disk may
 * take a second for; its second half is for the ending of workers, which have 5 s before they are
 * killed, and for closing the store. */
#ifndef C4_REPRO_PLANNING_TIME_LIMIT_H
#define C4_REPRO_PLANNING_TIME_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* SIGUSR1: everything is over after this time, or earlier by --max-time. */
enum { C4_EARLY_SECONDS = 60 };

struct c4_time_limit {
    int64_t start_ns; /* of the process, by c4_clock_ns(); for those who know the time */
    double end;       /* INFINITY: no limit */
    double asked;     /* when an early end was asked for; INFINITY: not */
};

/* Nothing is to end early. */
struct c4_time_limit c4_time_limit_none(int64_t start_ns);

/* Whether there is an end at all. */
bool c4_time_limit_is_set(const struct c4_time_limit *limit);

/* When everything has to be over, and the marks before it; INFINITY without one. */
double c4_time_limit_end(const struct c4_time_limit *limit);
double c4_time_limit_closing(const struct c4_time_limit *limit);
double c4_time_limit_cutting(const struct c4_time_limit *limit);

/* Whether nothing is started any more: an early end was asked for, or `now` is not before closing.
 */
bool c4_time_limit_is_closed(const struct c4_time_limit *limit, double now);

/* Whether a segment may start that is predicted to take `seconds`. */
bool c4_time_limit_may_start(const struct c4_time_limit *limit, double now, double seconds);

/* Whether a segment may start although it is predicted to end too late: nothing has been committed
 * since the process began, no other segment could be started, and it is not over yet. Without this
 * a study whose segments are predicted too long would never advance; with it every limit beyond the
 * start-up and one segment makes progress. */
bool c4_time_limit_may_try(const struct c4_time_limit *limit, double now, int committed);

/* Whether a segment that is under way since `begun` is cut now: an early end was asked for and it
 * is not predicted to be done by closing; or it is past cutting. As long as nothing has been
 * committed,
 * --max-time cuts at the end itself, so that the reserve takes nothing from a first segment. */
bool c4_time_limit_cuts(const struct c4_time_limit *limit, double now, double begun, double seconds,
                        int committed);

/* By what factor predictions are to be made longer: segments that were predicted to take
 * `predicted` seconds in sum have taken `actual`. At least 1, so that a prediction that was too
 * long costs at most a segment's time, while a segment that is cut costs all that it did. */
double c4_time_limit_pace(double predicted, double actual);

#endif
