/* A series of values as a line of text. */
#ifndef C4_BENCH_HISTORY_SPARK_H
#define C4_BENCH_HISTORY_SPARK_H

#include <stdbool.h>
#include <stdio.h>

/* One character for each of n finite values: eight blocks of rising height, or without `utf8` one
 * of .:-=+*#@. They span the values, and at least `least_share` of the largest one's size around
 * their middle, so that noise stays flat. */
void c4_sparkline(FILE *out, const double *values, int n, double least_share, bool utf8);

/* Whether the user's locale (LC_ALL, LC_CTYPE, LANG) writes UTF-8. */
bool c4_locale_is_utf8(void);

#endif
