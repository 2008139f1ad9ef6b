#include "repro/figures/figures.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/file.h"
#include "core/op/names.h"
#include "repro/figures/authors.h"
#include "repro/results/suspects.h"

void c4_figure_result_free(struct c4_figure_result *result) {
    c4_curves_free(&result->curves);
}

static bool is_cost(const struct c4_study_figure *figure) {
    return figure->kind == C4_FIGURE_COST_THROUGHPUT || figure->kind == C4_FIGURE_COST_CKA ||
           figure->kind == C4_FIGURE_COST_PHASES || figure->kind == C4_FIGURE_COST_RUNS;
}

/* Returns space for the next note; excess notes overwrite the last one. */
static char *next_note(struct c4_figure_result *result) {
    if (result->notes < C4_FIGURE_NOTES) result->notes++;
    return result->note[result->notes - 1];
}

#define add_note(result, ...) snprintf(next_note(result), C4_FIGURE_NOTE_BYTES, __VA_ARGS__)

/* The run kinds that a figure draws. */
struct phases {
    bool pretrain, sizes, tunes;
    bool on[C4_SETS_MAX]; /* fine-tuning on the set */
};

static struct phases phases_of(const struct c4_study *study, const struct c4_curves *curves) {
    struct phases p = {0};
    for (int i = 0; i < curves->count; i++) {
        const struct c4_family *family = c4_study_family(study, curves->curve[i].family);
        if (curves->curve[i].kind != C4_SERIES_MEASURED || !family) continue;
        p.pretrain = p.pretrain || family->kind == C4_KIND_PRETRAIN;
        p.sizes = p.sizes || family->kind == C4_KIND_SIZE;
        if (family->kind == C4_KIND_PRETRAIN || family->kind == C4_KIND_SIZE) continue;
        p.tunes = p.on[family->data] = true;
    }
    return p;
}

static bool draws_set(const struct c4_study_figure *figure, const struct phases *phases, int set) {
    struct c4_image_set images;
    return phases->on[set] || (figure->images && c4_image_set_at(figure->images - 1, &images) &&
                               images.heldout && images.set == set);
}

static void add_mark(struct c4_figure_result *result, const char *words) {
    size_t used = strlen(result->mark);
    snprintf(result->mark + used, sizeof result->mark - used, "%s%s", used ? "; " : "", words);
}

/* Marks synthetic or substituted data and suspect rows. */
static void write_mark(const struct c4_figures_input *input, const struct phases *phases,
                       struct c4_figure_result *result) {
    if (input->synthetic) add_mark(result, "synthetic data");
    for (int i = 0; i < c4_set_count; i++)
        if (input->set[i].substitute && draws_set(result->figure, phases, i))
            add_mark(result, c4_sets[i].tuning.substitute);
    if (result->suspect) add_mark(result, "suspect rows");
}

/* ", digits: SVHN" for each fine-tuning set except the pre-training set. */
static void list_tuned(const struct c4_figures_input *input, const struct phases *phases,
                       char *text, size_t size) {
    int pretraining = c4_study_pretraining(input->source.study);
    text[0] = '\0';
    for (int i = 0; i < c4_set_count; i++) {
        size_t used = strlen(text);
        if (i != pretraining && phases->on[i])
            snprintf(text + used, size - used, ", %s: %s", c4_sets[i].tuning.images,
                     input->set[i].title);
    }
}

static void note_runs(const struct c4_figures_input *input, const struct phases *phases,
                      struct c4_figure_result *result) {
    const struct c4_scale *scale = input->source.scale;
    const char *data = input->set[c4_study_pretraining(input->source.study)].title;
    char seeds[128], pretrain[160] = "", sizes[96] = "", tunes[320] = "", tuned[192];
    c4_field_write(c4_field_find(c4_scale_fields, "seeds"), scale, seeds, sizeof seeds);
    if (phases->pretrain || phases->tunes)
        snprintf(pretrain, sizeof pretrain,
                 " Pre-trained on the first %" PRIu32 " training images of %s for %" PRIu32
                 " epochs.",
                 scale->pretrain_images, data, scale->pretrain_epochs);
    if (phases->sizes)
        snprintf(sizes, sizeof sizes, " Trained on the first k images for %" PRIu32 " epochs.",
                 scale->size_epochs);
    list_tuned(input, phases, tuned, sizeof tuned);
    if (phases->tunes)
        snprintf(tunes, sizeof tunes,
                 " Fine-tuned (or trained from scratch) on %" PRIu32 " images%s for %" PRIu32
                 " epochs.",
                 scale->finetune_images, tuned, scale->finetune_epochs);
    add_note(result, "Seeds %s; scale %s.%s%s%s", seeds, scale->name, pretrain, sizes, tunes);
}

static void note_cka(const struct c4_figures_input *input, struct c4_figure_result *result) {
    const struct c4_protocol *protocol = &input->source.study->protocol;
    add_note(result,
             "Linear CKA, %s, over %" PRId64 " images, evaluated in batches of %" PRIu32
             " with %s statistics; block order %s.",
             result->debiased ? "debiased" : "biased as in the paper", result->curves.n,
             protocol->batch, c4_statistics_names[protocol->statistics],
             c4_order_names[protocol->order]);
    if (result->curves.has_other)
        add_note(result, "Dotted: the same network compared with another seed's initial network%s.",
                 result->figure->kind == C4_FIGURE_LAYERS_OVER_EPOCHS
                     ? "; at epoch 0 that is the null line, two random networks"
                     : "");
}

static void write_notes(const struct c4_figures_input *input, const struct phases *phases,
                        struct c4_figure_result *result) {
    if (is_cost(result->figure)) {
        add_note(result, "Times depend on the machine and its load; results do not.");
        return;
    }
    note_runs(input, phases, result);
    if (result->suspect) add_note(result, "Suspect: %s.", c4_suspects_reason);
    if (result->curves.n) note_cka(input, result);
    if (result->figure->kind == C4_FIGURE_SIZES_AT_STEPS)
        add_note(result,
                 "Each size after as many steps as the smallest takes in total; sizes whose "
                 "first epoch is longer are left out.");
    if (result->figure->kind == C4_FIGURE_SIZES_AT_ACCURACY)
        add_note(result, "Each size at the point where it first reaches the lowest final training "
                         "accuracy of all sizes.");
    const char *more = result->figure->authors_note;
    if (result->published)
        add_note(result,
                 "Published: the authors' run exports (T. Goerttler, 2024), 150 epochs%s%s%s, "
                 "5 seeds.",
                 more[0] ? " (" : "", more, more[0] ? ")" : "");
}

static enum c4_status write_figure(const struct c4_figures_input *input,
                                   struct c4_figure_result *result) {
    const struct c4_study_figure *described = result->figure;
    struct c4_series series[C4_CURVES_MAX];
    const char *ticks[C4_CURVES_MAX], *notes[C4_FIGURE_NOTES];
    char folder[C4_STORE_PATH_SIZE], title[160];
    for (int i = 0; i < result->curves.count; i++) {
        const struct c4_curve *curve = &result->curves.curve[i];
        bool single = curve->kind == C4_SERIES_MEASURED;
        series[i] = (struct c4_series){.label = curve->label,
                                       .kind = curve->kind,
                                       .points = curve->points,
                                       .x = curve->x,
                                       .mean = curve->mean,
                                       .standard_error = curve->standard_error,
                                       .n = curve->n,
                                       .seed_values = single ? curve->values : NULL,
                                       .unlisted = curve->like > 0,
                                       .like = curve->like};
    }
    for (int i = 0; i < result->ticks; i++) ticks[i] = result->tick[i];
    for (int i = 0; i < result->notes; i++) notes[i] = result->note[i];
    snprintf(title, sizeof title, "%s%s", described->title, result->debiased ? ", debiased" : "");
    bool epochs = described->kind == C4_FIGURE_LAYERS_OVER_EPOCHS ||
                  described->kind == C4_FIGURE_GAP_OVER_EPOCHS;
    bool by_name = /* runs or phases, not layers */
        result->ticks > 0 && described->kind != C4_FIGURE_COST_CKA && is_cost(described);
    const struct c4_curve *first = &result->curves.curve[0];
    const struct c4_figure figure = {.id = result->id,
                                     .title = title,
                                     .x_label = described->x_label,
                                     .y_label = described->y_label,
                                     .mark = result->mark[0] ? result->mark : NULL,
                                     .width_inches = described->width,
                                     .height_inches = described->height,
                                     .x_range = {0, epochs ? first->x[first->points - 1] : 0},
                                     .y_range = {described->y_low, described->y_high},
                                     .series_count = result->curves.count,
                                     .series = series,
                                     .seeds = result->curves.seeds,
                                     .seed = input->source.scale->seeds.seed,
                                     .ticks = result->ticks,
                                     .tick = ticks,
                                     .slanted_ticks = by_name,
                                     .apart = by_name,
                                     .notes = result->notes,
                                     .note = notes,
                                     .plain = input->plain};
    C4_TRY(c4_path_join(folder, sizeof folder, input->folder, "figures"));
    C4_TRY(c4_dir_make_inside(input->folder, "figures"));
    C4_TRY(c4_path_join(result->stem, sizeof result->stem, folder, result->id));
    return c4_figure_write_data(&figure, folder);
}

enum c4_status c4_figures_make(const struct c4_figures_input *input,
                               const struct c4_study_figure *figure, bool debiased,
                               struct c4_figure_result *result) {
    *result = (struct c4_figure_result){.figure = figure, .debiased = debiased, .shown = ".csv"};
    bool numbered = figure->id[0] >= '0' && figure->id[0] <= '9';
    snprintf(result->id, sizeof result->id, "%s%s%s", numbered ? "fig" : "", figure->id,
             debiased ? "-debiased" : "");
    if (is_cost(figure)) {
        C4_TRY(c4_cost_curves(input, result));
    } else {
        input->source.rows->suspect = false;
        C4_TRY(c4_curves_make(&input->source, figure, debiased, &result->curves));
        result->suspect = input->source.rows->suspect;
    }
    result->empty = !c4_curves_have_values(&result->curves);
    if (result->empty) return C4_OK;
    if (result->curves.layered) {
        result->ticks = C4_LAYERS;
        for (int i = 0; i < C4_LAYERS; i++)
            snprintf(result->tick[i], sizeof result->tick[i], "%s", c4_layer_name[i]);
    }
    if (!debiased && !is_cost(figure)) {
        int before = result->curves.count;
        C4_TRY(c4_authors_add(&input->source, figure, &result->curves));
        result->published = result->curves.count > before;
    }
    struct phases phases = phases_of(input->source.study, &result->curves);
    write_mark(input, &phases, result);
    write_notes(input, &phases, result);
    return write_figure(input, result);
}

static enum c4_status draw_one(const char *folder, struct c4_figure_result *result) {
    C4_TRY(c4_figure_draw(result->id, folder, &result->files));
    result->shown = result->files.png   ? ".png"
                    : result->files.svg ? ".svg"
                    : result->files.pdf ? ".pdf"
                                        : ".csv";
    return C4_OK;
}

enum c4_status c4_figures_draw(const char *study, struct c4_figure_result *results, int count,
                               int at_once) {
    char folder[C4_STORE_PATH_SIZE], sentence[1024] = "";
    enum c4_status status = C4_OK;
    C4_TRY(c4_path_join(folder, sizeof folder, study, "figures"));
#pragma omp parallel for num_threads(at_once) schedule(dynamic)
    for (int i = 0; i < count; i++) {
        enum c4_status one = results[i].empty ? C4_OK : draw_one(folder, &results[i]);
        if (one == C4_OK) continue;
            /* c4_error() is per thread. */
#pragma omp critical(c4_figures_failure)
        {
            if (status == C4_OK) {
                snprintf(sentence, sizeof sentence, "%s", c4_error());
                status = one;
            }
        }
    }
    return status == C4_OK ? C4_OK : c4_fail(status, "%s", sentence);
}
