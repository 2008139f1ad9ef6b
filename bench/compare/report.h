/* A comparison as text, as a Markdown table, and as JSON. */
#ifndef C4_BENCH_COMPARE_REPORT_H
#define C4_BENCH_COMPARE_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "bench/compare/run_pairs.h"

/* Every row with its median times, ratio, interval and verdict; rows that one program lacks;
 * counts. */
void c4_compare_text(const struct c4_compare *compare, const struct c4_comparison *comparison,
                     FILE *out);
void c4_compare_markdown(const struct c4_compare *compare, const struct c4_comparison *comparison,
                         FILE *out);

/* Adds "compare" (what was run), "rows" (with all pairs) and "counts" to the object.
 * C4_ERR_MEMORY. */
enum c4_status c4_compare_json(const struct c4_compare *compare,
                               const struct c4_comparison *comparison, json_t *object);

#endif
