/* Sorting values. */
#ifndef C4_STATS_SORT_H
#define C4_STATS_SORT_H

/* Puts values[count], none of which is NaN, into ascending order. */
void c4_sort(double *values, int count);

#endif
