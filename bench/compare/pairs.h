/* The rows of a comparison and their times so far. */
#ifndef C4_BENCH_COMPARE_PAIRS_H
#define C4_BENCH_COMPARE_PAIRS_H

#include <stdbool.h>

#include "bench/compare/timings.h"
#include "bench/compare/verdict.h"

enum { C4_PAIRS_MOST = 200 }; /* times of a row on either side */

enum c4_side { C4_OLD, C4_NEW, C4_SIDES };

struct c4_compared_row {
    char name[C4_TIMING_NAME_SIZE];
    double seconds[C4_SIDES][C4_PAIRS_MOST]; /* in the order in which they were measured */
    int count[C4_SIDES];
    bool in[C4_SIDES]; /* a row that one side lacks is named and not compared */
    struct c4_row_verdict verdict;
};

struct c4_comparison {
    struct c4_compared_row *row;
    int count, capacity;
    double min_effect;
    bool apart; /* both sides were measured by themselves; otherwise in pairs */
    bool mute;  /* the sides cannot be compared, so that no row gets a verdict */
};

/* The row of that name, which is added if there is none. The pointer holds until the next call.
 * C4_ERR_MEMORY. */
enum c4_status c4_comparison_row(struct c4_comparison *comparison, const char *name,
                                 struct c4_compared_row **row);

/* Adds a pair to each row that both runs have; rows beyond the first pair's are added, too.
 * C4_ERR_MEMORY. */
enum c4_status c4_comparison_add(struct c4_comparison *comparison, const struct c4_timings *old,
                                 const struct c4_timings *new);

/* How many rows both sides have. */
int c4_comparison_rows(const struct c4_comparison *comparison);

/* Whether both sides have the row. */
bool c4_row_in_both(const struct c4_compared_row *row);

/* How many processes of either side its verdict rests on: the smaller number. */
int c4_row_pairs(const struct c4_compared_row *row);

/* The logarithms of new to old time of its c4_row_pairs() pairs. */
void c4_row_log_ratios(const struct c4_compared_row *row, double ratio[C4_PAIRS_MOST]);

/* Judges all rows anew. */
enum c4_status c4_comparison_judge(struct c4_comparison *comparison);

/* How many of the rows that both sides have got this verdict. */
int c4_comparison_with(const struct c4_comparison *comparison, enum c4_change change);

/* Whether another look may change the row's verdict: it is not EQUAL. */
bool c4_row_is_open(const struct c4_compared_row *row);

void c4_comparison_free(struct c4_comparison *comparison);

#endif
