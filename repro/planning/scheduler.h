/* Which runs start their next segment now, on which places: the decision behind every event of a
 * study, for the coordinator and for its simulation. Pure: no clock, no input or output.
 *
 * A place is what one worker process is bound to. A team is a run's 1, 2, 4 or 8 neighbouring
 * places, and changes only between two segments of its run. */
#ifndef C4_REPRO_PLANNING_SCHEDULER_H
#define C4_REPRO_PLANNING_SCHEDULER_H

#include "repro/store/store.h"
#include "repro/study/schedule.h"

/* Teams of 1, 2, 4 and 8 places: a batch of 32 is cut into 8 slices, so more gain nothing. */
enum { C4_TEAM_SIZES = 4, C4_TEAM_WIDEST = 8 };

/* of_ideal[k]: the speed of a team of 2^k places as a part of that of 2^k single places; [0] = 1.
 */
struct c4_team_speeds {
    double of_ideal[C4_TEAM_SIZES];
};

/* Where a place is. Neighbours in an array of places are neighbours on the machine: the places of
 * an L3 domain stand together, and those of a node. */
struct c4_sched_place {
    int l3, node, kind;
};

/* What a place does now. */
struct c4_sched_seat {
    int run;                /* its run; -1: idle */
    int leader;             /* first place of the run's team */
    bool between;           /* the run is between two segments: it may go elsewhere or change its
                               team */
    bool away;              /* no worker is ready here: takes no part */
    double segment_seconds; /* of the segment under way, at one place; 0 between two segments */
    bool has_seed;          /* references of `seed` are prepared here */
    uint64_t seed;
};

/* Borrowed. A run that is neither done nor failed and has no seat is ready if its predecessor is
 * done. */
struct c4_sched_input {
    const struct c4_schedule *schedule;
    const double *seconds; /* of each run, at one place, from its last finished segment */
    const enum c4_run_state *state;
    const struct c4_sched_place *place;
    const struct c4_sched_seat *seat;
    int places;
    const struct c4_team_speeds *speeds;
    int widest; /* 1: teams never grow, for a backend whose bits depend on the team */
};

/* Places first .. first+count-1 start the run's next segment. */
struct c4_assignment {
    int run, first, count;
};

/* Fills assignment[0 .. *count), at most `places` of them: what starts now. Places in mid-segment
 * are never among them, no place and no run appears twice, and the same input gives the same
 * output.
 *
 * With widest = 1, or with at least as many runs (under way or ready) as places, every run has one
 * place: a run under way stays with its leader, and each place that is free, in their order, takes
 * c4_forecast_next() with its seed.
 *
 * With fewer runs than places no place is left idle that a team can use:
 * - The run that would end last, with the longest chain of runs behind it, is the next to double
 *   its team, as long as places are left; an equal run that can start now comes first.
 * - When more runs are ready than places are left, teams that would still end first are halved.
 * - Places change from one run to another only if the one that loses them would still end a quarter
 *   earlier than the one that gains now does, so that teams do not flap.
 * - A team lies in an L3 domain, at a multiple of its width; in a node if none of its L3 domains is
 *   that wide; never across nodes or kinds of cores. Runs stay where they are if they can, and else
 *   go to places that are free now, and those of their seed.
 * - A run between two segments always starts, unless its places are away: while its new places are
 *   in mid-segment it goes on with its old ones, or with those of them that it is to keep. A ready
 *   run waits for its places. If no place is in mid-segment, every run starts.
 *
 * C4_ERR_MEMORY. */
enum c4_status c4_scheduler_decide(const struct c4_sched_input *input,
                                   struct c4_assignment *assignment, int *count);

/* may[k * places + p]: a team of 2^k places may begin at place p, when all of them have workers.
 * Such teams of a width do not overlap. C4_ERR_MEMORY. */
enum c4_status c4_scheduler_teams(const struct c4_sched_place *place, int places, bool *may);

/* Seconds of a team of `width` places (1, 2, 4 or 8) for what takes one place `seconds`. */
double c4_team_seconds(const struct c4_team_speeds *speeds, int width, double seconds);

/* tail[i] = seconds of the longest chain of runs that start from run i, without it. */
void c4_schedule_tails(const struct c4_schedule *schedule, const double *seconds, double *tail);

#endif
