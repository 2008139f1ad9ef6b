#include "core/report/html.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/file/file.h"

void c4_html_raw(struct c4_html *html, const char *bytes, size_t size_bytes) {
    if (html->out_of_memory) return;
    if (html->capacity_bytes - html->size_bytes < size_bytes) {
        size_t capacity = 2 * html->capacity_bytes + size_bytes + 4096;
        char *larger = realloc(html->text, capacity);
        if (!larger) {
            html->out_of_memory = true;
            return;
        }
        html->text = larger;
        html->capacity_bytes = capacity;
    }
    if (size_bytes > 0) memcpy(html->text + html->size_bytes, bytes, size_bytes);
    html->size_bytes += size_bytes;
}

static void plain(struct c4_html *html, const char *text) {
    c4_html_raw(html, text, strlen(text));
}

static const char *entity_of(char c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* A character that would act on the page, or a byte that is none, becomes U+FFFD. */
static void escaped(struct c4_html *html, const char *text) {
    while (*text) {
        size_t length = c4_utf8_length(text);
        const char *entity = entity_of(*text);
        bool blank = *text == '\n' || *text == '\t';
        if (entity)
            plain(html, entity);
        else if (length == 0 || (!blank && c4_utf8_is_control(text, length)))
            plain(html, "\xef\xbf\xbd");
        else
            c4_html_raw(html, text, length);
        text += length > 0 ? length : 1;
    }
}

static void formatted(struct c4_html *html, const char *format, va_list values) {
    va_list again;
    va_copy(again, values);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (!text) {
        html->out_of_memory = true;
        return;
    }
    vsnprintf(text, (size_t)length + 1, format, values);
    escaped(html, text);
    free(text);
}

static void begin(struct c4_html *html, const char *name, va_list attributes) {
    plain(html, "<");
    plain(html, name);
    for (const char *key; (key = va_arg(attributes, const char *));) {
        const char *value = va_arg(attributes, const char *);
        if (!value) continue;
        plain(html, " ");
        plain(html, key);
        plain(html, "=\"");
        escaped(html, value);
        plain(html, "\"");
    }
    plain(html, ">");
}

void c4_html_open(struct c4_html *html, const char *name, ...) {
    va_list attributes;
    va_start(attributes, name);
    begin(html, name, attributes);
    va_end(attributes);
    assert(html->depth < C4_HTML_DEPTH);
    html->open[html->depth++] = name;
}

void c4_html_void(struct c4_html *html, const char *name, ...) {
    va_list attributes;
    va_start(attributes, name);
    begin(html, name, attributes);
    va_end(attributes);
}

/* A line break after these would be a blank in the text. */
static bool is_in_line(const char *name) {
    static const char *const names[] = {"a", "b", "i", "code", "span"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

void c4_html_close(struct c4_html *html, const char *name) {
    assert(html->depth > 0 && strcmp(html->open[html->depth - 1], name) == 0);
    html->depth--;
    plain(html, "</");
    plain(html, name);
    plain(html, is_in_line(name) ? ">" : ">\n");
}

void c4_html_text(struct c4_html *html, const char *format, ...) {
    va_list values;
    va_start(values, format);
    formatted(html, format, values);
    va_end(values);
}

void c4_html_element(struct c4_html *html, const char *name, const char *class, const char *format,
                     ...) {
    va_list values;
    c4_html_open(html, name, "class", class, NULL);
    va_start(values, format);
    formatted(html, format, values);
    va_end(values);
    c4_html_close(html, name);
}

/* Edits of an inlined picture: everything from `text` to `until` (NULL: `text` alone) is removed.
 * If `by` is not NULL, `by` and the prefix of ids take its place. */
static const struct {
    const char *text, *until, *by;
} edits[] = {
    {"<title>", "</title>", NULL},      {"<desc>", "</desc>", NULL}, {"<!--", "-->", NULL},
    {"xlink:href='#", NULL, "href='#"}, {" id='", NULL, " id='"},    {" id=\"", NULL, " id=\""},
    {"url(#", NULL, "url(#"},
};

static void copy_svg(struct c4_html *html, const char *from, const char *end, const char *prefix) {
    while (from < end) {
        const char *next = end, *behind = end, *by = NULL;
        for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
            const char *at = strstr(from, edits[i].text);
            if (!at || at >= next) continue;
            next = at;
            behind = at + strlen(edits[i].text);
            by = edits[i].by;
            if (!edits[i].until) continue;
            const char *stop = strstr(behind, edits[i].until);
            behind = stop ? stop + strlen(edits[i].until) : end;
        }
        c4_html_raw(html, from, (size_t)(next - from));
        if (by) {
            plain(html, by);
            escaped(html, prefix);
            plain(html, "-");
        }
        from = behind;
    }
}

bool c4_html_svg(struct c4_html *html, const char *svg, const char *prefix, const char *label) {
    const char *start = strstr(svg, "<svg"), *inside = start ? strchr(start, '>') : NULL;
    const char *box = start ? strstr(start, "viewBox=\"") : NULL, *end = NULL;
    for (const char *at = inside; at && (at = strstr(at, "</svg>")); at++) end = at;
    int x, y, width, height;
    if (!end || !box || box > inside ||
        sscanf(box, "viewBox=\"%d %d %d %d\"", &x, &y, &width, &height) != 4)
        return false;
    char view[64], style[64];
    snprintf(view, sizeof view, "%d %d %d %d", x, y, width, height);
    snprintf(style, sizeof style, "max-width:%dpx", width);
    c4_html_open(html, "svg", "viewBox", view, "role", "img", "aria-label", label, "style", style,
                 NULL);
    copy_svg(html, inside + 1, end, prefix);
    c4_html_close(html, "svg");
    return true;
}

enum c4_status c4_html_save(const struct c4_html *html, const char *path) {
    static const char type[] = "<!DOCTYPE html>\n";
    assert(html->depth == 0);
    if (html->out_of_memory)
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory for the page, which was not written",
                       path);
    const struct c4_file_part parts[] = {{type, sizeof type - 1}, {html->text, html->size_bytes}};
    return c4_file_write_parts(path, parts, 2);
}

void c4_html_free(struct c4_html *html) {
    free(html->text);
    *html = (struct c4_html){0};
}
