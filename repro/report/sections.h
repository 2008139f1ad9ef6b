/* Only for html.c and section_*.c: the parts of the page. */
#ifndef C4_REPRO_REPORT_SECTIONS_H
#define C4_REPRO_REPORT_SECTIONS_H

#include "core/report/html.h"
#include "repro/report/publish.h"

/* Each appends one section; phases and settings are parts of cost and claims. */
void c4_report_figures(struct c4_html *html, const struct c4_publication *publication);
void c4_report_claims(struct c4_html *html, const struct c4_publication *publication);
void c4_report_settings(struct c4_html *html, const struct c4_publication *publication);
void c4_report_controls(struct c4_html *html, const struct c4_publication *publication);
void c4_report_tuning(struct c4_html *html, const struct c4_publication *publication);
void c4_report_cost(struct c4_html *html, const struct c4_publication *publication);
void c4_report_phases(struct c4_html *html, const struct c4_publication *publication);
void c4_report_origin(struct c4_html *html, const struct c4_publication *publication);

/* Verdict as coloured sign and word; as a sign for narrow tables. */
void c4_report_verdict(struct c4_html *html, enum c4_verdict verdict);
const char *c4_verdict_sign(enum c4_verdict verdict);
extern const char *const c4_verdict_classes[];

/* A cell with "0.123 ± 0.004", "0.123" or "–", followed by " suspect" if a value may be wrong. */
void c4_report_estimate(struct c4_html *html, double mean, double standard_error, int digits,
                        bool suspect);

/* Writes the command that makes the study (figure NULL) or one figure of it, as a line. */
void c4_report_command(struct c4_html *html, const struct c4_publication *publication,
                       const char *figure);

/* Opens a table in a scrolling box and writes its head. Columns end with NULL; a leading "#" marks
 * numbers and is not shown. Close with c4_report_table_end(). */
void c4_report_table(struct c4_html *html, const char *class, const char *const *columns);
void c4_report_table_end(struct c4_html *html);

#endif
