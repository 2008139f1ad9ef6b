/* A comparison as text, as a Markdown table, and as JSON. */
#ifndef C4_BENCH_COMPARE_REPORT_H
#define C4_BENCH_COMPARE_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "bench/compare/exact_changes.h"
#include "bench/compare/recorded.h"
#include "bench/compare/run_pairs.h"

struct c4_compare_report {
    const char *name[C4_SIDES];
    const struct c4_compare *compare;   /* NULL: not run, but recorded */
    const struct c4_recorded *recorded; /* [C4_SIDES]; NULL: run */
    const struct c4_comparison *comparison;
    const struct c4_exact_changes *exact; /* NULL: not measured */
    bool identical; /* the programs are the same bytes, so that nothing was run */
    bool partial;   /* it was interrupted or failed before its end */
};

/* Every row with its median times, ratio, interval and verdict; rows that one side lacks; counts.
 */
void c4_compare_text(const struct c4_compare_report *report, FILE *out);
void c4_compare_markdown(const struct c4_compare_report *report, FILE *out);

/* Adds "compare" (what was run), "exact" (null: not measured), "rows" (with all times) and "counts"
 * to the object, as
 * compare.schema.json has them. C4_ERR_MEMORY. */
enum c4_status c4_compare_json(const struct c4_compare_report *report, json_t *object);

#endif
