#include "bench/history/figure.h"

#include <math.h>
#include <stdlib.h>

enum { TABLE_ROWS = 200, COMMITS_SHOWN = 3 };

void c4_html_words(struct c4_html *html, const char *name, const char *class,
                   c4_trend_writer *write, const struct c4_trend *trend, int index) {
    char *words = c4_words_of(write, trend, index);
    c4_html_element(html, name, class, "%s", words ? words : "");
    html->out_of_memory = html->out_of_memory || !words;
    free(words);
}

static void write_commit(FILE *out, const struct c4_trend *trend, int index) {
    c4_write_commit(out, trend->series->line[index]->commit);
}

static void write_bound(FILE *out, const struct c4_trend *trend, double bound) {
    if (isfinite(bound))
        c4_write_value(out, trend->newest->unit, bound);
    else
        fputs("–", out);
}

static void write_low(FILE *out, const struct c4_trend *trend, int index) {
    write_bound(out, trend, trend->series->line[index]->low);
}

static void write_high(FILE *out, const struct c4_trend *trend, int index) {
    write_bound(out, trend, trend->series->line[index]->high);
}

static void add_row(struct c4_html *html, const struct c4_trend *trend, int index) {
    c4_html_open(html, "tr", NULL);
    c4_html_element(html, "td", NULL, "%.10s", trend->series->line[index]->committed_utc);
    c4_html_words(html, "td", NULL, write_commit, trend, index);
    c4_html_words(html, "td", "number", c4_write_median, trend, index);
    c4_html_words(html, "td", "number", write_low, trend, index);
    c4_html_words(html, "td", "number", write_high, trend, index);
    c4_html_element(html, "td", "number", "%d", trend->series->line[index]->samples);
    c4_html_close(html, "tr");
}

static void add_heads(struct c4_html *html, const char *const *head, int count, int numbers_from) {
    c4_html_open(html, "tr", NULL);
    for (int i = 0; i < count; i++)
        c4_html_element(html, "th", i >= numbers_from ? "number" : NULL, "%s", head[i]);
    c4_html_close(html, "tr");
}

static void add_table(struct c4_html *html, const struct c4_trend *trend) {
    static const char *const heads[] = {"date", "commit", "median", "from", "to", "samples"};
    int points = trend->series->points;
    c4_html_open(html, "details", NULL);
    c4_html_element(html, "summary", NULL, "Numbers, newest first");
    c4_html_open(html, "div", "class", "scroll", NULL);
    c4_html_open(html, "table", NULL);
    add_heads(html, heads, sizeof heads / sizeof *heads, 2);
    for (int i = points - 1; i >= 0 && i >= points - TABLE_ROWS; i--) add_row(html, trend, i);
    c4_html_close(html, "table");
    c4_html_close(html, "div");
    if (points > TABLE_ROWS)
        c4_html_element(html, "p", "soft", "And %d before; --format csv has all.",
                        points - TABLE_ROWS);
    c4_html_close(html, "details");
}

static void add_commits(struct c4_html *html, const struct c4_commits *commits) {
    bool folded = commits->count > COMMITS_SHOWN;
    if (commits->count == 0) return;
    if (folded) {
        c4_html_open(html, "details", NULL);
        c4_html_element(html, "summary", NULL, "%d commits since the record before",
                        commits->count + commits->more);
    }
    c4_html_open(html, "ul", "class", "commits", NULL);
    for (int i = 0; i < commits->count; i++)
        c4_html_element(html, "li", NULL, "%s", commits->line[i]);
    if (commits->more > 0) c4_html_element(html, "li", NULL, "and %d more", commits->more);
    c4_html_close(html, "ul");
    if (folded) c4_html_close(html, "details");
}

static void write_summary(FILE *out, const struct c4_trend *trend, int index) {
    (void)index;
    fprintf(out, "%d commit%s", trend->series->points, trend->series->points == 1 ? "" : "s");
    if (isnan(trend->newest_change)) return;
    fputs("; newest ", out);
    c4_write_percent(out, trend->newest_change, true);
    fputs(trend->changes > 0 ? " against the mean since the last change"
                             : " against the mean before",
          out);
}

void c4_history_figure(struct c4_html *html, const struct c4_trend *trend, int number) {
    char id[32];
    snprintf(id, sizeof id, "series-%d", number);
    c4_html_open(html, "figure", "id", id, NULL);
    c4_html_element(html, "h3", NULL, "%s", trend->title);
    c4_history_plot(html, trend);
    c4_html_open(html, "figcaption", NULL);
    c4_html_words(html, "p", NULL, write_summary, trend, 0);
    for (int i = trend->changes - 1; i >= 0; i--) {
        c4_html_words(html, "p", NULL, c4_write_change, trend, i);
        add_commits(html, trend->change[i].commits);
    }
    c4_html_close(html, "figcaption");
    add_table(html, trend);
    c4_html_close(html, "figure");
}
