#include "repro/figures.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/file.h"
#include "core/report/summary.h"
#include "repro/engine.h"

/* Everything that the curves of one figure point to, in one block. */
struct table {
    int seeds, points;
    double *x;
    double *values[C4_LAYERS]; /* [seeds][points] */
    double *mean[C4_LAYERS], *standard_error[C4_LAYERS];
    int *n[C4_LAYERS];
};

static enum c4_status table_init(struct table *table, int seeds, int points) {
    size_t p = (size_t)points, s = (size_t)seeds;
    *table = (struct table){.seeds = seeds, .points = points};
    double *block = malloc((p + C4_LAYERS * (s * p + 2 * p)) * sizeof *block);
    int *counts = malloc(C4_LAYERS * p * sizeof *counts);
    if (!block || !counts) {
        free(block);
        free(counts);
        return c4_fail(C4_ERR_MEMORY, "out of memory for the curves of a figure");
    }
    table->x = block;
    block += p;
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        table->values[layer] = block;
        table->mean[layer] = block + s * p;
        table->standard_error[layer] = table->mean[layer] + p;
        table->n[layer] = counts + (size_t)layer * p;
        block = table->standard_error[layer] + p;
    }
    for (int i = 0; i < points; i++) table->x[i] = i;
    return C4_OK;
}

static void table_free(struct table *table) {
    free(table->x);
    free(table->n[0]);
}

/* Fills the table with one quantity of a family's runs. */
static enum c4_status table_read(struct table *table, struct c4_store *store,
                                 const struct c4_study *study, const struct c4_scale *scale,
                                 const char *family, const char *quantity, const char *reference,
                                 bool *synthetic) {
    for (int s = 0; s < table->seeds; s++) {
        struct c4_run run;
        if (!c4_run_describe(study, scale, family, scale->seeds.seed[s], &run)) continue;
        for (int layer = 0; layer < C4_LAYERS; layer++) {
            double *values = table->values[layer] + (size_t)s * (size_t)table->points;
            bool made_up;
            const struct c4_store_key key = {.run = run.key,
                                             .quantity = quantity,
                                             .layer = c4_layer_name[layer],
                                             .reference = reference,
                                             .images = c4_image_set_names[C4_IMAGES_CIFAR10_TEST],
                                             .statistics =
                                                 c4_engine_statistics[study->protocol.statistics],
                                             .n = study->protocol.curve_images};
            C4_TRY(c4_store_series(store, &key, run.epochs, values, &made_up));
            *synthetic = *synthetic || made_up;
        }
    }
    for (int layer = 0; layer < C4_LAYERS; layer++)
        c4_summary(table->values[layer], table->seeds, table->points, table->mean[layer],
                   table->standard_error[layer], table->n[layer]);
    return C4_OK;
}

static void last_epoch(const struct table *table, struct c4_layer_summary layers[C4_LAYERS]) {
    int last = table->points - 1;
    for (int layer = 0; layer < C4_LAYERS; layer++)
        layers[layer] = (struct c4_layer_summary){
            table->mean[layer][last], table->standard_error[layer][last], table->n[layer][last]};
}

/* The two sentences under the figure. */
struct notes {
    char text[2][320];
    const char *pointer[2];
};

static void write_notes(struct notes *notes, const struct c4_study *study,
                        const struct c4_scale *scale, const char *data) {
    const struct c4_protocol *protocol = &study->protocol;
    char seeds[128];
    c4_field_write(c4_field_find(c4_scale_fields, "seeds"), scale, seeds, sizeof seeds);
    snprintf(notes->text[0], sizeof notes->text[0],
             "Seeds %s; scale %s: %s, first %" PRIu32 " images, %" PRIu32 " epochs.", seeds,
             scale->name, data, scale->pretrain_images, scale->pretrain_epochs);
    snprintf(notes->text[1], sizeof notes->text[1],
             "Linear CKA over the first %" PRIu32 " test images, in batches of %" PRIu32
             " with %s statistics; block order %s.",
             protocol->curve_images, protocol->batch,
             protocol->statistics == C4_BN_BATCH ? "batch" : "running",
             protocol->order == C4_BN_RELU ? "bn-relu" : "relu-bn");
    for (int i = 0; i < 2; i++) notes->pointer[i] = notes->text[i];
}

static enum c4_status write_layers(const struct table *table, const struct c4_study *study,
                                   const struct c4_scale *scale, const char *data,
                                   const char *folder, struct c4_figure_result *result) {
    const struct c4_study_figure *described = result->figure;
    struct c4_series series[C4_LAYERS];
    struct notes notes;
    char id[32], figures[C4_STORE_PATH_SIZE];
    write_notes(&notes, study, scale, data);
    for (int layer = 0; layer < C4_LAYERS; layer++)
        series[layer] = (struct c4_series){.label = c4_layer_name[layer],
                                           .kind = C4_SERIES_MEASURED,
                                           .points = table->points,
                                           .x = table->x,
                                           .mean = table->mean[layer],
                                           .standard_error = table->standard_error[layer],
                                           .n = table->n[layer],
                                           .seed_values = table->values[layer]};
    snprintf(id, sizeof id, "fig%s", described->id);
    const struct c4_figure figure = {.id = id,
                                     .title = described->title,
                                     .x_label = described->x_label,
                                     .y_label = described->y_label,
                                     .mark = result->synthetic ? "synthetic data" : NULL,
                                     .width_inches = described->width,
                                     .height_inches = described->height,
                                     .x_range = {0, table->points - 1},
                                     .y_range = {described->y_low, described->y_high},
                                     .series_count = C4_LAYERS,
                                     .series = series,
                                     .seeds = table->seeds,
                                     .seed = scale->seeds.seed,
                                     .notes = 2,
                                     .note = notes.pointer};
    C4_TRY(c4_path_join(figures, sizeof figures, folder, "figures"));
    C4_TRY(c4_dir_make(figures));
    C4_TRY(c4_path_join(result->stem, sizeof result->stem, figures, id));
    C4_TRY(c4_figure_write(&figure, figures, &result->files));
    result->shown = result->files.png   ? ".png"
                    : result->files.svg ? ".svg"
                    : result->files.pdf ? ".pdf"
                                        : ".csv";
    return C4_OK;
}

enum c4_status c4_figures_draw(struct c4_store *store, const char *folder,
                               const struct c4_study *study, const struct c4_scale *scale,
                               const struct c4_study_figure *figure, const char *data,
                               struct c4_figure_result *result) {
    const char *family = figure->runs.name[0];
    const char *reference = figure->references.count ? figure->references.name[0] : "";
    *result = (struct c4_figure_result){.figure = figure, .falls = true};
    struct table table;
    C4_TRY(table_init(&table, scale->seeds.count, (int)scale->pretrain_epochs + 1));
    enum c4_status status = C4_OK;
    /* The drawn quantity last, so that it is what stays in the table. */
    for (int pass = 0; pass < 2 && status == C4_OK; pass++) {
        bool biased = (figure->quantity == C4_QUANTITY_CKA_BIASED) == (pass == 1);
        status = table_read(&table, store, study, scale, family,
                            biased ? "cka_biased" : "cka_debiased", reference, &result->synthetic);
        if (status == C4_OK) last_epoch(&table, biased ? result->biased : result->debiased);
    }
    if (status == C4_OK) {
        const struct c4_layer_summary *drawn =
            figure->quantity == C4_QUANTITY_CKA_BIASED ? result->biased : result->debiased;
        for (int layer = 1; layer < C4_LAYERS; layer++)
            result->falls = result->falls && drawn[layer - 1].mean > drawn[layer].mean;
        status = write_layers(&table, study, scale, data, folder, result);
    }
    table_free(&table);
    return status;
}
