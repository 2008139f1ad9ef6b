/* The trends of a history as text and in the formats of other programs. */
#ifndef C4_BENCH_HISTORY_REPORT_H
#define C4_BENCH_HISTORY_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "bench/history/trend.h"

enum { C4_SPARK_POINTS = 40 };

/* The formats' names, in the order of c4_history_write(); NULL ends it.
 * text      for each machine a line for each series: title, number of commits, newest median, its
 *           change, and a sparkline of the last C4_SPARK_POINTS medians; below it a line for each
 *           change point, and the commits of that, if any are known
 * markdown  a table of newest medians and their changes for each machine, and its change points
 * csv       a row for each line of the history in its order, all members as columns
 * json      everything, with change points (history_report.schema.json)
 * otava     Apache Otava's CSV: time, commit, and a column of medians for each series; where a
 *           series lacks a commit, its value before is repeated, or else the next, as Otava fills
 *           gaps
 * github    github-action-benchmark's customSmallerIsBetter: the newest commit's medians
 * gbench    Google Benchmark's JSON: the newest commit's times, an entry for each sample. Their
 *           cpu_time repeats real_time, and num_cpus is 0, as neither is recorded. */
extern const char *const c4_history_formats[];

/* Writes a format by its index; sparklines in ASCII without `utf8`. C4_ERR_MEMORY. C4_ERR_DATA:
 * gbench, and the newest commit has no times. */
enum c4_status c4_history_write(int format, const struct c4_trends *trends, bool utf8, FILE *out);

/* A new text of JSON: the title, with the environment's key if there are several machines. */
json_t *c4_history_name(const struct c4_trends *trends, const struct c4_trend *trend);

/* What it consists of. *json is new. */
enum c4_status c4_history_text(const struct c4_trends *trends, bool utf8, FILE *out);
enum c4_status c4_history_markdown(const struct c4_trends *trends, FILE *out);
enum c4_status c4_history_csv(const struct c4_trends *trends, FILE *out);
enum c4_status c4_history_otava(const struct c4_trends *trends, FILE *out);
enum c4_status c4_history_json(const struct c4_trends *trends, json_t **json);
enum c4_status c4_history_github(const struct c4_trends *trends, json_t **json);
enum c4_status c4_history_gbench(const struct c4_trends *trends, json_t **json);

#endif
