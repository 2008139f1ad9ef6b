/* Line figures: from a table of data to a CSV file, a gnuplot script and pictures. */
#ifndef C4_REPORT_FIGURE_H
#define C4_REPORT_FIGURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/base/status.h"

enum c4_series_kind {
    C4_SERIES_MEASURED, /* a coloured line with markers and its uncertainty */
    C4_SERIES_BASELINE, /* a control: a thin grey dashed line, or see `like` */
    C4_SERIES_PUBLISHED /* published values: open black markers, no line */
};

/* One curve. NaN marks a missing value. */
struct c4_series {
    const char *label;
    enum c4_series_kind kind;
    int points;
    const double *x; /* finite */
    const double *mean;
    const double *standard_error; /* may be NULL */
    const int *n;                 /* seeds behind each mean; may be NULL */
    const double *seed_values;    /* [seeds of the figure][points], drawn faintly; may be NULL */
    bool unlisted;                /* not in the legend */
    int like; /* of a baseline: 1 + index of the series whose colour it takes, dotted; 0: none */
};

/* Automatic if low == high. */
struct c4_range {
    double low, high;
};

struct c4_figure {
    const char *id; /* names the files: letters, digits, - and _ */
    const char *title, *x_label, *y_label;
    const char *mark; /* shown after the title, such as "synthetic data"; may be NULL */
    double width_inches, height_inches; /* 0 = 8 x 3.8; see below */
    struct c4_range x_range, y_range;
    int series_count;
    const struct c4_series *series;
    int seeds;            /* 0 if no series has seed values */
    const uint64_t *seed; /* the seeds' numbers, which name the columns */
    int ticks;            /* > 0: x counts categories (layers) from 0, and these are their names */
    const char *const *tick;
    bool slanted_ticks; /* for long names */
    bool apart;         /* categories without an order: points with error bars, no lines */
    int notes;          /* sentences below the figure */
    const char *const *note;
    bool plain; /* no notes, not even on bars and thin lines: for a page that has its own */
};

struct c4_figure_files {
    bool svg, png, pdf; /* which pictures were drawn */
    char note[320];     /* "" or a sentence: what is missing and how to get it */
};

/* Writes to an existing folder, each file atomically:
 * - ID.csv, long form: series, x, mean, standard_error, n, one column seed_N per seed, and for
 *   categories x_label; missing values are empty cells;
 * - ID.gp, a script for `gnuplot ID.gp` that reads only the CSV beside it and may be edited;
 * - ID.svg, ID.png and ID.pdf, drawn by running that script.
 * Uncertainty is mean +- standard error: error bars if a curve has at most 12 points, else a band.
 * The legend is on the right; if width < 1.5 height it is on top and adds to the height, as notes
 * do.
 * Colours are Okabe and Ito's without yellow; marker and dash differ as well. Text is shown as
 * given. Stale pictures of that ID are removed first. A missing gnuplot is not an error:
 * files->note says so. Errors: C4_ERR_USAGE (an id that is not a file name, no series, a series
 * without points, x that is not finite, no finite mean), C4_ERR_FAILED (gnuplot failed: its first
 * error), C4_ERR_MEMORY, those of c4_file_write_atomic(). */
enum c4_status c4_figure_write(const struct c4_figure *figure, const char *folder,
                               struct c4_figure_files *files);

/* The first half of c4_figure_write(), for callers with many figures: writes the table and the
 * script and removes stale pictures. The second half is c4_figure_draw() or
 * c4_figure_draw_together(), which several processes or threads may call for different figures at
 * the same time. */
enum c4_status c4_figure_write_data(const struct c4_figure *figure, const char *folder);

/* The script of c4_figure_write() alone, appended to a stream. C4_ERR_MEMORY. */
enum c4_status c4_figure_script(const struct c4_figure *figure, FILE *script);

/* Removes stale pictures of that ID and draws ID.svg, ID.png and ID.pdf by running ID.gp, as
 * c4_figure_write() does. Also for other kinds of pictures, whose ID.csv and ID.gp the caller
 * writes: such a script consists of c4_figure_begin(), c4_figure_svg(), settings and one plot
 * command that reads `data`, and c4_figure_others(), which plots it again. Sizes are in inches. */
enum c4_status c4_figure_draw(const char *id, const char *folder, struct c4_figure_files *files);
void c4_figure_begin(FILE *script, const char *id);
void c4_figure_svg(FILE *script, const char *id, double width, double height);
void c4_figure_others(FILE *script, double width, double height);

/* c4_figure_draw() for `count` >= 1 figures, with the same bytes (but for the dates in PDF files),
 * by one gnuplot, which takes less than half of the time of one for each: it starts once and looks
 * for fonts once. Fills in files[count]. After a failure the pictures of all may be missing:
 * c4_figure_draw() for each then tells which one failed, and draws the others. */
enum c4_status c4_figure_draw_together(const char *const *id, int count, const char *folder,
                                       struct c4_figure_files *files);

#endif
