/* The page report.html: head, introduction with warnings, sections. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/host/environment.h"
#include "core/op/names.h"
#include "repro/report/sections.h"

extern const char c4_embed_core_report_page_css[], c4_embed_core_report_page_css_end[];

const char *const c4_verdict_classes[] = {"pill holds", "pill fails", "pill undecided",
                                          "pill not-judged"};
_Static_assert(sizeof c4_verdict_classes / sizeof *c4_verdict_classes == C4_NOT_JUDGED + 1,
               "a class for each verdict");

const char *c4_verdict_sign(enum c4_verdict verdict) {
    static const char *const signs[] = {"✓", "✗", "?", "–"};
    _Static_assert(sizeof signs / sizeof *signs == C4_NOT_JUDGED + 1, "a sign for each verdict");
    return signs[verdict];
}

void c4_report_verdict(struct c4_html *html, enum c4_verdict verdict) {
    c4_html_element(html, "span", c4_verdict_classes[verdict], "%s %s", c4_verdict_sign(verdict),
                    c4_verdict_names[verdict]);
}

void c4_report_estimate(struct c4_html *html, double mean, double standard_error, int digits,
                        bool suspect) {
    const char *remark = suspect ? " suspect" : "";
    if (isnan(mean))
        c4_html_element(html, "td", "number", "–%s", remark);
    else if (isnan(standard_error))
        c4_html_element(html, "td", "number", "%.*f%s", digits, mean, remark);
    else
        c4_html_element(html, "td", "number", "%.*f ± %.*f%s", digits, mean, digits, standard_error,
                        remark);
}

void c4_report_table(struct c4_html *html, const char *class, const char *const *columns) {
    c4_html_open(html, "div", "class", "scroll", NULL);
    c4_html_open(html, "table", "class", class, NULL);
    c4_html_open(html, "thead", NULL);
    c4_html_open(html, "tr", NULL);
    for (int i = 0; columns[i]; i++) {
        bool number = columns[i][0] == '#';
        c4_html_open(html, "th", "scope", "col", "class", number ? "number" : NULL, NULL);
        c4_html_text(html, "%s", columns[i] + number);
        c4_html_close(html, "th");
    }
    c4_html_close(html, "tr");
    c4_html_close(html, "thead");
    c4_html_open(html, "tbody", NULL);
}

void c4_report_table_end(struct c4_html *html) {
    c4_html_close(html, "tbody");
    c4_html_close(html, "table");
    c4_html_close(html, "div");
}

void c4_report_command(struct c4_html *html, const struct c4_publication *p, const char *figure) {
    c4_html_text(html, "conv4 repro --scale %s%s%s%s%s\n", p->scale->name,
                 p->study->protocol.order == C4_RELU_BN ? " --order relu-bn" : "",
                 p->synthetic ? "" : " --data DIR", figure ? " --figures " : "",
                 figure ? figure : "");
}

static void write_head(struct c4_html *html) {
    c4_html_open(html, "head", NULL);
    c4_html_void(html, "meta", "charset", "utf-8", NULL);
    c4_html_void(html, "meta", "name", "viewport", "content", "width=device-width, initial-scale=1",
                 NULL);
    c4_html_void(html, "meta", "name", "color-scheme", "content", "light dark", NULL);
    c4_html_element(html, "title", NULL,
                    "Similarity of Pre-trained and Fine-tuned Representations: reproduction");
    c4_html_open(html, "style", NULL);
    c4_html_raw(html, c4_embed_core_report_page_css,
                (size_t)(c4_embed_core_report_page_css_end - c4_embed_core_report_page_css));
    c4_html_close(html, "style");
    c4_html_close(html, "head");
}

static void write_intro(struct c4_html *html, const struct c4_publication *p) {
    const struct c4_protocol *protocol = &p->study->protocol;
    struct c4_text seeds = {0};
    if (c4_seeds_show(&p->scale->seeds, &seeds) != C4_OK) html->out_of_memory = true;
    c4_html_element(html, "h1", NULL, "Similarity of Pre-trained and Fine-tuned Representations");
    c4_html_element(html, "p", "soft",
                    "A reproduction of Goerttler and Obermayer (2022, arXiv 2207.09225): a "
                    "convolutional network of four blocks, compared layer by layer (centred kernel "
                    "alignment, CKA) with what it was before training and before fine-tuning.");
    c4_html_element(html, "p", NULL,
                    "Scale %s, seeds %s, block order %s, evaluation with %s statistics. Images: "
                    "%s. Runs: %d of %d done. Made %s by conv4 %s.",
                    p->scale->name, c4_text_string(&seeds), c4_order_names[protocol->order],
                    p->rows.statistics, c4_text_string(&p->images), p->runs.done, p->runs.all,
                    json_string_value(json_object_get(p->environment, "date_utc")), C4_VERSION);
    c4_text_free(&seeds);
    c4_html_open(html, "ul", "class", "warnings", NULL);
    for (int i = 0; i < p->warnings; i++)
        c4_html_element(html, "li", NULL, "%s", c4_text_string(&p->warning[i]));
    c4_html_close(html, "ul");
    static const char *const sections[][2] = {
        {"#figures", "Figures"},   {"#claims", "Claims"}, {"#controls", "Controls"},
        {"#tuning", "Accuracies"}, {"#cost", "Cost"},     {"#origin", "Origin and environment"}};
    c4_html_open(html, "nav", NULL);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        c4_html_open(html, "a", "href", sections[i][0], NULL);
        c4_html_text(html, "%s", sections[i][1]);
        c4_html_close(html, "a");
    }
    c4_html_close(html, "nav");
}

enum c4_status c4_publication_html(const struct c4_publication *p, const char *path) {
    struct c4_html html = {0};
    c4_html_open(&html, "html", "lang", "en", NULL);
    write_head(&html);
    c4_html_open(&html, "body", NULL);
    write_intro(&html, p);
    c4_html_open(&html, "main", NULL);
    c4_report_figures(&html, p);
    c4_report_claims(&html, p);
    c4_report_settings(&html, p);
    c4_report_controls(&html, p);
    c4_report_tuning(&html, p);
    c4_report_cost(&html, p);
    c4_report_origin(&html, p);
    c4_html_close(&html, "main");
    c4_html_close(&html, "body");
    c4_html_close(&html, "html");
    enum c4_status status = c4_html_save(&html, path);
    c4_html_free(&html);
    return status;
}
