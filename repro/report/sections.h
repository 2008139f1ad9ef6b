/* For report*.c alone: the parts of the page. */
#ifndef C4_REPRO_REPORT_SECTIONS_H
#define C4_REPRO_REPORT_SECTIONS_H

#include "core/report/html.h"
#include "repro/report/publish.h"

/* Each appends one section; phases are a part of cost. */
void c4_report_figures(struct c4_html *html, const struct c4_publication *publication);
void c4_report_claims(struct c4_html *html, const struct c4_publication *publication);
void c4_report_settings(struct c4_html *html, const struct c4_publication *publication);
void c4_report_controls(struct c4_html *html, const struct c4_publication *publication);
void c4_report_tuning(struct c4_html *html, const struct c4_publication *publication);
void c4_report_cost(struct c4_html *html, const struct c4_publication *publication);
void c4_report_phases(struct c4_html *html, const struct c4_publication *publication);
void c4_report_origin(struct c4_html *html, const struct c4_publication *publication);

/* A verdict as word and colour, and in a narrow table as a sign. */
void c4_report_verdict(struct c4_html *html, enum c4_verdict verdict);
const char *c4_verdict_sign(enum c4_verdict verdict);
extern const char *const c4_verdict_classes[];

/* "0.123 ± 0.004", "0.123" or "–" in a cell, behind it " suspect" if some value may be wrong. */
void c4_report_estimate(struct c4_html *html, double mean, double standard_error, int digits,
                        bool suspect);

/* The command that makes the study, or only one figure of it. */
void c4_report_command(const struct c4_publication *publication, const char *figure, char *text,
                       size_t size);

/* The head of a table inside a box that scrolls; columns end with NULL, those that begin with "#"
 * are numbers. c4_report_table_end() closes it. */
void c4_report_table(struct c4_html *html, const char *class, const char *const *columns);
void c4_report_table_end(struct c4_html *html);

#endif
