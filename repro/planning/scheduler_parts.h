/* Internals of the scheduler: active runs, the widths that they should have, and where. */
#ifndef C4_REPRO_PLANNING_SCHEDULER_PARTS_H
#define C4_REPRO_PLANNING_SCHEDULER_PARTS_H

#include "repro/planning/scheduler.h"

/* A run that is under way or ready. */
struct c4_sched_active {
    int run;
    int first, count; /* its places now; count 0: none */
    bool free;        /* may start now: it is ready or between two segments */
    double left;      /* seconds at one place behind the segment under way */
    double chain;     /* left, and the longest chain of runs behind it */
    int width;        /* of the team that it should have */
    int at;           /* first place of that team; -1: not placed yet */
};

/* Where teams may lie. block[k][p]: a team of 2^k places may begin at place p. */
struct c4_sched_blocks {
    bool *block[C4_TEAM_SIZES];
    int total[C4_TEAM_SIZES]; /* of each width; total[0] = usable places */
};

struct c4_sched_view {
    const struct c4_sched_input *input;
    struct c4_sched_active *active;
    int actives;
    struct c4_sched_blocks blocks;
    bool *used;  /* [places] for c4_sched_layout(): in the new team of some run */
    int *owner;  /* [places] index in active[] of the run that has the place now; -1: none */
    bool *taken; /* [places] given away in this decision */
};

/* Sets every active run's width. */
void c4_sched_widths(struct c4_sched_view *view);

/* Sets every active run's `at`, and lowers widths for which no block is left. */
void c4_sched_layout(struct c4_sched_view *view);

/* Finds the blocks of the machine; the arrays are allocated already. */
void c4_sched_find_blocks(const struct c4_sched_input *input, struct c4_sched_blocks *blocks);

/* 0 .. 3 for 1, 2, 4, 8. */
int c4_team_index(int width);

#endif
