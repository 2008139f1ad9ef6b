#include "repro/commands/summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/progress.h"
#include "core/file/json.h"

/* The last point of one layer's curve. */
struct last {
    double mean, standard_error;
    int n;
};

static struct last last_of(const struct c4_figure_result *result, int layer) {
    const struct c4_curve *curve = &result->curves.curve[layer];
    int last = curve->points - 1;
    return (struct last){curve->mean[last], curve->standard_error[last], curve->n[last]};
}

/* The debiased version of a figure that is part of the summary; else NULL. */
static const struct c4_figure_result *debiased_of(const struct c4_publication *p, int i) {
    const struct c4_figure_result *result = &p->figure[i];
    bool suits = result->figure->summary && !result->debiased && i + 1 < p->figures &&
                 result->status == C4_OK && p->figure[i + 1].figure == result->figure;
    if (!suits || result->curves.count < C4_LAYERS || p->figure[i + 1].curves.count < C4_LAYERS)
        return NULL;
    return &p->figure[i + 1];
}

static bool falls(const struct c4_figure_result *result) {
    for (int layer = 1; layer < C4_LAYERS; layer++)
        if (!(last_of(result, layer - 1).mean > last_of(result, layer).mean)) return false;
    return true;
}

static void write_cell(FILE *out, struct last last) {
    if (isnan(last.mean))
        fprintf(out, "  %-15s", "-");
    else if (isnan(last.standard_error))
        fprintf(out, "  %6.3f         ", last.mean);
    else
        fprintf(out, "  %6.3f +- %.3f", last.mean, last.standard_error);
}

static void write_table(const struct c4_figure_result *result,
                        const struct c4_figure_result *debiased, FILE *out) {
    const struct c4_curve *first = &result->curves.curve[0];
    fprintf(out, "\nFigure %s: %s after epoch %.0f%s%s%s\n", result->figure->id,
            result->figure->y_label, first->x[first->points - 1], result->mark.length ? " (" : "",
            c4_text_string(&result->mark), result->mark.length ? ")" : "");
    fprintf(out, "layer   biased           debiased         seeds\n");
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        fprintf(out, "%-6s", c4_layer_name[layer]);
        write_cell(out, last_of(result, layer));
        write_cell(out, last_of(debiased, layer));
        fprintf(out, "  %d\n", last_of(result, layer).n);
    }
    fprintf(out, "pool1 > pool2 > pool3 > pool4 > logits: %s in this run.\n",
            falls(result) ? "holds" : "does not hold");
}

enum c4_status c4_repro_summary_text(const struct c4_repro_summary *summary, FILE *out) {
    const struct c4_publication *p = summary->publication;
    char duration[32];
    c4_progress_duration(duration, sizeof duration, (uint64_t)(summary->seconds * 1e9));
    for (int i = 0; i < p->figures; i++) {
        const struct c4_figure_result *debiased = debiased_of(p, i);
        if (debiased) write_table(&p->figure[i], debiased, out);
    }
    if (summary->images_per_s > 0)
        fprintf(out, "Time %s; training at %.0f images/s.\n", duration, summary->images_per_s);
    c4_publication_text(p, out);
    return C4_OK;
}

static json_t *estimate(struct last last) {
    return json_pack("{s:o, s:o, s:i}", "mean", c4_json_real(last.mean), "standard_error",
                     c4_json_real(last.standard_error), "seeds", last.n);
}

/* STEM.SUFFIX. A folder's name may hold any bytes. */
static json_t *file_name(const char *stem, const char *suffix) {
    struct c4_text name = {0};
    json_t *value = NULL;
    if (c4_text_add(&name, "%s.%s", stem, suffix) == C4_OK)
        value = c4_json_text(c4_text_string(&name));
    c4_text_free(&name);
    return value;
}

static json_t *figure_object(const struct c4_publication *p, int i) {
    const struct c4_figure_result *result = &p->figure[i], *debiased = debiased_of(p, i);
    json_t *files = json_object(), *layers = json_array();
    const struct {
        const char *suffix;
        bool drawn;
    } kinds[] = {{"csv", !result->empty},
                 {"gp", !result->empty},
                 {"svg", result->files.svg},
                 {"png", result->files.png},
                 {"pdf", result->files.pdf}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (kinds[k].drawn)
            c4_json_set(&files, kinds[k].suffix, file_name(result->stem, kinds[k].suffix));
    for (int layer = 0; debiased && layer < C4_LAYERS; layer++)
        c4_json_append(&layers, json_pack("{s:s, s:o, s:o}", "layer", c4_layer_name[layer],
                                          "biased", estimate(last_of(result, layer)), "debiased",
                                          estimate(last_of(debiased, layer))));
    json_t *object = json_pack("{s:s, s:o, s:o, s:o, s:o}", "id", result->id, "title",
                               c4_json_text(result->figure->title), "files", files, "mark",
                               c4_json_text(c4_text_string(&result->mark)), "note",
                               c4_json_text(result->files.note));
    if (debiased) {
        c4_json_set(&object, "layers", layers);
        c4_json_set(&object, "order_holds", json_boolean(falls(result)));
    } else {
        json_decref(layers);
    }
    return object;
}

enum c4_status c4_repro_summary_json(const struct c4_repro_summary *summary, FILE *out) {
    const struct c4_publication *p = summary->publication;
    const struct c4_scale *scale = p->scale;
    c4_json_begin();
    json_t *seeds = json_array(), *figures = json_array(), *claims = json_object();
    for (int s = 0; s < scale->seeds.count; s++)
        c4_json_append(&seeds, json_integer((json_int_t)scale->seeds.seed[s]));
    for (int i = 0; i < p->figures; i++) c4_json_append(&figures, figure_object(p, i));
    for (int i = 0; i < p->claims.count; i++)
        c4_json_set(&claims, p->claims.claim[i].id,
                    json_string(c4_verdict_names[p->claims.claim[i].verdict]));
    json_t *object = json_pack(
        "{s:s, s:i, s:b, s:o, s:o, s:o, s:I, s:I, s:o, s:s, s:b, s:b, s:s, s:i, s:i, s:i, "
        "s:o, s:o, s:o, s:o, s:o}",
        "conv4", C4_VERSION, "arithmetic", C4_ARITHMETIC, "finished", (int)summary->finished,
        "folder", c4_json_text(p->folder), "scale", c4_json_text(scale->name), "seeds", seeds,
        "images", (json_int_t)scale->pretrain_images, "epochs", (json_int_t)scale->pretrain_epochs,
        "data", c4_json_text(summary->training->name), "data_sha256", summary->training->sha256,
        "synthetic", summary->training->synthetic || summary->evaluation->synthetic, "unofficial",
        (int)p->unofficial, "backend", summary->backend, "threads", summary->threads, "places",
        summary->places, "runs", summary->runs, "seconds", c4_json_real(summary->seconds),
        "images_per_s",
        c4_json_real(summary->images_per_s > 0 ? summary->images_per_s : (double)NAN), "report",
        c4_json_text(p->report), "claims", claims, "figures", figures);
    return c4_json_print(out, object, "the summary");
}
