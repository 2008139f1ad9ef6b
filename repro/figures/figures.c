#include "repro/figures/figures.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/file/file.h"
#include "core/op/names.h"
#include "repro/figures/authors.h"
#include "repro/results/suspects.h"

void c4_figure_result_free(struct c4_figure_result *result) {
    c4_curves_free(&result->curves);
    free(result->tick);
    c4_text_free(&result->mark);
    c4_text_free(&result->failure);
    for (int i = 0; i < result->notes; i++) c4_text_free(&result->note[i]);
    free(result->note);
}

enum c4_status c4_figure_tick(struct c4_figure_result *result, const char *name) {
    void *grown = c4_array_reserve(result->tick, sizeof *result->tick, (size_t)result->ticks + 1,
                                   &result->tick_capacity);
    if (!grown) return c4_fail(C4_ERR_MEMORY, "out of memory for a figure's axis");
    result->tick = grown;
    snprintf(result->tick[result->ticks++], sizeof *result->tick, "%s", name);
    return C4_OK;
}

bool c4_figure_is_numbered(const struct c4_study_figure *figure) {
    return figure->id[0] >= '0' && figure->id[0] <= '9';
}

bool c4_figure_draws(const struct c4_study *study, const struct c4_study_figure *figure,
                     const struct c4_rows_run *run) {
    for (int i = 0; i < figure->runs.count; i++) {
        uint32_t size;
        const struct c4_family *family = c4_study_family(study, figure->runs.name[i], &size);
        if (family && family - study->family == run->section && (size == 0 || size == run->images))
            return true;
    }
    return false;
}

static bool is_cost(const struct c4_study_figure *figure) {
    return figure->kind == C4_FIGURE_COST_THROUGHPUT || figure->kind == C4_FIGURE_COST_CKA ||
           figure->kind == C4_FIGURE_COST_PHASES || figure->kind == C4_FIGURE_COST_RUNS;
}

/* A further note below the figure, to be written by c4_text_add(). */
static enum c4_status new_note(struct c4_figure_result *result, struct c4_text **note) {
    struct c4_text *grown = c4_array_reserve(result->note, sizeof *grown, (size_t)result->notes + 1,
                                             &result->note_capacity);
    if (!grown) return c4_fail(C4_ERR_MEMORY, "out of memory for a figure's notes");
    result->note = grown;
    *note = &grown[result->notes++];
    **note = (struct c4_text){0};
    return C4_OK;
}

__attribute__((format(printf, 2, 3))) static enum c4_status
add_note(struct c4_figure_result *result, const char *format, ...) {
    struct c4_text *note = NULL;
    va_list arguments;
    C4_TRY(new_note(result, &note));
    va_start(arguments, format);
    enum c4_status status = c4_text_add_list(note, format, arguments);
    va_end(arguments);
    return status;
}

/* The run kinds that a figure draws. */
struct phases {
    bool pretrain, sizes, tunes;
    bool on[C4_SETS_MAX]; /* fine-tuning on the set */
};

static struct phases phases_of(const struct c4_study *study, const struct c4_curves *curves) {
    struct phases p = {0};
    for (int i = 0; i < curves->count; i++) {
        const struct c4_family *family = c4_study_family(study, curves->curve[i].family, NULL);
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

/* Marks synthetic or substituted data and suspect rows. */
static enum c4_status write_mark(const struct c4_figures_input *input, const struct phases *phases,
                                 struct c4_figure_result *result) {
    struct c4_text *mark = &result->mark;
    if (input->synthetic) C4_TRY(c4_text_add_word(mark, "; ", "synthetic data"));
    for (int i = 0; i < c4_set_count; i++)
        if (input->set[i].substitute && draws_set(result->figure, phases, i))
            C4_TRY(c4_text_add_word(mark, "; ", c4_sets[i].tuning.substitute));
    return result->suspect ? c4_text_add_word(mark, "; ", "suspect rows") : C4_OK;
}

/* ", digits: SVHN" for each fine-tuning set except the pre-training set. */
static enum c4_status list_tuned(const struct c4_figures_input *input, const struct phases *phases,
                                 struct c4_text *text) {
    int pretraining = c4_study_pretraining(input->source.study);
    for (int i = 0; i < c4_set_count; i++)
        if (i != pretraining && phases->on[i])
            C4_TRY(c4_text_add(text, ", %s: %s", c4_sets[i].tuning.images, input->set[i].title));
    return C4_OK;
}

static enum c4_status note_runs(const struct c4_figures_input *input, const struct phases *phases,
                                struct c4_figure_result *result) {
    const struct c4_scale *scale = input->source.scale;
    const char *data = input->set[c4_study_pretraining(input->source.study)].title;
    struct c4_text *note = NULL;
    C4_TRY(new_note(result, &note));
    C4_TRY(c4_text_add(note, "Seeds "));
    C4_TRY(c4_seeds_show(&scale->seeds, note));
    C4_TRY(c4_text_add(note, "; scale %s.", scale->name));
    if (phases->pretrain || phases->tunes)
        C4_TRY(c4_text_add(note,
                           " Pre-trained on the first %" PRIu32
                           " training images of %s for %" PRIu32 " epochs.",
                           scale->pretrain_images, data, scale->pretrain_epochs));
    if (phases->sizes)
        C4_TRY(c4_text_add(note, " Trained on the first k images for %" PRIu32 " epochs.",
                           scale->size_epochs));
    if (!phases->tunes) return C4_OK;
    C4_TRY(c4_text_add(note, " Fine-tuned (or trained from scratch) on %" PRIu32 " images",
                       scale->finetune_images));
    C4_TRY(list_tuned(input, phases, note));
    return c4_text_add(note, " for %" PRIu32 " epochs.", scale->finetune_epochs);
}

static enum c4_status note_cka(const struct c4_figures_input *input,
                               struct c4_figure_result *result) {
    const struct c4_protocol *protocol = &input->source.study->protocol;
    C4_TRY(add_note(result,
                    "Linear CKA, %s, over %" PRId64 " images, evaluated in batches of %" PRIu32
                    " with %s statistics; block order %s.",
                    result->debiased ? "debiased" : "biased as in the paper", result->curves.n,
                    protocol->batch, c4_statistics_names[protocol->statistics],
                    c4_order_names[protocol->order]));
    if (!result->curves.has_other) return C4_OK;
    return add_note(result,
                    "Dotted: the same network compared with another seed's initial network%s.",
                    result->figure->kind == C4_FIGURE_LAYERS_OVER_EPOCHS
                        ? "; at epoch 0 that is the null line, two random networks"
                        : "");
}

static enum c4_status write_notes(const struct c4_figures_input *input, const struct phases *phases,
                                  struct c4_figure_result *result) {
    if (is_cost(result->figure))
        return add_note(result, "Times depend on the machine and its load; results do not.");
    C4_TRY(note_runs(input, phases, result));
    if (result->suspect) C4_TRY(add_note(result, "Suspect: %s.", c4_suspects_reason));
    if (result->curves.n) C4_TRY(note_cka(input, result));
    if (result->figure->kind == C4_FIGURE_SIZES_AT_STEPS)
        C4_TRY(add_note(result, "Each size after as many steps as the smallest takes in total; "
                                "sizes whose first epoch is longer are left out."));
    if (result->figure->kind == C4_FIGURE_SIZES_AT_ACCURACY)
        C4_TRY(add_note(result, "Each size at the point where it first reaches the lowest final "
                                "training accuracy of all sizes."));
    const char *more = result->figure->authors_note;
    if (!result->published) return C4_OK;
    return add_note(result,
                    "Published: the authors' run exports (T. Goerttler, 2024), 150 epochs%s%s%s, "
                    "5 seeds.",
                    more[0] ? " (" : "", more, more[0] ? ")" : "");
}

/* A figure with series, names on its axis and notes that are kept by others. */
static enum c4_status write_parts(const struct c4_figures_input *input,
                                  struct c4_figure_result *result, const char *title,
                                  const char **ticks, const char **notes) {
    const struct c4_study_figure *described = result->figure;
    struct c4_series series[C4_CURVES_MAX];
    char folder[C4_STORE_PATH_SIZE];
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
    for (int i = 0; i < result->notes; i++) notes[i] = c4_text_string(&result->note[i]);
    bool epochs = described->kind == C4_FIGURE_LAYERS_OVER_EPOCHS ||
                  described->kind == C4_FIGURE_GAP_OVER_EPOCHS;
    bool by_name = /* runs or phases, not layers */
        result->ticks > 0 && described->kind != C4_FIGURE_COST_CKA && is_cost(described);
    const struct c4_curve *first = &result->curves.curve[0];
    const struct c4_figure figure = {.id = result->id,
                                     .title = title,
                                     .x_label = described->x_label,
                                     .y_label = described->y_label,
                                     .mark =
                                         result->mark.length ? c4_text_string(&result->mark) : NULL,
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

static enum c4_status write_figure(const struct c4_figures_input *input,
                                   struct c4_figure_result *result) {
    struct c4_text title = {0};
    const char **texts = calloc((size_t)(result->ticks + result->notes) + 1, sizeof *texts);
    enum c4_status status = texts ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory for a figure");
    if (status == C4_OK)
        status = c4_text_add(&title, "%s%s", result->figure->title,
                             result->debiased ? ", debiased" : "");
    if (status == C4_OK)
        status = write_parts(input, result, c4_text_string(&title), texts, texts + result->ticks);
    free(texts);
    c4_text_free(&title);
    return status;
}

enum c4_status c4_figures_make(const struct c4_figures_input *input,
                               const struct c4_study_figure *figure, bool debiased,
                               struct c4_figure_result *result) {
    *result = (struct c4_figure_result){.figure = figure, .debiased = debiased, .shown = ".csv"};
    snprintf(result->id, sizeof result->id, "%s%s%s", c4_figure_is_numbered(figure) ? "fig" : "",
             figure->id, debiased ? "-debiased" : "");
    if (is_cost(figure)) {
        C4_TRY(c4_cost_curves(input, result));
    } else {
        input->source.rows->suspect = false;
        C4_TRY(c4_curves_make(&input->source, figure, debiased, &result->curves));
        result->suspect = input->source.rows->suspect;
    }
    result->empty = !c4_curves_have_values(&result->curves);
    if (result->empty) return C4_OK;
    for (int i = 0; i < C4_LAYERS && result->curves.layered; i++)
        C4_TRY(c4_figure_tick(result, c4_layer_name[i]));
    if (!debiased && !is_cost(figure)) {
        int before = result->curves.count;
        C4_TRY(c4_authors_add(&input->source, figure, &result->curves));
        result->published = result->curves.count > before;
    }
    struct phases phases = phases_of(input->source.study, &result->curves);
    C4_TRY(write_mark(input, &phases, result));
    C4_TRY(write_notes(input, &phases, result));
    return write_figure(input, result);
}

/* A gnuplot takes as long to start as to draw one or two figures: it is not started for fewer. */
enum { FIGURES_PER_GNUPLOT = 8 };

/* The figures that are to be drawn. */
struct drawn {
    int count;
    int *index; /* of its result */
    const char **id;
    struct c4_figure_files *files;
};

static enum c4_status drawn_of(struct c4_figure_result *results, int count, struct drawn *drawn) {
    *drawn = (struct drawn){.index = malloc((size_t)count * sizeof *drawn->index + 1),
                            .id = malloc((size_t)count * sizeof *drawn->id + 1),
                            .files = malloc((size_t)count * sizeof *drawn->files + 1)};
    if (!drawn->index || !drawn->id || !drawn->files)
        return c4_fail(C4_ERR_MEMORY, "out of memory for drawing figures");
    for (int i = 0; i < count; i++) {
        if (results[i].empty || results[i].status != C4_OK) continue;
        drawn->index[drawn->count] = i;
        drawn->id[drawn->count++] = results[i].id;
    }
    return C4_OK;
}

static void free_drawn(struct drawn *drawn) {
    free(drawn->index);
    free(drawn->id);
    free(drawn->files);
}

/* Figures [from, end) by one gnuplot. If that fails, by one for each: a faulty figure costs no
 * other one its pictures. */
static void draw_some(const char *folder, struct c4_figure_result *results, struct drawn *drawn,
                      int from, int end) {
    struct c4_figure_files *files = drawn->files;
    bool alone =
        c4_figure_draw_together(drawn->id + from, end - from, folder, files + from) != C4_OK;
    for (int i = from; i < end; i++) {
        struct c4_figure_result *result = &results[drawn->index[i]];
        if (alone) c4_figure_result_status(result, c4_figure_draw(result->id, folder, &files[i]));
        if (result->status != C4_OK) continue;
        result->files = files[i];
        result->shown = files[i].png   ? ".png"
                        : files[i].svg ? ".svg"
                        : files[i].pdf ? ".pdf"
                                       : ".csv";
    }
}

void c4_figures_draw(const char *study, struct c4_figure_result *results, int count, int at_once) {
    char folder[C4_STORE_PATH_SIZE];
    struct drawn drawn;
    enum c4_status status = drawn_of(results, count, &drawn);
    if (status == C4_OK) status = c4_path_join(folder, sizeof folder, study, "figures");
    for (int i = 0; i < count && status != C4_OK; i++)
        if (!results[i].empty && results[i].status == C4_OK)
            c4_figure_result_status(&results[i], status);
    int parts = (drawn.count + FIGURES_PER_GNUPLOT - 1) / FIGURES_PER_GNUPLOT;
    if (parts > at_once) parts = at_once;
    if (status == C4_OK && parts > 0) {
#pragma omp parallel for num_threads(parts) schedule(dynamic)
        for (int i = 0; i < parts; i++)
            draw_some(folder, results, &drawn, drawn.count * i / parts,
                      drawn.count * (i + 1) / parts);
    }
    free_drawn(&drawn);
}

void c4_figure_result_status(struct c4_figure_result *result, enum c4_status status) {
    result->status = status;
    /* c4_error() is that of this thread. Without memory for a copy, the status has to do. */
    if (status != C4_OK) c4_text_set(&result->failure, c4_error());
}
