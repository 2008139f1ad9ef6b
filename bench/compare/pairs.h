/* The rows of a comparison and their pairs so far. */
#ifndef C4_BENCH_COMPARE_PAIRS_H
#define C4_BENCH_COMPARE_PAIRS_H

#include <stdbool.h>

#include "bench/compare/timings.h"
#include "bench/compare/verdict.h"

enum { C4_PAIRS_MOST = 200 }; /* of a row */

struct c4_compared_row {
    char name[C4_TIMING_NAME_SIZE];
    double log_ratio[C4_PAIRS_MOST]; /* new / old, in the order in which they were measured */
    double old_seconds[C4_PAIRS_MOST], new_seconds[C4_PAIRS_MOST];
    int pairs;
    bool in_old, in_new; /* a row that one program lacks is named and not compared */
    struct c4_row_verdict verdict;
};

struct c4_comparison {
    struct c4_compared_row *row;
    int count, capacity;
    double min_effect;
};

/* Adds a pair to each row that both runs have; rows beyond the first pair's are added, too.
 * C4_ERR_MEMORY. */
enum c4_status c4_comparison_add(struct c4_comparison *comparison, const struct c4_timings *old,
                                 const struct c4_timings *new);

/* Rows that both programs have. */
int c4_comparison_rows(const struct c4_comparison *comparison);

/* Judges all rows anew. */
enum c4_status c4_comparison_judge(struct c4_comparison *comparison);

/* How many of the rows that both programs have got this verdict. */
int c4_comparison_with(const struct c4_comparison *comparison, enum c4_change change);

/* Whether another look may change the row's verdict: it is not EQUAL. */
bool c4_row_is_open(const struct c4_compared_row *row);

void c4_comparison_free(struct c4_comparison *comparison);

#endif
