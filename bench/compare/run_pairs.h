/* Runs two programs as fresh processes, in pairs, until their rows can be judged or the time is
 * over.
 *
 * In turns, the two processes of a pair run one after the other; in a duet, at the same time, each
 * confined to a core of its own, so that whatever disturbs the machine disturbs both (Bulej et al.,
 * "Duet Benchmarking", ICPE 2020). Which comes first, or on which core, is drawn for the first pair
 * of each block of two and the other way round in the second. */
#ifndef C4_BENCH_COMPARE_RUN_PAIRS_H
#define C4_BENCH_COMPARE_RUN_PAIRS_H

#include "bench/compare/pairs.h"
#include "bench/compare/program.h"

enum c4_compare_mode { C4_COMPARE_AUTO, C4_COMPARE_DUET, C4_COMPARE_TURNS };
extern const char *const c4_compare_modes[]; /* "auto", "duet", "turns" */

struct c4_compare {
    const char *name[C4_SIDES];    /* as reports call them */
    const char *program[C4_SIDES]; /* their paths */
    struct c4_program_setting setting;
    enum c4_compare_mode mode; /* AUTO becomes one of the others: see c4_compare_settle() */
    double max_seconds;
    int pu[C4_SIDES]; /* of a duet: OS indices */
    int processes;    /* run so far */
    double seconds;   /* that they took */
    /* Before the first pair of a pass and after each: `pairs` of `wanted` are there. */
    void (*tick)(void *context, int pairs, int wanted);
    void *context;
};

/* Fixes the mode: a duet if there are two cores, both were idle for a fifth of a second, and a run
 * has one thread; turns otherwise. C4_ERR_ENVIRONMENT: a duet was asked for on one core, or with
 * several threads. */
enum c4_status c4_compare_settle(struct c4_compare *compare);

/* Adds pairs to the comparison and judges it: a first pass over all rows until each has
 * c4_pairs_needed() pairs, then, in the time that is left, a second one over the rows that are
 * open, with up to twice as many pairs. Rows are judged after each pass only.
 *
 * Whatever the status, what there is has been judged. C4_ERR_DATA: a program cannot be run, fails
 * (with the status it ended with), or prints no results; C4_ERR_INTERRUPTED, C4_ERR_TERMINATED,
 * C4_ERR_FAILED, C4_ERR_MEMORY. */
enum c4_status c4_compare_run(struct c4_compare *compare, struct c4_comparison *comparison);

/* Adds just so many pairs of all rows, whatever the time, and judges nothing. Statuses as above. */
enum c4_status c4_compare_pairs(struct c4_compare *compare, struct c4_comparison *comparison,
                                int pairs);

#endif
