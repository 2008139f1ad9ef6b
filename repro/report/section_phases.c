/* The report's table of a training step's phases. */
#include "repro/report/sections.h"
#include "repro/results/phases.h"

void c4_report_phases(struct c4_html *html, const struct c4_publication *p) {
    static const char *const columns[] = {
        "phase", "#µs an image", "#of the step, %", "#images/s", "#GFLOP/s", "#MB an image", NULL};
    struct c4_phase_sum sums[C4_PHASES_MAX];
    double step = 0;
    int count =
        c4_phase_sums(p->costs, p->cost_count, &p->rows, p->study->protocol.order, NULL, sums);
    c4_html_element(html, "h3", NULL, "Phases of a training step");
    if (count == 0) {
        c4_html_element(
            html, "p", "soft",
            "This backend does not split a step into phases; only whole steps were timed.");
        return;
    }
    for (int i = 0; i < count; i++) step += sums[i].seconds;
    c4_html_element(
        html, "p", "soft",
        "Times of thread 0 over all epochs of all runs. GFLOP/s count the operations of "
        "direct convolution, whatever the algorithm; a phase of block b computes that "
        "block's convolution and the normalisation and pooling of the block below.");
    c4_report_table(html, NULL, columns);
    for (int i = 0; i < count; i++) {
        const struct c4_phase_sum *sum = &sums[i];
        if (!(sum->seconds > 0)) continue;
        c4_html_open(html, "tr", NULL);
        c4_html_element(html, "td", NULL, "%s", sum->name);
        c4_html_element(html, "td", "number", "%.1f", 1e6 * sum->seconds / sum->images);
        c4_html_element(html, "td", "number", "%.1f", 100 * sum->seconds / step);
        c4_html_element(html, "td", "number", "%.0f", sum->images / sum->seconds);
        c4_html_element(html, "td", "number", "%.1f", sum->flops / sum->seconds * 1e-9);
        c4_html_element(html, "td", "number", "%.2f", sum->bytes / sum->images * 1e-6);
        c4_html_close(html, "tr");
    }
    c4_report_table_end(html);
}
