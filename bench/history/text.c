#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/history/report.h"
#include "bench/history/spark.h"
#include "bench/history/words.h"

/* Differences below it are drawn flat where values are measured. */
static const double spark_least_share = 0.02;

/* A text in columns: all but the first and last are right-aligned. */
struct cells {
    char *title, *commits, *newest, *change;
};

static void free_cells(struct cells *cells, int count) {
    for (int i = 0; i < count; i++) {
        free(cells[i].title);
        free(cells[i].commits);
        free(cells[i].newest);
        free(cells[i].change);
    }
    free(cells);
}

/* Columns that a text takes: UTF-8's continuation bytes take none. */
static int width_of(const char *text) {
    int width = 0;
    for (; *text; text++) width += (*text & 0xC0) != 0x80;
    return width;
}

static void write_title(FILE *out, const struct c4_trend *trend, int index) {
    (void)index;
    c4_write_plain(out, trend->title);
}

static void write_commits(FILE *out, const struct c4_trend *trend, int index) {
    int points = trend->series->points;
    (void)index;
    fprintf(out, "%d commit%s", points, points == 1 ? "" : "s");
}

static void write_newest_change(FILE *out, const struct c4_trend *trend, int index) {
    (void)index;
    if (!isnan(trend->newest_change)) c4_write_percent(out, trend->newest_change, true);
}

static bool make_cells(const struct c4_trends *trends, struct cells *cells) {
    for (int i = 0; i < trends->count; i++) {
        const struct c4_trend *trend = &trends->trend[i];
        cells[i] =
            (struct cells){c4_words_of(write_title, trend, 0), c4_words_of(write_commits, trend, 0),
                           c4_words_of(c4_write_median, trend, trend->series->points - 1),
                           c4_words_of(write_newest_change, trend, 0)};
        if (!cells[i].title || !cells[i].commits || !cells[i].newest || !cells[i].change)
            return false;
    }
    return true;
}

static void pad(FILE *out, int columns) {
    for (; columns > 0; columns--) fputc(' ', out);
}

static void write_right(FILE *out, const char *text, int width) {
    pad(out, width - width_of(text));
    fprintf(out, "%s  ", text);
}

static void write_changes(const struct c4_trend *trend, FILE *out) {
    for (int i = 0; i < trend->changes; i++) {
        const struct c4_history_change *change = &trend->change[i];
        fputs("    ", out);
        c4_write_change(out, trend, i);
        fputc('\n', out);
        for (int k = 0; k < change->commits->count; k++)
            fprintf(out, "        %s\n", change->commits->line[k]);
        if (change->commits->more > 0) fprintf(out, "        and %d more\n", change->commits->more);
    }
}

static void write_series(const struct c4_trend *trend, const struct cells *cells, const int *width,
                         bool utf8, FILE *out) {
    int points = trend->series->points;
    int drawn = points < C4_SPARK_POINTS ? points : C4_SPARK_POINTS;
    fputs(cells->title, out);
    pad(out, width[0] - width_of(cells->title) + 2);
    write_right(out, cells->commits, width[1]);
    write_right(out, cells->newest, width[2]);
    write_right(out, cells->change, width[3]);
    c4_sparkline(out, trend->median + points - drawn, drawn, trend->exact ? 0 : spark_least_share,
                 utf8);
    fputc('\n', out);
    write_changes(trend, out);
}

static void write_all(const struct c4_trends *trends, const struct cells *cells, bool utf8,
                      FILE *out) {
    int width[4] = {0};
    for (int i = 0; i < trends->count; i++) {
        const char *const texts[4] = {cells[i].title, cells[i].commits, cells[i].newest,
                                      cells[i].change};
        for (int k = 0; k < 4; k++)
            if (width_of(texts[k]) > width[k]) width[k] = width_of(texts[k]);
    }
    for (int i = 0; i < trends->count; i++) {
        if (c4_trend_opens_machine(trends, i)) {
            if (i > 0) fputc('\n', out);
            c4_write_plain(out, trends->trend[i].newest->machine);
            fputs(":\n", out);
        }
        write_series(&trends->trend[i], &cells[i], width, utf8, out);
    }
}

enum c4_status c4_history_text(const struct c4_trends *trends, bool utf8, FILE *out) {
    struct cells *cells = calloc((size_t)trends->count + 1, sizeof *cells);
    bool made = cells && make_cells(trends, cells);
    if (made) write_all(trends, cells, utf8, out);
    if (cells) free_cells(cells, trends->count);
    return made ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory for a history's text");
}
