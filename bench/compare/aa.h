/* What pairs of a program with itself (A/A) tell of a machine: its noise, and what could be found
 * in it. */
#ifndef C4_BENCH_COMPARE_AA_H
#define C4_BENCH_COMPARE_AA_H

#include "bench/compare/pairs.h"

struct c4_aa_row {
    const struct c4_compared_row *row;
    double within;   /* 95 % of its pairs' ratios lie in 1 / (1 + within) .. 1 + within */
    double smallest; /* the smallest change that nine of ten comparisons of `pairs` would find */
};

struct c4_aa {
    struct c4_aa_row *row;
    int count;
    double within; /* of all rows' pairs together */
    char grade;    /* 'A': within is at most 1 %, 'B' 3 %, 'C' 8 %, 'D' beyond */
    int pairs;     /* of a comparison that `smallest` is about */
    /* Verdicts, had every c4_pairs_needed() pairs been a comparison of their own. */
    int comparisons;
    int alarms; /* comparisons with any row slower or faster: each is a false alarm */
    int equal, unknown, wrong; /* rows of all of them */
};

/* `pairs`: how many a comparison to come would have. `smallest` is at least comparison->min_effect,
 * and otherwise minus the 10 % quantile of the lower end of c4_paired_interval() at c4_row_alpha(),
 * over 200 samples of so many pairs that are drawn, with repetition, from the row's centred
 * log-ratios; INFINITY for fewer pairs than c4_pairs_needed(). Rows of one side, and rows without
 * pairs, are left out. C4_ERR_MEMORY; c4_aa_free() in every case. */
enum c4_status c4_aa_of(const struct c4_comparison *comparison, int pairs, struct c4_aa *aa);

void c4_aa_free(struct c4_aa *aa);

#endif
