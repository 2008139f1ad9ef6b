#include "bench/results/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/file.h"
#include "core/host/environment.h"
#include "core/report/html.h"

extern const char c4_embed_core_report_page_css[], c4_embed_core_report_page_css_end[];

static void write_head(struct c4_html *html) {
    c4_html_open(html, "head", NULL);
    c4_html_void(html, "meta", "charset", "utf-8", NULL);
    c4_html_void(html, "meta", "name", "viewport", "content", "width=device-width, initial-scale=1",
                 NULL);
    c4_html_element(html, "title", NULL, "conv4 bench");
    c4_html_open(html, "style", NULL);
    c4_html_raw(html, c4_embed_core_report_page_css,
                (size_t)(c4_embed_core_report_page_css_end - c4_embed_core_report_page_css));
    c4_html_close(html, "style");
    c4_html_close(html, "head");
}

static void number_cell(struct c4_html *html, const char *format, double value) {
    char text[48];
    snprintf(text, sizeof text, format, value);
    c4_html_element(html, "td", "number", "%s", isfinite(value) ? text : "–");
}

static void write_step(struct c4_html *html, const json_t *step) {
    c4_html_open(html, "tr", NULL);
    c4_html_element(html, "td", NULL, "%s", c4_result_text(step, "backend", "?"));
    number_cell(html, "%.0f", c4_result_number(step, "images_per_s"));
    number_cell(html, "%.0f", c4_result_number(step, "images_per_s_low"));
    number_cell(html, "%.0f", c4_result_number(step, "images_per_s_high"));
    number_cell(html, "%.0f %%", c4_result_number(step, "percent_of_peak"));
    c4_html_element(html, "td", NULL, "%s",
                    c4_result_text(step, "reason", c4_result_text(step, "variant", "")));
    c4_html_close(html, "tr");
}

static void write_steps(struct c4_html *html, const json_t *file) {
    static const char *const columns[] = {"backend or peer", "images/s", "lowest",
                                          "highest",         "of peak",  "how"};
    const json_t *steps = json_object_get(file, "steps");
    int threads = c4_result_whole(file, "threads");
    if (!steps) return;
    c4_html_element(html, "h3", NULL, "%s, batch %d, %d thread%s", c4_result_mode(file),
                    c4_result_whole(file, "batch"), threads, threads == 1 ? "" : "s");
    c4_html_open(html, "div", "class", "scroll", NULL);
    c4_html_open(html, "table", NULL);
    c4_html_open(html, "tr", NULL);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        c4_html_element(html, "th", i > 0 && i < 5 ? "number" : NULL, "%s", columns[i]);
    c4_html_close(html, "tr");
    for (size_t i = 0; i < json_array_size(steps); i++) write_step(html, json_array_get(steps, i));
    c4_html_close(html, "table");
    c4_html_close(html, "div");
}

/* "1.98 [1.97, 1.99]" */
static void factor_cell(struct c4_html *html, const json_t *row, const char *key) {
    const json_t *factor = json_object_get(row, key);
    double value = c4_result_number(factor, "estimate"), low = c4_result_number(factor, "low");
    double high = c4_result_number(factor, "high");
    if (isfinite(value) && isfinite(low) && isfinite(high))
        c4_html_element(html, "td", "number", "%.3f [%.3f, %.3f]", value, low, high);
    else
        number_cell(html, "%.3f", value);
}

static void write_scale_row(struct c4_html *html, const json_t *row) {
    static const char *const factors[] = {"gain", "peak_gain", "triad_gain", "of_peak_gain",
                                          "of_plan"};
    c4_html_open(html, "tr", NULL);
    c4_html_element(html, "td", NULL, "%s", c4_result_text(row, "name", "?"));
    number_cell(html, "%.0f", c4_result_number(row, "images_per_s"));
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
        factor_cell(html, row, factors[i]);
    number_cell(html, "%.1f", c4_result_number(row, "peak_gflops"));
    number_cell(html, "%.1f", c4_result_number(row, "triad_gbytes_per_s"));
    c4_html_element(html, "td", NULL, "%s",
                    c4_result_text(row, "reason", c4_result_text(row, "elsewhere", "")));
    c4_html_close(html, "tr");
}

/* Of bench scale. */
static void write_scale(struct c4_html *html, const json_t *file) {
    static const char *const columns[] = {
        "row",           "images/s",        "gain",    "peak's gain", "triad's gain",
        "gain / peak's", "measured / plan", "GFLOP/s", "GB/s",        "what was wrong"};
    const json_t *rows = json_object_get(file, "rows");
    if (strcmp(c4_result_text(file, "benchmark", ""), "scale") != 0) return;
    c4_html_element(html, "h3", NULL, "Training in many processes at once, %s, %d rounds",
                    c4_result_text(file, "backend", "?"), c4_result_whole(file, "rounds"));
    c4_html_open(html, "div", "class", "scroll", NULL);
    c4_html_open(html, "table", NULL);
    c4_html_open(html, "tr", NULL);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        c4_html_element(html, "th", i > 0 && i < 9 ? "number" : NULL, "%s", columns[i]);
    c4_html_close(html, "tr");
    for (size_t i = 0; i < json_array_size(rows); i++)
        write_scale_row(html, json_array_get(rows, i));
    c4_html_close(html, "table");
    c4_html_close(html, "div");
}

static enum c4_status write_picture(struct c4_html *html, const struct c4_picture *picture,
                                    const char *folder) {
    struct c4_text path = {0};
    unsigned char *svg = NULL;
    size_t size;
    enum c4_status status = c4_text_add(&path, "%s/%s.svg", folder, picture->id);
    if (status == C4_OK && picture->drawn) status = c4_file_read(path.bytes, &svg, &size);
    c4_text_free(&path);
    C4_TRY(status);
    c4_html_open(html, "figure", "class", "wide", NULL);
    c4_html_element(html, "h3", NULL, "%s", picture->title);
    if (svg) c4_html_svg(html, (const char *)svg, picture->id, picture->title);
    c4_html_element(html, "figcaption", NULL, "%s The numbers are in %s.csv.", picture->caption,
                    picture->id);
    c4_html_close(html, "figure");
    free(svg);
    return C4_OK;
}

static enum c4_status write_origin(struct c4_html *html, const struct c4_results *results) {
    c4_html_element(html, "h2", NULL, "Origin");
    for (int i = 0; i < results->count; i++) {
        const char *slash = strrchr(results->path[i], '/');
        struct c4_text text = {0};
        enum c4_status status =
            c4_environment_add(json_object_get(results->file[i], "environment"), &text);
        if (status != C4_OK) {
            c4_text_free(&text);
            return status;
        }
        c4_html_open(html, "details", NULL);
        c4_html_element(html, "summary", NULL, "%s: bench %s, conv4 %s, %s",
                        slash ? slash + 1 : results->path[i],
                        c4_result_text(results->file[i], "benchmark", "?"),
                        c4_result_text(results->file[i], "conv4", "?"),
                        c4_result_text(results->file[i], "environment.date_utc", "?"));
        c4_html_element(html, "pre", NULL, "%s", text.bytes);
        c4_html_close(html, "details");
        c4_text_free(&text);
    }
    return C4_OK;
}

/* One machine's tables and pictures, below its name if there are several machines. */
static enum c4_status write_machine(struct c4_html *html, const struct c4_results *results,
                                    const struct c4_machines *machines, int machine,
                                    const struct c4_pictures *pictures) {
    if (machines->count > 1) {
        char name[C4_MACHINE_BYTES];
        c4_machine_name(machines, machine, name);
        c4_html_element(html, "h2", NULL, "%s", name);
    }
    for (int i = 0; i < results->count; i++)
        if (machines->of[i] == machine) {
            write_steps(html, results->file[i]);
            write_scale(html, results->file[i]);
        }
    for (int i = 0; i < pictures->count; i++)
        if (pictures->picture[i].machine == machine)
            C4_TRY(write_picture(html, &pictures->picture[i], pictures->folder));
    return C4_OK;
}

/* One sentence: what was measured, and where. */
static void write_summary(struct c4_html *html, const struct c4_machines *machines) {
    char name[C4_MACHINE_BYTES];
    if (machines->count == 1) {
        c4_machine_name(machines, 0, name);
        c4_html_element(html, "p", "soft", "%s, medians of samples taken in turn.", name);
    } else {
        c4_html_element(html, "p", "soft",
                        "%d machines, each in its own section; medians of samples taken in turn.",
                        machines->count);
    }
}

enum c4_status c4_bench_page(const struct c4_results *results, const struct c4_machines *machines,
                             const struct c4_pictures *pictures) {
    struct c4_html html = {0};
    struct c4_text path = {0};
    enum c4_status status = C4_OK;
    c4_html_open(&html, "html", "lang", "en", NULL);
    write_head(&html);
    c4_html_open(&html, "body", NULL);
    c4_html_element(&html, "h1", NULL, "Where the time goes");
    write_summary(&html, machines);
    if (pictures->note[0]) c4_html_element(&html, "p", NULL, "%s", pictures->note);
    c4_html_open(&html, "main", NULL);
    for (int i = 0; i < machines->count && status == C4_OK; i++)
        status = write_machine(&html, results, machines, i, pictures);
    if (status == C4_OK) status = write_origin(&html, results);
    if (status == C4_OK) {
        c4_html_close(&html, "main");
        c4_html_close(&html, "body");
        c4_html_close(&html, "html");
        status = c4_text_add(&path, "%s/bench.html", pictures->folder);
        if (status == C4_OK) status = c4_html_save(&html, path.bytes);
    }
    c4_text_free(&path);
    c4_html_free(&html);
    return status;
}
