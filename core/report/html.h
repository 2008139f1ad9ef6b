/* Writing HTML that is always well formed: text is escaped, elements are closed in order. */
#ifndef C4_REPORT_HTML_H
#define C4_REPORT_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/status.h"

enum { C4_HTML_DEPTH = 32 };

/* Zeroed, it is an empty page. Adding reports no error: once memory runs out the rest is dropped,
 * and c4_html_save() fails. */
struct c4_html {
    char *text;
    size_t size_bytes, capacity_bytes;
    const char *open[C4_HTML_DEPTH]; /* elements not yet closed, outermost first */
    int depth;
    bool out_of_memory;
};

/* <name a="b" c="d">: attributes come in pairs, name and value; NULL ends them. The value is
 * escaped; an attribute with value NULL is left out. `name` is kept, so it has to be a literal. */
void c4_html_open(struct c4_html *html, const char *name, ...) __attribute__((sentinel));

/* The same for a void element, such as meta: no content, no closing tag. */
void c4_html_void(struct c4_html *html, const char *name, ...) __attribute__((sentinel));

/* Closes the innermost element, which must be `name` (asserted). */
void c4_html_close(struct c4_html *html, const char *name);

/* Text, printf form, escaped: it cannot act on the page, and is UTF-8 whatever it was. */
void c4_html_text(struct c4_html *html, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* <name class="class">text</name>; class may be NULL. */
void c4_html_element(struct c4_html *html, const char *name, const char *class, const char *format,
                     ...) __attribute__((format(printf, 4, 5)));

/* Bytes as they are: a style sheet, a picture. */
void c4_html_raw(struct c4_html *html, const char *bytes, size_t size_bytes);

/* Inlines an SVG picture as gnuplot writes it: without prologue and document type, links inside
 * the picture without a namespace, titles and descriptions dropped, with `label` for screen
 * readers, scaled to the available width. `prefix` goes before every id, so that a page may hold
 * several pictures. False, and nothing added, if `svg` is not such a picture. */
bool c4_html_svg(struct c4_html *html, const char *svg, const char *prefix, const char *label);

/* Saves atomically with "<!DOCTYPE html>" in front; every element must be closed (asserted).
 * C4_ERR_MEMORY if an earlier call ran out of memory. */
enum c4_status c4_html_save(const struct c4_html *html, const char *path);

void c4_html_free(struct c4_html *html);

#endif
