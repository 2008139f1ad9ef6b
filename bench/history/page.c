#include "bench/history/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/history/figure.h"
#include "core/file/file.h"

enum { CHANGES_SHOWN = 20 };

extern const char c4_embed_core_report_page_css[], c4_embed_core_report_page_css_end[];
extern const char c4_embed_bench_history_history_css[], c4_embed_bench_history_history_css_end[];

static void write_head(struct c4_html *html) {
    c4_html_open(html, "head", NULL);
    c4_html_void(html, "meta", "charset", "utf-8", NULL);
    c4_html_void(html, "meta", "name", "viewport", "content", "width=device-width, initial-scale=1",
                 NULL);
    c4_html_element(html, "title", NULL, "conv4 bench history");
    c4_html_open(html, "style", NULL);
    c4_html_raw(html, c4_embed_core_report_page_css,
                (size_t)(c4_embed_core_report_page_css_end - c4_embed_core_report_page_css));
    c4_html_raw(
        html, c4_embed_bench_history_history_css,
        (size_t)(c4_embed_bench_history_history_css_end - c4_embed_bench_history_history_css));
    c4_html_close(html, "style");
    c4_html_close(html, "head");
}

/* A change point, with the number of its trend. */
struct place {
    const struct c4_trend *trend;
    int change, number;
};

static const char *time_of(const struct place *place) {
    const struct c4_trend *trend = place->trend;
    return trend->series->line[trend->change[place->change].index]->committed_utc;
}

static int newest_first(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    int order = strcmp(time_of(y), time_of(x));
    return order != 0 ? order : x->number - y->number;
}

static void add_change(struct c4_html *html, const struct place *place) {
    const struct c4_history_change *change = &place->trend->change[place->change];
    char link[32], class[32];
    snprintf(link, sizeof link, "#series-%d", place->number);
    snprintf(class, sizeof class, "mark %s", c4_change_judgement(place->trend, place->change));
    c4_html_open(html, "tr", NULL);
    c4_html_open(html, "td", NULL);
    c4_html_element(html, "span", class, "%s", change->after > change->before ? "▲" : "▼");
    c4_html_text(html, " ");
    c4_html_open(html, "a", "href", link, NULL);
    c4_html_text(html, "%s", place->trend->title);
    c4_html_close(html, "a");
    c4_html_close(html, "td");
    c4_html_words(html, "td", NULL, c4_write_change, place->trend, place->change);
    c4_html_close(html, "tr");
}

/* Of trends first to last - 1, newest first; `place` has room for all. */
static void add_changes(struct c4_html *html, const struct c4_trends *trends, int first, int last,
                        struct place *place) {
    int count = 0;
    for (int i = first; i < last; i++)
        for (int k = 0; k < trends->trend[i].changes; k++)
            place[count++] = (struct place){&trends->trend[i], k, i + 1};
    if (count == 0) {
        c4_html_element(html, "p", NULL, "No changes.");
        return;
    }
    qsort(place, (size_t)count, sizeof *place, newest_first);
    c4_html_open(html, "div", "class", "scroll", NULL);
    c4_html_open(html, "table", "class", "changes", NULL);
    for (int i = 0; i < count && i < CHANGES_SHOWN; i++) add_change(html, &place[i]);
    c4_html_close(html, "table");
    c4_html_close(html, "div");
    if (count > CHANGES_SHOWN)
        c4_html_element(html, "p", "soft", "And %d before, below their plots.",
                        count - CHANGES_SHOWN);
}

static enum c4_status add_machine(struct c4_html *html, const struct c4_trends *trends, int first,
                                  int last) {
    size_t room = 1;
    for (int i = first; i < last; i++) room += (size_t)trends->trend[i].changes;
    struct place *place = calloc(room, sizeof *place);
    if (!place) return c4_fail(C4_ERR_MEMORY, "no memory for the page");
    c4_html_open(html, "section", NULL);
    c4_html_element(html, "h2", NULL, "%s", trends->trend[first].newest->machine);
    add_changes(html, trends, first, last, place);
    free(place);
    c4_html_open(html, "div", "class", "figures", NULL);
    for (int i = first; i < last; i++) c4_history_figure(html, &trends->trend[i], i + 1);
    c4_html_close(html, "div");
    c4_html_close(html, "section");
    return C4_OK;
}

static void add_summary(struct c4_html *html, const struct c4_trends *trends) {
    c4_html_element(html, "p", "soft",
                    "%d series of %d commits on %d machine%s. Lines are medians in the order of "
                    "commits, bands their 95 %% intervals, dashed lines the means between changes. "
                    "Axes do not begin at 0. A change is found near a commit: the cause may be "
                    "another one, or the machine.",
                    trends->count, trends->commits, trends->machines,
                    trends->machines == 1 ? "" : "s");
}

static enum c4_status add_body(struct c4_html *html, const struct c4_trends *trends) {
    c4_html_open(html, "body", NULL);
    c4_html_element(html, "h1", NULL, "Benchmarks over time");
    add_summary(html, trends);
    c4_html_open(html, "main", NULL);
    for (int first = 0, last; first < trends->count; first = last) {
        for (last = first + 1; last < trends->count; last++)
            if (c4_trend_opens_machine(trends, last)) break;
        C4_TRY(add_machine(html, trends, first, last));
    }
    c4_html_close(html, "main");
    c4_html_close(html, "body");
    return C4_OK;
}

enum c4_status c4_history_page(const struct c4_trends *trends, const char *folder) {
    struct c4_html html = {0};
    char path[4096];
    C4_TRY(c4_path_join(path, sizeof path, folder, "history.html"));
    C4_TRY(c4_dir_make(folder));
    c4_html_open(&html, "html", "lang", "en", NULL);
    write_head(&html);
    enum c4_status status = add_body(&html, trends);
    if (status == C4_OK) {
        c4_html_close(&html, "html");
        status = c4_html_save(&html, path);
    }
    c4_html_free(&html);
    return status;
}
