/* Values and changes of a history in words. All of it is written to a stream, so nothing is cut. */
#ifndef C4_BENCH_HISTORY_WORDS_H
#define C4_BENCH_HISTORY_WORDS_H

#include <stdio.h>

#include "bench/history/trend.h"

/* The text with its control characters as blanks. */
void c4_write_plain(FILE *out, const char *text);

/* The same for a cell of a Markdown table: | is escaped. */
void c4_write_cell(FILE *out, const char *text);

/* A full hash as its first twelve digits, any other word as it is. */
void c4_write_commit(FILE *out, const char *commit);

/* "12.35 ms" of seconds, "1234567 bytes" of other known units, "1.235 unit" of unknown ones. */
void c4_write_value(FILE *out, const char *unit, double value);

/* A share in percent, as "4.1 %", "0.031 %": one decimal, or two digits below 0.1. With `sign` also
 * "+4.1 %" and "-4.1 %", and "–" for NaN; without it, of the absolute value. */
void c4_write_percent(FILE *out, double share, bool sign);

/* What is written about a trend: of its change or point with this index. */
typedef void c4_trend_writer(FILE *out, const struct c4_trend *trend, int index);

/* "slower by 4.1 % near commit 1a2b3c4d5e6f (2026-11-02), p = 0.00012" of a change; for other units
 * larger, smaller, more, fewer, higher or lower. An exact change has both values in place of p. At
 * the end "; accepted: why" if the line says so. */
c4_trend_writer c4_write_change;

/* "12.35 ms, commit 1a2b3c4d5e6f (2026-11-02)" of a point, and "12.35 ms" alone. */
c4_trend_writer c4_write_point, c4_write_median;

/* It as a new text, released with free(); NULL: out of memory. */
char *c4_words_of(c4_trend_writer *write, const struct c4_trend *trend, int index);

/* "worse" or "better"; of a unit that is not known "other". */
const char *c4_change_judgement(const struct c4_trend *trend, int index);

#endif
