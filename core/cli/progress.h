/* Progress with rate and time left: a bar on a terminal, a plain line now and then elsewhere.
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
    C4_PROGRESS_BAR,   /* one line that is drawn anew, at most ten times a second */
    C4_PROGRESS_COLOUR /* the same with a coloured bar */
};

/* QUIET if `quiet`; LINES unless `stream` is a terminal that can move its cursor (TERM is set and
 * not "dumb"); BAR if NO_COLOR is set and not empty; else COLOUR. */
enum c4_progress_style c4_progress_style_of(FILE *stream, bool quiet);

struct c4_progress_view {
    const char *label;    /* what is going on */
    const char *unit;     /* what is counted, as "images" */
    uint64_t done, total; /* total 0: unknown */
    uint64_t first;       /* of `done`, how many were there when the clock started (resumed work) */
    uint64_t elapsed_ns;
    uint64_t unit_size; /* counts are shown divided by it, with a decimal; 0: as they are */
    uint64_t left_ns;   /* time left, if the caller knows better than the rate; 0: by the rate */
};

/* Writes one line without a newline, terminated, at most `size` bytes. A bar has at most `columns`
 * visible columns: it gives up the bar, then rate, then counts before it cuts the text; lines
 * ignore `columns`. Rate and time left appear once something is done and a tenth of a second is
 * over. Returns the length. */
size_t c4_progress_format(char *text, size_t size, const struct c4_progress_view *view,
                          enum c4_progress_style style, int columns);

/* "0:07", "12:34", "3:04:05", "4 d 03:04". */
void c4_progress_duration(char *text, size_t size, uint64_t ns);

struct c4_progress {
    FILE *stream;
    enum c4_progress_style style;
    struct c4_progress_view view;
    uint64_t start_ns, drawn_ns;
    bool on_screen; /* a bar stands on the current line */
};

/* Starts to count. label and unit must outlive `progress`; `done` may be above 0 in resumed work.
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
/* Takes the bar off the line before something else is written to the terminal. */
void c4_progress_hide(struct c4_progress *progress);
/* Draws the final state and ends the line. */
void c4_progress_finish(struct c4_progress *progress, uint64_t done, uint64_t now_ns);

#endif
