/* Exact values in the reports of a comparison: all that changed, and how many did not. */
#ifndef C4_BENCH_COMPARE_REPORT_EXACT_H
#define C4_BENCH_COMPARE_REPORT_EXACT_H

#include <jansson.h>
#include <stdio.h>

#include "bench/compare/exact_changes.h"

void c4_exact_text(const struct c4_exact_changes *changes, FILE *out);
void c4_exact_markdown(const struct c4_exact_changes *changes, FILE *out);

/* A new object: every value with both sides', the hashes, the notes. NULL: no memory. */
json_t *c4_exact_json(const struct c4_exact_changes *changes);

#endif
