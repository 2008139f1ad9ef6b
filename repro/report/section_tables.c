/* Report sections: accuracies, origin of the rows, environment. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/host/environment.h"
#include "core/stats/summary.h"
#include "repro/report/sections.h"

/* Writes mean and standard error over seeds of a quantity after a family's last epoch. */
static void write_quantity(struct c4_html *html, struct c4_rows *rows,
                           const struct c4_publication *p, const char *family, const char *quantity,
                           double factor, int digits) {
    double values[C4_SEEDS_MAX], mean, error;
    int n;
    rows->suspect = false;
    for (int s = 0; s < p->scale->seeds.count; s++) {
        const struct c4_row_query query = {.family = family,
                                           .seed = p->scale->seeds.seed[s],
                                           .order = p->study->protocol.order,
                                           .epoch = -1,
                                           .quantity = quantity};
        values[s] = factor * c4_rows_value(rows, &query);
    }
    c4_summary(values, p->scale->seeds.count, 1, &mean, &error, &n);
    c4_report_estimate(html, mean, error, digits, rows->suspect);
}

void c4_report_tuning(struct c4_html *html, const struct c4_publication *p) {
    static const char *const columns[] = {"run",
                                          "#images",
                                          "#epochs",
                                          "#loss",
                                          "#training accuracy, %",
                                          "#on clean labels, %",
                                          "#test accuracy, %",
                                          "#on clean labels, %",
                                          NULL};
    struct c4_rows rows = p->rows; /* a copy: its status is ignored */
    c4_html_open(html, "h2", "id", "tuning", NULL);
    c4_html_text(html, "Accuracies after the last epoch");
    c4_html_close(html, "h2");
    c4_html_element(
        html, "p", "soft",
        "On the labels as drawn (random, shifted) and on the true ones; mean ± standard "
        "error over seeds.");
    c4_report_table(html, NULL, columns);
    for (int i = 0; i < p->rows.runs; i++) {
        const struct c4_rows_run *run = &p->rows.run[i];
        if (run->seed != p->scale->seeds.seed[0] || run->order != p->study->protocol.order)
            continue;
        c4_html_open(html, "tr", NULL);
        c4_html_element(html, "td", NULL, "%s", run->family);
        c4_html_element(html, "td", "number", "%" PRIu32, run->images);
        c4_html_element(html, "td", "number", "%" PRId64, run->epochs);
        write_quantity(html, &rows, p, run->family, "loss", 1, 4);
        write_quantity(html, &rows, p, run->family, "train_accuracy", 100, 2);
        write_quantity(html, &rows, p, run->family, "train_accuracy_clean", 100, 2);
        write_quantity(html, &rows, p, run->family, "test_accuracy", 100, 2);
        write_quantity(html, &rows, p, run->family, "test_accuracy_clean", 100, 2);
        c4_html_close(html, "tr");
    }
    c4_report_table_end(html);
}

static void write_fields(struct c4_html *html, const struct c4_field *field, const void *object) {
    struct c4_text value = {0};
    for (; field->key; field++) {
        if (field->type == C4_FIELD_TEXT) continue;
        if (c4_field_write(field, object, &value) != C4_OK) html->out_of_memory = true;
        c4_html_open(html, "tr", NULL);
        c4_html_element(html, "td", NULL, "%s", field->key);
        c4_html_element(html, "td", NULL, "%s", c4_text_string(&value));
        c4_html_close(html, "tr");
    }
    c4_text_free(&value);
}

void c4_report_origin(struct c4_html *html, const struct c4_publication *p) {
    static const char *const origins[] = {"trained on", "measured on", "backend",
                                          "arithmetic", "conv4",       "SHA-256 of the images",
                                          NULL};
    static const char *const settings[] = {"setting", "value", NULL};
    struct c4_text text = {0};
    c4_html_open(html, "h2", "id", "origin", NULL);
    c4_html_text(html, "Origin and environment");
    c4_html_close(html, "h2");
    c4_html_element(html, "p", NULL,
                    "To repeat the whole study, or only this report from its rows:");
    c4_html_open(html, "pre", NULL);
    c4_report_command(html, p, NULL);
    c4_html_text(html, "conv4 report --out OUT");
    c4_html_close(html, "pre");
    c4_html_element(html, "h3", NULL, "Where the rows came from");
    c4_report_table(html, NULL, origins);
    for (int i = 0; i < p->origins.count; i++) {
        const struct c4_origin *origin = &p->origins.origin[i];
        c4_html_open(html, "tr", NULL);
        c4_html_element(html, "td", NULL, "%s", origin->data);
        c4_html_element(html, "td", NULL, "%s", origin->evaluation);
        c4_html_element(html, "td", NULL, "%s", origin->backend);
        c4_html_element(html, "td", NULL, "%d", origin->arithmetic);
        c4_html_element(html, "td", NULL, "%s", origin->code_version);
        c4_html_open(html, "td", NULL);
        c4_html_element(html, "code", NULL, "%.12s…, %.12s…", origin->data_sha256,
                        origin->evaluation_sha256);
        c4_html_close(html, "td");
        c4_html_close(html, "tr");
    }
    c4_report_table_end(html);
    c4_html_open(html, "details", NULL);
    c4_html_element(html, "summary", NULL, "Protocol and scale");
    c4_report_table(html, NULL, settings);
    write_fields(html, c4_protocol_fields, &p->study->protocol);
    write_fields(html, c4_scale_fields, p->scale);
    c4_report_table_end(html);
    c4_html_close(html, "details");
    if (c4_environment_add(p->environment, &text) != C4_OK) html->out_of_memory = true;
    c4_html_element(html, "h3", NULL, "The machine that made this report");
    c4_html_open(html, "pre", NULL);
    c4_html_text(html, "%s", c4_text_string(&text));
    c4_html_close(html, "pre");
    c4_text_free(&text);
}
