#include "repro/repro_summary.h"

#include <math.h>

#include "core/cli/progress.h"
#include "core/file/json.h"

static void write_cell(FILE *out, const struct c4_layer_summary *layer) {
    if (isnan(layer->mean))
        fprintf(out, "  %-15s", "-");
    else if (isnan(layer->standard_error))
        fprintf(out, "  %6.3f         ", layer->mean);
    else
        fprintf(out, "  %6.3f +- %.3f", layer->mean, layer->standard_error);
}

static void write_table(const struct c4_figure_result *result, uint32_t epochs, FILE *out) {
    fprintf(out, "\nFigure %s: CKA to the initialisation after epoch %u%s\n", result->figure->id,
            epochs, result->synthetic ? " (synthetic data)" : "");
    fprintf(out, "layer   biased           debiased         seeds\n");
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        fprintf(out, "%-6s", c4_layer_name[layer]);
        write_cell(out, &result->biased[layer]);
        write_cell(out, &result->debiased[layer]);
        fprintf(out, "  %d\n", result->biased[layer].n);
    }
    fprintf(out, "pool1 > pool2 > pool3 > pool4 > logits: %s in this run.\n",
            result->falls ? "holds" : "does not hold");
}

enum c4_status c4_repro_summary_text(const struct c4_repro_summary *summary, FILE *out) {
    char duration[32];
    c4_progress_duration(duration, sizeof duration, (uint64_t)(summary->seconds * 1e9));
    for (int f = 0; f < summary->figures; f++)
        write_table(&summary->result[f], summary->scale->pretrain_epochs, out);
    if (summary->images_per_s > 0)
        fprintf(out, "Time %s; training at %.0f images/s.\n", duration, summary->images_per_s);
    for (int f = 0; f < summary->figures; f++)
        if (summary->result[f].files.note[0]) fprintf(out, "%s\n", summary->result[f].files.note);
    for (int f = summary->figures; f-- > 0;)
        fprintf(out, "%s%s\n", summary->result[f].stem, summary->result[f].shown);
    return C4_OK;
}

static json_t *estimate(const struct c4_layer_summary *layer) {
    return json_pack("{s:o, s:o, s:i}", "mean", c4_json_real(layer->mean), "standard_error",
                     c4_json_real(layer->standard_error), "seeds", layer->n);
}

static json_t *figure_object(const struct c4_figure_result *result) {
    json_t *files = json_object(), *layers = json_array();
    const struct {
        const char *suffix;
        bool drawn;
    } kinds[] = {{"csv", true},
                 {"gp", true},
                 {"svg", result->files.svg},
                 {"png", result->files.png},
                 {"pdf", result->files.pdf}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].drawn)
            json_object_set_new(files, kinds[i].suffix,
                                json_sprintf("%s.%s", result->stem, kinds[i].suffix));
    for (int layer = 0; layer < C4_LAYERS; layer++)
        json_array_append_new(layers, json_pack("{s:s, s:o, s:o}", "layer", c4_layer_name[layer],
                                                "biased", estimate(&result->biased[layer]),
                                                "debiased", estimate(&result->debiased[layer])));
    return json_pack("{s:s, s:s, s:o, s:o, s:b, s:b, s:s}", "id", result->figure->id, "title",
                     result->figure->title, "files", files, "layers", layers, "order_holds",
                     (int)result->falls, "synthetic", (int)result->synthetic, "note",
                     result->files.note);
}

enum c4_status c4_repro_summary_json(const struct c4_repro_summary *summary, FILE *out) {
    json_t *seeds = json_array(), *figures = json_array();
    for (int s = 0; s < summary->scale->seeds.count; s++)
        json_array_append_new(seeds, json_integer((json_int_t)summary->scale->seeds.seed[s]));
    for (int f = 0; f < summary->figures; f++)
        json_array_append_new(figures, figure_object(&summary->result[f]));
    json_t *object = json_pack(
        "{s:s, s:i, s:s, s:s, s:o, s:I, s:I, s:s, s:s, s:b, s:s, s:i, s:i, s:i, s:o, s:o, s:o}",
        "conv4", C4_VERSION, "arithmetic", C4_ARITHMETIC, "folder", summary->folder, "scale",
        summary->scale->name, "seeds", seeds, "images", (json_int_t)summary->scale->pretrain_images,
        "epochs", (json_int_t)summary->scale->pretrain_epochs, "data", summary->training->name,
        "data_sha256", summary->training->sha256, "synthetic",
        summary->training->synthetic || summary->evaluation->synthetic, "backend", summary->backend,
        "threads", summary->threads, "places", summary->places, "runs", summary->runs, "seconds",
        c4_json_real(summary->seconds), "images_per_s",
        c4_json_real(summary->images_per_s > 0 ? summary->images_per_s : NAN), "figures", figures);
    if (!object) return c4_fail(C4_ERR_MEMORY, "out of memory for the summary");
    json_dumpf(object, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(object);
    return C4_OK;
}
