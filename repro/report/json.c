/* report.json: the report for programs. */
#include <math.h>

#include "core/file/json.h"
#include "core/op/names.h"
#include "repro/report/publish.h"
#include "repro/results/phases.h"

/* Values that cannot be made (NULL) are left out of arrays and make an enclosing json_pack() NULL;
 * c4_publication_json() reports only a NULL of its own. */
static json_t *estimate(const struct c4_estimate *d) {
    return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o}", "seeds", d->n, "mean", c4_json_real(d->mean),
                     "standard_error", c4_json_real(d->standard_error), "low", c4_json_real(d->low),
                     "high", c4_json_real(d->high), "p", c4_json_real(d->p));
}

static json_t *claim_object(const struct c4_claim *claim) {
    json_t *parts = json_array();
    for (int i = 0; i < claim->parts; i++) {
        const struct c4_claim_part *part = &claim->part[i];
        json_array_append_new(
            parts, json_pack("{s:s, s:s, s:b, s:i, s:o, s:o}", "where", part->label, "verdict",
                             c4_verdict_names[part->verdict], "judged", (int)part->judged,
                             "seeds_in_favour", part->in_favour, "contrast", estimate(&part->d),
                             "p_holm", c4_json_real(part->p_holm)));
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:s, s:o}", "id", claim->id,
                     "figure", claim->figure, "says", claim->says, "statistic", claim->statistic,
                     "verdict", c4_verdict_names[claim->verdict], "verdict_debiased",
                     c4_verdict_names[claim->debiased], "estimator_dependent",
                     (int)claim->estimator_dependent, "suspect", (int)claim->suspect, "reason",
                     claim->reason, "parts", parts);
}

static json_t *reals(const double *values, int count) {
    json_t *array = json_array();
    for (int i = 0; i < count; i++) json_array_append_new(array, c4_json_real(values[i]));
    return array;
}

static json_t *figure_object(const struct c4_figure_result *result) {
    json_t *curves = json_array(), *files = json_array(), *notes = json_array();
    static const char *const kinds[] = {"measured", "baseline", "published"};
    _Static_assert(sizeof kinds / sizeof *kinds == C4_SERIES_PUBLISHED + 1, "a name for each kind");
    for (int i = 0; i < result->curves.count; i++) {
        const struct c4_curve *curve = &result->curves.curve[i];
        json_t *seeds = json_array();
        for (int s = 0; s < result->curves.seeds && curve->kind != C4_SERIES_PUBLISHED; s++)
            json_array_append_new(seeds, reals(curve->values + s * curve->points, curve->points));
        json_array_append_new(
            curves, json_pack("{s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:o}", "label", curve->label,
                              "family", curve->family, "kind", kinds[curve->kind], "like",
                              curve->like - 1, "x", reals(curve->x, curve->points), "mean",
                              reals(curve->mean, curve->points), "standard_error",
                              reals(curve->standard_error, curve->points), "by_seed", seeds));
    }
    bool made = !result->empty && result->status == C4_OK;
    const bool there[] = {made, made, result->files.svg, result->files.png, result->files.pdf};
    static const char *const suffix[] = {"csv", "gp", "svg", "png", "pdf"};
    _Static_assert(sizeof there / sizeof *there == 5 && sizeof suffix / sizeof *suffix == 5,
                   "the loop covers both");
    for (int i = 0; i < 5; i++)
        if (there[i])
            json_array_append_new(files, json_sprintf("figures/%s.%s", result->id, suffix[i]));
    for (int i = 0; i < result->notes; i++)
        json_array_append_new(notes, c4_json_text(c4_text_string(&result->note[i])));
    return json_pack("{s:s, s:o, s:b, s:b, s:b, s:s, s:s, s:o, s:o, s:o}", "id", result->id,
                     "title", c4_json_text(result->figure->title), "debiased",
                     (int)result->debiased, "empty", (int)result->empty, "suspect",
                     (int)result->suspect, "mark", c4_text_string(&result->mark), "failure",
                     c4_text_string(&result->failure), "notes", notes, "files", files, "curves",
                     curves);
}

static json_t *settings_array(const struct c4_publication *p) {
    json_t *array = json_array();
    for (int i = 0; i < p->setting_count; i++) {
        const struct c4_setting_verdicts *column = &p->settings[i];
        json_t *verdicts = json_object();
        for (int c = 0; c < p->claims.count; c++)
            json_object_set_new(verdicts, p->claims.claim[c].id,
                                json_string(c4_verdict_names[column->verdict[c]]));
        json_array_append_new(
            array, json_pack("{s:s, s:s, s:b, s:I, s:o}", "order",
                             c4_order_names[column->setting.order], "statistics",
                             column->setting.statistics, "debiased", (int)column->setting.debiased,
                             "n", (json_int_t)column->setting.n, "verdicts", verdicts));
    }
    return array;
}

static json_t *fields(const struct c4_field *field, const void *object) {
    json_t *values = json_object();
    struct c4_text value = {0};
    for (; field->key; field++)
        if (c4_field_write(field, object, &value) == C4_OK)
            json_object_set_new(values, field->key, c4_json_text(c4_text_string(&value)));
    c4_text_free(&value);
    return values;
}

static json_t *origins_array(const struct c4_publication *p) {
    json_t *array = json_array();
    for (int i = 0; i < p->origins.count; i++) {
        const struct c4_origin *o = &p->origins.origin[i];
        json_array_append_new(
            array, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:b, s:b}", "data", o->data,
                             "data_sha256", o->data_sha256, "evaluation", o->evaluation,
                             "evaluation_sha256", o->evaluation_sha256, "code_version",
                             o->code_version, "backend", o->backend, "arithmetic", o->arithmetic,
                             "synthetic", (int)o->synthetic, "substitute", (int)o->substitute));
    }
    return array;
}

static json_t *places_array(const struct c4_publication *p) {
    json_t *array = json_array();
    for (int i = 0; i < p->places.count; i++) {
        const struct c4_place_sum *place = &p->places.place[i];
        json_array_append_new(array, json_pack("{s:o, s:s, s:i, s:i, s:o}", "host",
                                               c4_json_text(place->host), "place", place->place,
                                               "threads", place->threads, "runs", place->runs,
                                               "seconds", c4_json_real(place->seconds)));
    }
    return array;
}

static json_t *phases_array(const struct c4_publication *p) {
    json_t *array = json_array();
    struct c4_phase_sum sums[C4_PHASES_MAX];
    int count =
        c4_phase_sums(p->costs, p->cost_count, &p->rows, p->study->protocol.order, NULL, sums);
    for (int i = 0; i < count; i++)
        json_array_append_new(
            array,
            json_pack("{s:s, s:o, s:o, s:o, s:o}", "phase", sums[i].name, "seconds_per_image",
                      c4_json_real(sums[i].seconds / sums[i].images), "images_per_s",
                      c4_json_real(sums[i].images / sums[i].seconds), "flops_nominal_per_image",
                      c4_json_real(sums[i].flops / sums[i].images), "bytes_per_image",
                      c4_json_real(sums[i].bytes / sums[i].images)));
    return array;
}

json_t *c4_publication_json(const struct c4_publication *p) {
    json_t *claims = json_array(), *figures = json_array(), *warnings = json_array();
    json_t *seeds = json_array();
    for (int i = 0; i < p->claims.count; i++)
        json_array_append_new(claims, claim_object(&p->claims.claim[i]));
    for (int i = 0; i < p->figures; i++)
        json_array_append_new(figures, figure_object(&p->figure[i]));
    for (int i = 0; i < p->warnings; i++)
        json_array_append_new(warnings, c4_json_text(c4_text_string(&p->warning[i])));
    for (int s = 0; s < p->scale->seeds.count; s++)
        json_array_append_new(seeds, json_integer((json_int_t)p->scale->seeds.seed[s]));
    json_t *object =
        json_pack("{s:s, s:i, s:s, s:o, s:b, s:b, s:b, s:I, s:{s:i, s:i, s:i}, s:o, s:o, s:o, s:o, "
                  "s:o, s:o, s:o, "
                  "s:o, "
                  "s:o, s:O}",
                  "conv4", C4_VERSION, "arithmetic", C4_ARITHMETIC, "scale", p->scale->name,
                  "seeds", seeds, "synthetic", (int)p->synthetic, "substitute", (int)p->substitute,
                  "unofficial", (int)p->unofficial, "suspect_rows", (json_int_t)p->suspects.rows,
                  "runs", "all", p->runs.all, "done", p->runs.done, "failed", p->runs.failed,
                  "warnings", warnings, "claims", claims, "settings", settings_array(p), "figures",
                  figures, "places", places_array(p), "phases", phases_array(p), "origins",
                  origins_array(p), "protocol", fields(c4_protocol_fields, &p->study->protocol),
                  "scale_values", fields(c4_scale_fields, p->scale), "environment", p->environment);
    if (!object) c4_fail(C4_ERR_MEMORY, "out of memory for report.json");
    return object;
}
