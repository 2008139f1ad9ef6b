/* Progress with rate and time left: a bar on a terminal, occasional plain lines elsewhere.
 *
 * Time is the caller's monotonic clock in nanoseconds. One thread at a time. */
#ifndef C4_CLI_PROGRESS_H
#define C4_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum c4_progress_style {
    C4_PROGRESS_QUIET, /* nothing */
    C4_PROGRESS_LINES, /* plain lines, at most one in ten seconds, and one at the end */
    C4_PROGRESS_BAR,   /* one line that is redrawn, at most ten times a second */
    C4_PROGRESS_COLOUR /* the same with a coloured bar */
};

/* QUIET if `quiet`; LINES unless `stream` is a terminal that can move its cursor (TERM is set and
 * not "dumb"); BAR if NO_COLOR is set and not empty; else COLOUR. */
enum c4_progress_style c4_progress_style_of(FILE *stream, bool quiet);

struct c4_progress_view {
    const char *label;    /* what is being done */
    const char *unit;     /* what is counted, such as "images" */
    uint64_t done, total; /* total 0: unknown */
    uint64_t first;       /* `done` when the clock started (above 0 in resumed work) */
    uint64_t elapsed_ns;
    uint64_t unit_size; /* counts are shown divided by it, with a decimal; 0: as they are */
    uint64_t left_ns;   /* time left, if the caller has a better estimate; 0: from the rate */
};

/* Writes one line without a newline, terminated, at most `size` bytes. A line with a bar has at
 * most `columns` visible columns: to fit, it drops the bar, then the rate, then the counts, and at
 * last cuts the text; plain lines ignore `columns`. Rate and time left appear once something is
 * done and a tenth of a second has passed. Returns the length. */
size_t c4_progress_format(char *text, size_t size, const struct c4_progress_view *view,
                          enum c4_progress_style style, int columns);

/* "0:07", "12:34", "3:04:05", "4 d 03:04". */
void c4_progress_duration(char *text, size_t size, uint64_t ns);

struct c4_progress {
    FILE *stream;
    enum c4_progress_style style;
    struct c4_progress_view view;
    uint64_t start_ns, drawn_ns;
    bool on_screen; /* a bar is on the current line */
};

/* Starts counting. label and unit must outlive `progress`; `done` may be above 0 in resumed work.
 */
void c4_progress_start(struct c4_progress *progress, FILE *stream, enum c4_progress_style style,
                       const char *label, const char *unit, uint64_t done, uint64_t total,
                       uint64_t now_ns);
/* The same for bytes, shown as MB of 10^6. */
void c4_progress_start_bytes(struct c4_progress *progress, FILE *stream,
                             enum c4_progress_style style, const char *label, uint64_t done_bytes,
                             uint64_t total_bytes, uint64_t now_ns);
/* Cheap unless it is time to draw. */
void c4_progress_update(struct c4_progress *progress, uint64_t done, uint64_t now_ns);
/* Erases the bar. Call it before writing something else to the terminal. */
void c4_progress_hide(struct c4_progress *progress);
/* Draws the final state and ends the line. */
void c4_progress_finish(struct c4_progress *progress, uint64_t done, uint64_t now_ns);

#endif
