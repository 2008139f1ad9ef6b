/* A study on a simulated clock: the real scheduler, with segments that take as long as predicted.
 */
#ifndef C4_REPRO_PLANNING_SIMULATION_H
#define C4_REPRO_PLANNING_SIMULATION_H

#include "repro/planning/scheduler.h"

/* A place without a worker from `begin` to `end` seconds; a segment under way there is lost. */
struct c4_outage {
    int place;
    double begin, end;
};

/* Borrowed. */
struct c4_simulation_input {
    const struct c4_schedule *schedule;
    const double *seconds;         /* of each run at one place; <= 0: done */
    const double *segment_seconds; /* of each run's segments at one place; NULL: one for each run */
    const struct c4_sched_place *place;
    int places;
    const struct c4_team_speeds *speeds;
    int widest; /* 1, 2, 4 or 8 */
    const struct c4_outage *outage;
    int outages;
};

/* A run on the places first .. first+count-1, for one segment or several without a gap. */
struct c4_stay {
    int run, first, count;
    double begin, end; /* seconds */
};

struct c4_simulation {
    struct c4_stay *stay; /* by their begins */
    int stays, room;
    double makespan; /* seconds until the last run is done */
    double work;     /* seconds on one place */
    double busy;     /* work / (places x makespan); 1 for nothing to do */
    double longest;  /* seconds of the longest chain of runs on one place */
    double chain;    /* the same in the fastest team */
    double bound;    /* no order of teams makes less: work / places, or chain */
};

/* Overwrites *simulation; c4_simulation_free() releases it, and on failure nothing needs releasing.
 * C4_ERR_MEMORY; C4_ERR_FAILED if runs are left that no place can take. */
enum c4_status c4_simulation_make(const struct c4_simulation_input *input,
                                  struct c4_simulation *simulation);

/* Releases and zeroes; a zeroed simulation is fine. */
void c4_simulation_free(struct c4_simulation *simulation);

#endif
