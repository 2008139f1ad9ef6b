/* Report sections: the paper's figures, controls and cost, each figure with its table and commands.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/file.h"
#include "repro/figures/authors.h"
#include "repro/report/sections.h"
#include "repro/results/layer_costs.h"

enum { LONG_TABLE = 60 };

/* Writes x as a tick's name or as a number. */
static void write_x(struct c4_html *html, const struct c4_figure_result *result, double x) {
    if (result->ticks > 0)
        c4_html_element(html, "td", NULL, "%s", result->tick[(int)x]);
    else
        c4_html_element(html, "td", NULL, "%g", x);
}

static void write_table(struct c4_html *html, const struct c4_figure_result *result) {
    static const char *const columns[] = {"curve", "x", "#mean ± standard error", "#seeds", NULL};
    int rows = 0;
    for (int i = 0; i < result->curves.count; i++) rows += result->curves.curve[i].points;
    /* Long tables show every step-th point of a curve and the last one; the CSV has all. */
    int step = rows > LONG_TABLE ? (rows + LONG_TABLE - 1) / LONG_TABLE : 1;
    c4_html_open(html, "details", NULL);
    c4_html_element(html, "summary", NULL,
                    step > 1 ? "Numbers (excerpt; all in the CSV)" : "Numbers");
    c4_report_table(html, NULL, columns);
    for (int i = 0; i < result->curves.count; i++) {
        const struct c4_curve *curve = &result->curves.curve[i];
        for (int p = 0; p < curve->points; p++) {
            if (p % step != 0 && p != curve->points - 1) continue;
            if (isnan(curve->mean[p])) continue;
            c4_html_open(html, "tr", NULL);
            c4_html_element(html, "td", NULL, "%s", curve->label);
            write_x(html, result, curve->x[p]);
            c4_report_estimate(html, curve->mean[p], curve->standard_error[p], 4, result->suspect);
            c4_html_element(html, "td", "number", "%d", curve->n[p]);
            c4_html_close(html, "tr");
        }
    }
    c4_report_table_end(html);
    c4_html_close(html, "details");
}

/* Levels of runs that started from a different network are listed, not drawn. */
static void write_published(struct c4_html *html, const struct c4_publication *p,
                            const struct c4_figure_result *result) {
    static const char *const columns[] = {"run", "layer", "#published", NULL};
    if (result->debiased || !c4_authors_have_table(p->study, result->figure)) return;
    c4_html_open(html, "details", NULL);
    c4_html_element(html, "summary", NULL, "Published levels");
    c4_html_element(
        html, "p", "soft",
        "The authors' run exports (T. Goerttler, 2024). Their fine-tuning started from a "
        "network pre-trained on 4,096 images, so only directions are comparable.");
    c4_report_table(html, NULL, columns);
    for (int i = 0; i < result->curves.count; i++)
        for (int layer = 0; layer < C4_LAYERS; layer++) {
            double mean, error;
            const char *family = result->curves.curve[i].family;
            if (!c4_authors_level(p->study, result->figure->id, family, c4_layer_name[layer], &mean,
                                  &error))
                continue;
            c4_html_open(html, "tr", NULL);
            c4_html_element(html, "td", NULL, "%s", family);
            c4_html_element(html, "td", NULL, "%s", c4_layer_name[layer]);
            c4_report_estimate(html, mean, error, 3, false);
            c4_html_close(html, "tr");
        }
    c4_report_table_end(html);
    c4_html_close(html, "details");
}

static void write_commands(struct c4_html *html, const struct c4_publication *p,
                           const struct c4_figure_result *result) {
    c4_html_open(html, "details", NULL);
    c4_html_element(html, "summary", NULL, "Reproduce this figure");
    c4_html_open(html, "pre", NULL);
    c4_report_command(html, p, result->figure->id);
    c4_html_text(html, "cd OUT/figures && gnuplot %s.gp", result->id);
    c4_html_close(html, "pre");
    c4_html_close(html, "details");
}

static void write_links(struct c4_html *html, const struct c4_figure_result *result) {
    const struct {
        const char *suffix;
        bool there;
    } files[] = {{"csv", true},
                 {"gp", true},
                 {"svg", result->files.svg},
                 {"pdf", result->files.pdf},
                 {"png", result->files.png}};
    c4_html_open(html, "span", "class", "files", NULL);
    c4_html_text(html, " Files: ");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct c4_text path = {0};
        if (!files[i].there) continue;
        if (c4_text_add(&path, "figures/%s.%s", result->id, files[i].suffix) != C4_OK)
            html->out_of_memory = true;
        c4_html_text(html, "%s", i ? ", " : "");
        c4_html_open(html, "a", "href", c4_text_string(&path), NULL);
        c4_html_text(html, "%s", files[i].suffix);
        c4_html_close(html, "a");
        c4_text_free(&path);
    }
    c4_html_text(html, ".");
    c4_html_close(html, "span");
}

static void write_picture(struct c4_html *html, const struct c4_figure_result *result,
                          const char *label) {
    unsigned char *svg = NULL;
    size_t size_bytes;
    struct c4_text path = {0};
    c4_html_open(html, "div", "class", "scroll", NULL);
    bool drawn = result->files.svg && c4_text_add(&path, "%s.svg", result->stem) == C4_OK &&
                 c4_file_read(c4_text_string(&path), &svg, &size_bytes) == C4_OK &&
                 c4_html_svg(html, (const char *)svg, result->id, label);
    if (!drawn)
        c4_html_element(html, "p", "soft",
                        "No picture was drawn; the numbers are below and in the CSV file.");
    c4_html_close(html, "div");
    free(svg);
    c4_text_free(&path);
}

static void write_figure(struct c4_html *html, const struct c4_publication *p,
                         const struct c4_figure_result *result) {
    struct c4_text text = {0};
    bool numbered = c4_figure_is_numbered(result->figure);
    if (c4_text_add(&text, "%s%s%s%s%s", numbered ? "Figure " : "",
                    numbered ? result->figure->id : "", numbered ? ": " : "", result->figure->title,
                    result->debiased ? ", debiased" : "") != C4_OK)
        html->out_of_memory = true;
    const char *title = c4_text_string(&text);
    c4_html_open(html, "figure", "id", result->id, "class",
                 result->empty || result->status != C4_OK ? "empty"
                 : result->figure->width >= 6             ? "wide"
                                                          : NULL,
                 NULL);
    if (result->status != C4_OK) {
        c4_html_element(html, "h3", NULL, "%s", title);
        c4_html_element(html, "p", "soft", "This figure failed: %s.",
                        c4_text_string(&result->failure));
        c4_html_close(html, "figure");
        c4_text_free(&text);
        return;
    }
    if (result->empty) {
        c4_html_element(html, "h3", NULL, "%s", title);
        c4_html_element(html, "p", "soft", "There are no rows for this figure yet.");
        c4_html_close(html, "figure");
        c4_text_free(&text);
        return;
    }
    write_picture(html, result, title);
    c4_html_open(html, "figcaption", NULL);
    c4_html_element(html, "b", NULL, "%s%s%s%s.", title, result->mark.length ? " [" : "",
                    c4_text_string(&result->mark), result->mark.length ? "]" : "");
    write_links(html, result);
    c4_html_close(html, "figcaption");
    for (int i = 0; i < result->notes && p->plain; i++)
        c4_html_element(html, "p", "soft", "%s", c4_text_string(&result->note[i]));
    write_table(html, result);
    write_published(html, p, result);
    write_commands(html, p, result);
    c4_html_close(html, "figure");
    c4_text_free(&text);
}

enum kind { OF_THE_PAPER, DEBIASED, CONTROL, COST };

static enum kind kind_of(const struct c4_figure_result *result) {
    if (result->figure->kind >= C4_FIGURE_COST_THROUGHPUT) return COST;
    if (!c4_figure_is_numbered(result->figure)) return CONTROL;
    return result->debiased ? DEBIASED : OF_THE_PAPER;
}

static void write_figures(struct c4_html *html, const struct c4_publication *p, enum kind kind) {
    c4_html_open(html, "div", "class", "figures", NULL);
    for (int i = 0; i < p->figures; i++)
        if (kind_of(&p->figure[i]) == kind) write_figure(html, p, &p->figure[i]);
    c4_html_close(html, "div");
}

void c4_report_figures(struct c4_html *html, const struct c4_publication *p) {
    c4_html_open(html, "h2", "id", "figures", NULL);
    c4_html_text(html, "Figures");
    c4_html_close(html, "h2");
    c4_html_element(html, "p", "soft",
                    "Lines are means over seeds, bars and bands their standard error, thin lines "
                    "single seeds. CKA is 1 for features that are the same up to rotation and "
                    "scale.");
    write_figures(html, p, OF_THE_PAPER);
}

void c4_report_controls(struct c4_html *html, const struct c4_publication *p) {
    c4_html_open(html, "h2", "id", "controls", NULL);
    c4_html_text(html, "Controls");
    c4_html_close(html, "h2");
    c4_html_element(
        html, "p", "soft",
        "Questions that the paper leaves open. How similar are two random networks (the null "
        "line), and is a return to the initialisation more than a return to any random network? Do "
        "training sizes also differ at equal steps and at equal training accuracy? Does "
        "fine-tuning change a network more than training from scratch on the same images? How "
        "much depends on the images that networks are compared on, and on the estimator?");
    write_figures(html, p, CONTROL);
    c4_html_element(html, "h3", NULL, "Figures with debiased CKA");
    write_figures(html, p, DEBIASED);
}

/* A cell with the number, or "–" if it is unknown. */
static void write_number(struct c4_html *html, double value) {
    if (isfinite(value))
        c4_html_element(html, "td", "number", "%.3g", value);
    else
        c4_html_element(html, "td", "number", "–");
}

static void write_layer(struct c4_html *html, const struct c4_publication *p,
                        enum c4_layer_cost what, const char *layer) {
    struct c4_layer_mean mean;
    c4_layer_mean(p->costs, p->cost_count, what, layer, NULL, NULL, &mean);
    if (mean.count == 0) return;
    c4_html_open(html, "tr", NULL);
    c4_html_element(html, "td", NULL, "%s", c4_layer_cost_names[what]);
    c4_html_element(html, "td", NULL, "%s", layer);
    c4_html_element(html, "td", NULL, "%s", mean.method);
    write_number(html, 1e3 * mean.seconds);
    write_number(html, 1e-9 * mean.flops);
    write_number(html, 1e-6 * mean.bytes);
    write_number(html, 1e-9 * mean.flops / mean.seconds);
    c4_html_close(html, "tr");
}

void c4_report_cost(struct c4_html *html, const struct c4_publication *p) {
    static const char *const by_place[] = {"host", "place", "#threads", "#runs", "#seconds", NULL};
    static const char *const by_layer[] = {"what",   "layer", "method",   "#ms",
                                           "#GFLOP", "#MB",   "#GFLOP/s", NULL};
    c4_html_open(html, "h2", "id", "cost", NULL);
    c4_html_text(html, "Cost");
    c4_html_close(html, "h2");
    write_figures(html, p, COST);
    c4_html_element(html, "h3", NULL, "Where the runs were trained");
    c4_report_table(html, NULL, by_place);
    for (int i = 0; i < p->places.count; i++) {
        const struct c4_place_sum *place = &p->places.place[i];
        c4_html_open(html, "tr", NULL);
        c4_html_element(html, "td", NULL, "%s", place->host);
        c4_html_element(html, "td", NULL, "%s", place->place[0] ? place->place : "–");
        c4_html_element(html, "td", "number", "%d", place->threads);
        c4_html_element(html, "td", "number", "%d", place->runs);
        c4_html_element(html, "td", "number", "%.1f", place->seconds);
        c4_html_close(html, "tr");
    }
    c4_report_table_end(html);
    c4_report_phases(html, p);
    c4_html_element(html, "h3", NULL, "CKA by layer");
    c4_html_element(
        html, "p", "soft",
        "Means over the epochs of all runs: a product prepares the network once for all "
        "references and numbers of images, in fine-tuning one for each task's images; "
        "comparisons follow. A reference's product is the mean over references, each "
        "of which is prepared once for all runs of a machine.");
    c4_report_table(html, NULL, by_layer);
    for (int what = 0; what < C4_LAYER_COSTS; what++)
        for (int layer = 0; layer < C4_LAYERS; layer++)
            write_layer(html, p, (enum c4_layer_cost)what, c4_layer_name[layer]);
    c4_report_table_end(html);
}
