/* Exact values of two sides, beside each other. */
#ifndef C4_BENCH_COMPARE_EXACT_CHANGES_H
#define C4_BENCH_COMPARE_EXACT_CHANGES_H

#include "bench/compare/pairs.h"
#include "bench/exact/exact.h"

struct c4_exact_change {
    const char *row, *benchmark, *unit; /* of one of the sides */
    int batch, threads;                 /* 0: none */
    bool in[C4_SIDES];
    double value[C4_SIDES];
};

struct c4_exact_changes {
    struct c4_exact_change *change;
    int count;
    const struct c4_exact *side; /* [C4_SIDES] */
};

/* A row for each value that either side has, in the old one's order, then the new one's. `side`
 * outlives *changes. C4_ERR_MEMORY. c4_exact_changes_free() in every case. */
enum c4_status c4_exact_changes_of(const struct c4_exact *side, struct c4_exact_changes *changes);
void c4_exact_changes_free(struct c4_exact_changes *changes);

/* Whether both sides have it, with the same value. */
bool c4_exact_is_same(const struct c4_exact_change *change);

/* Whether both sides' instructions were counted in the same way, by the same version of a tool, as
 * far as is known. */
bool c4_exact_counted_alike(const struct c4_exact_changes *changes);

/* new / old - 1 of the instructions of a training step, the largest of several; NAN if no such
 * value is on both sides, or they were not counted alike. */
double c4_exact_step_growth(const struct c4_exact_changes *changes);

#endif
