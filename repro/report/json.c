/* report.json: the report for programs. */
#include <math.h>

#include "core/file/json.h"
#include "core/op/names.h"
#include "repro/report/publish.h"
#include "repro/results/phases.h"

/* A value for which memory ran out is NULL, and so is whatever would hold it. */
static json_t *estimate(const struct c4_estimate *d) {
    return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o}", "seeds", d->n, "mean", c4_json_real(d->mean),
                     "standard_error", c4_json_real(d->standard_error), "low", c4_json_real(d->low),
                     "high", c4_json_real(d->high), "p", c4_json_real(d->p));
}

static json_t *claim_object(const struct c4_claim *claim) {
    json_t *parts = json_array();
    for (int i = 0; i < claim->parts; i++) {
        const struct c4_claim_part *part = &claim->part[i];
        c4_json_append(
            &parts, json_pack("{s:o, s:s, s:b, s:i, s:o, s:o}", "where", c4_json_text(part->label),
                              "verdict", c4_verdict_names[part->verdict], "judged",
                              (int)part->judged, "seeds_in_favour", part->in_favour, "contrast",
                              estimate(&part->d), "p_holm", c4_json_real(part->p_holm)));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:s, s:s, s:b, s:b, s:o, s:o}", "id",
                     c4_json_text(claim->id), "figure", c4_json_text(claim->figure), "says",
                     c4_json_text(claim->says), "statistic", c4_json_text(claim->statistic),
                     "verdict", c4_verdict_names[claim->verdict], "verdict_debiased",
                     c4_verdict_names[claim->debiased], "estimator_dependent",
                     (int)claim->estimator_dependent, "suspect", (int)claim->suspect, "reason",
                     c4_json_text(claim->reason), "parts", parts);
}

static json_t *reals(const double *values, int count) {
    json_t *array = json_array();
    for (int i = 0; i < count; i++) c4_json_append(&array, c4_json_real(values[i]));
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
            c4_json_append(&seeds, reals(curve->values + s * curve->points, curve->points));
        c4_json_append(&curves,
                       json_pack("{s:o, s:o, s:s, s:i, s:o, s:o, s:o, s:o}", "label",
                                 c4_json_text(curve->label), "family", c4_json_text(curve->family),
                                 "kind", kinds[curve->kind], "like", curve->like - 1, "x",
                                 reals(curve->x, curve->points), "mean",
                                 reals(curve->mean, curve->points), "standard_error",
                                 reals(curve->standard_error, curve->points), "by_seed", seeds));
    }
    bool made = !result->empty && result->status == C4_OK;
    const bool there[] = {made, made, result->files.svg, result->files.png, result->files.pdf};
    static const char *const suffix[] = {"csv", "gp", "svg", "png", "pdf"};
    _Static_assert(sizeof there / sizeof *there == 5 && sizeof suffix / sizeof *suffix == 5,
                   "the loop covers both");
    for (int i = 0; i < 5; i++)
        if (there[i]) c4_json_append(&files, json_sprintf("figures/%s.%s", result->id, suffix[i]));
    for (int i = 0; i < result->notes; i++)
        c4_json_append(&notes, c4_json_text(c4_text_string(&result->note[i])));
    return json_pack("{s:s, s:o, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:o}", "id", result->id,
                     "title", c4_json_text(result->figure->title), "debiased",
                     (int)result->debiased, "empty", (int)result->empty, "suspect",
                     (int)result->suspect, "mark", c4_json_text(c4_text_string(&result->mark)),
                     "failure", c4_json_text(c4_text_string(&result->failure)), "notes", notes,
                     "files", files, "curves", curves);
}

static json_t *settings_array(const struct c4_publication *p) {
    json_t *array = json_array();
    for (int i = 0; i < p->setting_count; i++) {
        const struct c4_setting_verdicts *column = &p->settings[i];
        json_t *verdicts = json_object();
        for (int c = 0; c < p->claims.count; c++)
            c4_json_set(&verdicts, p->claims.claim[c].id,
                        json_string(c4_verdict_names[column->verdict[c]]));
        c4_json_append(&array, json_pack("{s:s, s:s, s:b, s:I, s:o}", "order",
                                         c4_order_names[column->setting.order], "statistics",
                                         column->setting.statistics, "debiased",
                                         (int)column->setting.debiased, "n",
                                         (json_int_t)column->setting.n, "verdicts", verdicts));
    }
    return array;
}

static json_t *fields(const struct c4_field *field, const void *object) {
    json_t *values = json_object();
    struct c4_text value = {0};
    for (; field->key; field++) {
        enum c4_status status = c4_field_write(field, object, &value);
        c4_json_set(&values, field->key,
                    status == C4_OK ? c4_json_text(c4_text_string(&value)) : NULL);
    }
    c4_text_free(&value);
    return values;
}

static json_t *origins_array(const struct c4_publication *p) {
    json_t *array = json_array();
    for (int i = 0; i < p->origins.count; i++) {
        const struct c4_origin *o = &p->origins.origin[i];
        c4_json_append(&array,
                       json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:b, s:b}", "data",
                                 c4_json_text(o->data), "data_sha256", c4_json_text(o->data_sha256),
                                 "evaluation", c4_json_text(o->evaluation), "evaluation_sha256",
                                 c4_json_text(o->evaluation_sha256), "code_version",
                                 c4_json_text(o->code_version), "backend", c4_json_text(o->backend),
                                 "arithmetic", o->arithmetic, "synthetic", (int)o->synthetic,
                                 "substitute", (int)o->substitute));
    }
    return array;
}

static json_t *places_array(const struct c4_publication *p) {
    json_t *array = json_array();
    for (int i = 0; i < p->places.count; i++) {
        const struct c4_place_sum *place = &p->places.place[i];
        c4_json_append(&array,
                       json_pack("{s:o, s:o, s:i, s:i, s:o}", "host", c4_json_text(place->host),
                                 "place", c4_json_text(place->place), "threads", place->threads,
                                 "runs", place->runs, "seconds", c4_json_real(place->seconds)));
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
            json_pack("{s:o, s:o, s:o, s:o, s:o}", "phase", c4_json_text(sums[i].name),
                      "seconds_per_image", c4_json_real(sums[i].seconds / sums[i].images),
                      "images_per_s", c4_json_real(sums[i].images / sums[i].seconds),
                      "flops_nominal_per_image", c4_json_real(sums[i].flops / sums[i].images),
                      "bytes_per_image", c4_json_real(sums[i].bytes / sums[i].images)));
    return array;
}

static json_t *versions_array(const struct c4_publication *p) {
    json_t *array = json_array();
    for (int i = 0; i < p->versions; i++)
        c4_json_append(&array, json_pack("{s:I, s:i}", "version", (json_int_t)p->version[i].version,
                                         "runs", p->version[i].runs));
    return array;
}

json_t *c4_publication_json(const struct c4_publication *p) {
    json_t *claims = json_array(), *figures = json_array(), *warnings = json_array();
    json_t *seeds = json_array();
    for (int i = 0; i < p->claims.count; i++)
        c4_json_append(&claims, claim_object(&p->claims.claim[i]));
    for (int i = 0; i < p->figures; i++) c4_json_append(&figures, figure_object(&p->figure[i]));
    for (int i = 0; i < p->warnings; i++)
        c4_json_append(&warnings, c4_json_text(c4_text_string(&p->warning[i])));
    for (int s = 0; s < p->scale->seeds.count; s++)
        c4_json_append(&seeds, json_integer((json_int_t)p->scale->seeds.seed[s]));
    json_t *object = json_pack(
        "{s:s, s:i, s:o, s:o, s:b, s:b, s:b, s:I, s:o, s:{s:i, s:i, s:i}, s:o, s:o, s:o, s:o, "
        "s:o, s:o, s:o, s:o, s:o, s:O}",
        "conv4", C4_VERSION, "arithmetic", C4_ARITHMETIC, "scale", c4_json_text(p->scale->name),
        "seeds", seeds, "synthetic", (int)p->synthetic, "substitute", (int)p->substitute,
        "unofficial", (int)p->unofficial, "suspect_rows", (json_int_t)p->suspects.rows,
        "similarity_versions", versions_array(p), "runs", "all", p->runs.all, "done", p->runs.done,
        "failed", p->runs.failed, "warnings", warnings, "claims", claims, "settings",
        settings_array(p), "figures", figures, "places", places_array(p), "phases", phases_array(p),
        "origins", origins_array(p), "protocol", fields(c4_protocol_fields, &p->study->protocol),
        "scale_values", fields(c4_scale_fields, p->scale), "environment", p->environment);
    if (!object) c4_fail(C4_ERR_MEMORY, "out of memory for report.json");
    return object;
}
