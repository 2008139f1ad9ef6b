/* A series as a figure of the history's page. */
#ifndef C4_BENCH_HISTORY_FIGURE_H
#define C4_BENCH_HISTORY_FIGURE_H

#include "bench/history/words.h"
#include "core/report/html.h"

/* An element with the words that c4_words_of() makes. */
void c4_html_words(struct c4_html *html, const char *name, const char *class,
                   c4_trend_writer *write, const struct c4_trend *trend, int index);

/* Adds the figure with id "series-NUMBER": title, plot, change points, and behind them a table of
 * the newest 200 points. */
void c4_history_figure(struct c4_html *html, const struct c4_trend *trend, int number);

/* Adds a plot as inline SVG, in the classes of history.css: medians in the order of commits over
 * the band of their intervals, the mean level between change points, and a mark with its sentence
 * at each of these. The vertical axis does not begin at 0. */
void c4_history_plot(struct c4_html *html, const struct c4_trend *trend);

#endif
