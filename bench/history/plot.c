#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/history/figure.h"

/* Of the picture, in units that are pixels where it is not scaled. */
enum { WIDTH = 360, HEIGHT = 180, LEFT = 34, RIGHT = 352, TOP = 24, BOTTOM = 156 };
enum { TICKS = 4, POINTS_DRAWN = 120 };

static const double least_span = 0.02; /* of the values; less is drawn flat */

struct frame {
    const struct c4_trend *trend;
    double low, high; /* of the vertical axis, in the trend's unit */
    double left;      /* where the horizontal axis begins */
};

static double x_of(const struct frame *frame, int index) {
    int last = frame->trend->series->points - 1;
    return last > 0 ? frame->left + (RIGHT - frame->left) * index / last
                    : (frame->left + RIGHT) / 2;
}

static double y_of(const struct frame *frame, double value) {
    return BOTTOM - (BOTTOM - TOP) * (value - frame->low) / (frame->high - frame->low);
}

/* An interval without an end is that of the median alone. */
static double low_of(const struct c4_history_line *line) {
    return isfinite(line->low) ? line->low : line->median;
}

static double high_of(const struct c4_history_line *line) {
    return isfinite(line->high) ? line->high : line->median;
}

static struct frame frame_of(const struct c4_trend *trend) {
    struct frame frame = {trend, INFINITY, -INFINITY, LEFT};
    for (int i = 0; i < trend->series->points; i++) {
        const struct c4_history_line *line = trend->series->line[i];
        frame.low = fmin(frame.low, fmin(low_of(line), line->median));
        frame.high = fmax(frame.high, fmax(high_of(line), line->median));
    }
    double size = fmax(fabs(frame.low), fabs(frame.high));
    double span = fmax(frame.high - frame.low, trend->exact ? 0 : least_span * size);
    if (span == 0) span = size > 0 ? least_span * size : 1;
    double middle = frame.low + (frame.high - frame.low) / 2;
    frame.low = middle - 0.55 * span;
    frame.high = middle + 0.55 * span;
    return frame;
}

static void draw_line(struct c4_html *html, const char *class, double x1, double y1, double x2,
                      double y2) {
    char text[4][32];
    const double number[4] = {x1, y1, x2, y2};
    for (int i = 0; i < 4; i++) snprintf(text[i], sizeof text[i], "%.1f", number[i]);
    c4_html_open(html, "line", "class", class, "x1", text[0], "y1", text[1], "x2", text[2], "y2",
                 text[3], NULL);
    c4_html_close(html, "line");
}

static void draw_text(struct c4_html *html, const char *class, const char *anchor, double x,
                      double y, const char *words) {
    char text[2][32];
    snprintf(text[0], sizeof text[0], "%.1f", x);
    snprintf(text[1], sizeof text[1], "%.1f", y);
    c4_html_open(html, "text", "class", class, "text-anchor", anchor, "x", text[0], "y", text[1],
                 NULL);
    c4_html_text(html, "%s", words);
    c4_html_close(html, "text");
}

/* What the numbers at the axis are divided by; *unit becomes the name of that. */
static double scale_of(double high, const char **unit) {
    static const struct {
        const char *unit;
        double scale;
        const char *name;
    } scales[] = {{"s", 1, "s"},
                  {"s", 1e-3, "ms"},
                  {"s", 1e-6, "us"},
                  {"s", 1e-9, "ns"},
                  {"bytes", 1e9, "GB"},
                  {"bytes", 1e6, "MB"},
                  {"bytes", 1e3, "kB"},
                  {"bytes", 1, "bytes"},
                  {"instructions", 1e9, "10⁹ instructions"},
                  {"instructions", 1e6, "10⁶ instructions"},
                  {"instructions", 1e3, "10³ instructions"},
                  {"instructions", 1, "instructions"}};
    const char *const own = *unit;
    double scale = 1;
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        if (strcmp(scales[i].unit, own) != 0) continue;
        *unit = scales[i].name;
        scale = scales[i].scale;
        if (high >= scale) break;
    }
    return scale;
}

/* 1, 2 or 5 times a power of ten, so that a span has at most TICKS of them. */
static double step_of(double span) {
    double power = pow(10, floor(log10(span / TICKS))), rest = span / TICKS / power;
    return power * (rest <= 1 ? 1 : rest <= 2 ? 2 : rest <= 5 ? 5 : 10);
}

/* Lines and their numbers, for which it makes room on the left. */
static void draw_values(struct c4_html *html, struct frame *frame) {
    const char *unit = frame->trend->newest->unit;
    double scale = scale_of(frame->high, &unit), step = step_of((frame->high - frame->low) / scale);
    int decimals = (int)fmax(0, -floor(log10(step) + 1e-9));
    double first = ceil(frame->low / scale / step);
    int ticks = (int)(floor(frame->high / scale / step) - first) + 1;
    char number[400]; /* the largest double has 309 digits */
    for (int i = 0; i < ticks; i++) {
        int length = snprintf(number, sizeof number, "%.*f", decimals, (first + i) * step);
        frame->left = fmax(frame->left, 6.5 * length + 8);
    }
    for (int i = 0; i < ticks; i++) {
        double y = y_of(frame, (first + i) * step * scale);
        snprintf(number, sizeof number, "%.*f", decimals, (first + i) * step);
        draw_line(html, "grid", frame->left, y, RIGHT, y);
        draw_text(html, NULL, "end", frame->left - 5, y + 4, number);
    }
    draw_text(html, NULL, "start", 2, TOP - 12, unit);
}

static void draw_dates(struct c4_html *html, const struct frame *frame) {
    const struct c4_history_series *series = frame->trend->series;
    int end = series->points - 1;
    char date[16]; /* ten bytes of a time */
    snprintf(date, sizeof date, "%.10s", series->line[end]->committed_utc);
    draw_text(html, NULL, end > 0 ? "end" : "middle", x_of(frame, end), HEIGHT - 8, date);
    snprintf(date, sizeof date, "%.10s", series->line[0]->committed_utc);
    if (end > 0) draw_text(html, NULL, "start", frame->left, HEIGHT - 8, date);
}

static void draw_path(struct c4_html *html, const struct frame *frame, bool band) {
    const struct c4_history_series *series = frame->trend->series;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        html->out_of_memory = true;
        return;
    }
    for (int i = 0; i < series->points; i++)
        fprintf(out, "%.1f,%.1f ", x_of(frame, i),
                y_of(frame, band ? high_of(series->line[i]) : series->line[i]->median));
    for (int i = series->points - 1; band && i >= 0; i--)
        fprintf(out, "%.1f,%.1f ", x_of(frame, i), y_of(frame, low_of(series->line[i])));
    if (fclose(out) != 0) html->out_of_memory = true;
    const char *name = band ? "polygon" : "polyline";
    c4_html_open(html, name, "class", band ? "band" : "median", "points", text, NULL);
    c4_html_close(html, name);
    free(text);
}

/* The mean between change points. */
static void draw_levels(struct c4_html *html, const struct frame *frame) {
    const struct c4_trend *trend = frame->trend;
    for (int i = 0; i <= trend->changes && trend->changes > 0; i++) {
        int from = i > 0 ? trend->change[i - 1].index : 0, sum_of = 0;
        int to = i < trend->changes ? trend->change[i].index : trend->series->points;
        double sum = 0;
        for (int k = from; k < to; k++, sum_of++) sum += trend->median[k];
        double y = y_of(frame, sum / sum_of);
        draw_line(html, "level", x_of(frame, from), y, x_of(frame, to - 1), y);
    }
}

/* What a mouse over the open element shows. */
static void add_title(struct c4_html *html, c4_trend_writer *write, const struct c4_trend *trend,
                      int index) {
    char *words = c4_words_of(write, trend, index);
    c4_html_element(html, "title", NULL, "%s", words ? words : "");
    html->out_of_memory = html->out_of_memory || !words;
    free(words);
}

static void draw_point(struct c4_html *html, const struct frame *frame, int index,
                       const char *radius) {
    char x[32], y[32];
    snprintf(x, sizeof x, "%.1f", x_of(frame, index));
    snprintf(y, sizeof y, "%.1f", y_of(frame, frame->trend->median[index]));
    c4_html_open(html, "circle", "class", "point", "cx", x, "cy", y, "r", radius, NULL);
    add_title(html, c4_write_point, frame->trend, index);
    c4_html_close(html, "circle");
}

/* A triangle that points to where the values went, on that side of its point. */
static void draw_mark(struct c4_html *html, const struct frame *frame, int index) {
    const struct c4_trend *trend = frame->trend;
    const struct c4_history_change *change = &trend->change[index];
    bool up = change->after > change->before;
    double x = x_of(frame, change->index), y = y_of(frame, trend->median[change->index]);
    double away = up ? -1 : 1;
    y = fmin(fmax(y + 5 * away, TOP - 2), BOTTOM + 2);
    char points[128], class[32];
    snprintf(class, sizeof class, "change %s", c4_change_judgement(trend, index));
    snprintf(points, sizeof points, "%.1f,%.1f %.1f,%.1f %.1f,%.1f", x, y + 9 * away, x - 5.5, y,
             x + 5.5, y);
    c4_html_open(html, "polygon", "class", class, "points", points, NULL);
    add_title(html, c4_write_change, trend, index);
    c4_html_close(html, "polygon");
}

static void draw_newest(struct c4_html *html, const struct frame *frame) {
    int newest = frame->trend->series->points - 1;
    char *words = c4_words_of(c4_write_median, frame->trend, newest);
    draw_point(html, frame, newest, "3");
    draw_text(html, "newest", "end", RIGHT, TOP - 12, words ? words : "");
    html->out_of_memory = html->out_of_memory || !words;
    free(words);
}

void c4_history_plot(struct c4_html *html, const struct c4_trend *trend) {
    struct frame frame = frame_of(trend);
    char box[64];
    int points = trend->series->points;
    snprintf(box, sizeof box, "0 0 %d %d", WIDTH, HEIGHT);
    c4_html_open(html, "svg", "class", "trend", "viewBox", box, "role", "img", "aria-label",
                 trend->title, NULL);
    draw_values(html, &frame);
    draw_dates(html, &frame);
    if (points > 1 && !trend->exact) draw_path(html, &frame, true);
    draw_levels(html, &frame);
    if (points > 1) draw_path(html, &frame, false);
    for (int i = 0; i < points - 1 && points <= POINTS_DRAWN; i++)
        draw_point(html, &frame, i, "1.8");
    for (int i = 0; i < trend->changes; i++) draw_mark(html, &frame, i);
    draw_newest(html, &frame);
    c4_html_close(html, "svg");
}
