/* Report sections: the claims, and their verdicts under other settings. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "repro/report/sections.h"

static void write_counts(struct c4_html *html, const struct c4_claims *claims) {
    c4_html_open(html, "ul", "class", "counts", NULL);
    static const char *const words[] = {"hold", "fail", "undecided", "not judged"};
    _Static_assert(sizeof words / sizeof *words == C4_NOT_JUDGED + 1, "words for each verdict");
    for (int v = C4_HOLDS; v <= C4_NOT_JUDGED; v++)
        c4_html_element(html, "li", c4_verdict_classes[v], "%s %d %s",
                        c4_verdict_sign((enum c4_verdict)v),
                        c4_claims_with(claims, (enum c4_verdict)v), words[v]);
    c4_html_close(html, "ul");
}

static void write_p(struct c4_html *html, double p) {
    if (isnan(p))
        c4_html_element(html, "td", "number", "–");
    else if (p < 0.0001)
        c4_html_element(html, "td", "number", "< .0001");
    else
        c4_html_element(html, "td", "number", "%.4f", p);
}

static void write_part(struct c4_html *html, const struct c4_claim *claim,
                       const struct c4_claim_part *part) {
    const struct c4_estimate *d = &part->d;
    c4_html_open(html, "tr", NULL);
    c4_html_element(html, "td", NULL, "%s %s", c4_verdict_sign(part->verdict), part->label);
    if (d->n == 0)
        c4_html_element(html, "td", "number", "–");
    else
        c4_html_element(html, "td", "number", claim->is_bound ? "%.4f" : "%+.4f", d->mean);
    if (isnan(d->low))
        c4_html_element(html, "td", "number", "–");
    else
        c4_html_element(html, "td", "number", claim->is_bound ? "[%.4f, %.4f]" : "[%+.4f, %+.4f]",
                        d->low, d->high);
    c4_html_element(html, "td", "number", "%d of %d", part->in_favour, d->n);
    write_p(html, part->p_holm);
    c4_html_close(html, "tr");
}

static void write_parts(struct c4_html *html, const struct c4_claim *claim) {
    static const char *const columns[] = {"where",  "#mean",     "#95 % interval",
                                          "#seeds", "#p (Holm)", NULL};
    c4_report_table(html, "parts", columns);
    for (int i = 0; i < claim->parts; i++) write_part(html, claim, &claim->part[i]);
    c4_report_table_end(html);
}

static void write_claim(struct c4_html *html, const struct c4_claim *claim) {
    c4_html_open(html, "tr", NULL);
    c4_html_element(html, "td", "id", "%s", claim->id);
    c4_html_open(html, "td", "class", "verdict", NULL);
    c4_report_verdict(html, claim->verdict);
    c4_html_close(html, "td");
    c4_html_open(html, "td", NULL);
    c4_html_text(html, "%s", claim->says);
    c4_html_element(html, "div", "statistic", "Figure %s. %s.", claim->figure, claim->statistic);
    if (claim->reason[0])
        c4_html_element(html, "div", "statistic", "Not judged: %s.", claim->reason);
    if (claim->suspect) c4_html_element(html, "div", "statistic", "Judged on suspect rows.");
    if (claim->estimator_dependent) {
        c4_html_open(html, "div", "class", "statistic", NULL);
        c4_html_element(html, "b", NULL, "Estimator-dependent: ");
        c4_html_text(html, "with debiased CKA ");
        c4_report_verdict(html, claim->debiased);
        c4_html_close(html, "div");
    }
    c4_html_close(html, "td");
    c4_html_open(html, "td", NULL);
    write_parts(html, claim);
    c4_html_close(html, "td");
    c4_html_close(html, "tr");
}

void c4_report_claims(struct c4_html *html, const struct c4_publication *p) {
    static const char *const columns[] = {"claim", "verdict", "what the paper says",
                                          "contrast, oriented as the paper says", NULL};
    c4_html_open(html, "h2", "id", "claims", NULL);
    c4_html_text(html, "Claims");
    c4_html_close(html, "h2");
    write_counts(html, &p->claims);
    c4_html_element(
        html, "p", "soft",
        "Each contrast is taken within a seed, so that randomness shared by its conditions "
        "cancels. A claim holds if the 95 %% paired t interval lies above 0 and its mean is at "
        "least 0.01 (one point of accuracy), and fails if the interval lies below 0.01; if it has "
        "several layers, all must hold. Bounds hold if the interval lies inside them. Seeds counts "
        "the seeds on the claim's side. p is two-sided and Holm-adjusted over the whole table; "
        "verdicts do not depend on it. They use the paper's biased estimator. A claim that fails "
        "is a finding.");
    c4_report_table(html, "claims", columns);
    for (int i = 0; i < p->claims.count; i++) write_claim(html, &p->claims.claim[i]);
    c4_report_table_end(html);
}

void c4_report_settings(struct c4_html *html, const struct c4_publication *p) {
    const char *columns[C4_SETTINGS_MAX + 2] = {"claim"};
    int count = 1;
    for (int usual = 1; usual >= 0; usual--)
        for (int i = 0; i < p->setting_count; i++)
            if (p->settings[i].in_report && p->settings[i].is_usual == (usual == 1))
                columns[count++] = p->settings[i].label;
    c4_html_element(html, "h3", NULL, "Verdicts under other settings");
    c4_html_element(
        html, "p", "soft",
        "Each column differs from the report in one setting: block order, batch-norm "
        "statistics in evaluation, estimator, or the number n of images for CKA. Values "
        "before the last epoch exist only under the report's setting, and both block orders "
        "only if both were run. All combinations are in report.json. ✓ holds, ✗ fails, "
        "? undecided, – not judged.");
    c4_report_table(html, NULL, columns);
    for (int c = 0; c < p->claims.count; c++) {
        if (!p->claims.claim[c].is_cka) continue;
        c4_html_open(html, "tr", NULL);
        c4_html_element(html, "td", NULL, "%s", p->claims.claim[c].id);
        for (int usual = 1; usual >= 0; usual--)
            for (int i = 0; i < p->setting_count; i++) {
                const struct c4_setting_verdicts *column = &p->settings[i];
                if (!column->in_report || column->is_usual != (usual == 1)) continue;
                c4_html_open(html, "td", NULL);
                c4_html_open(html, "span", "class", c4_verdict_classes[column->verdict[c]], "title",
                             c4_verdict_names[column->verdict[c]], NULL);
                c4_html_text(html, "%s", c4_verdict_sign(column->verdict[c]));
                c4_html_close(html, "span");
                c4_html_close(html, "td");
            }
        c4_html_close(html, "tr");
    }
    c4_report_table_end(html);
}
