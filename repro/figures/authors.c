#include "repro/figures/authors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char c4_embed_results_reference_authors_2024_csv[];

enum { CELLS = 5, CELL_BYTES = 40, POINTS_MAX = 64 };

/* Reads the first cells of a line and returns the rest of the text, or NULL at the end. The table
 * has no quoted cells. */
static const char *next_line(const char *text, char cell[CELLS][CELL_BYTES]) {
    if (*text == '\0') return NULL;
    for (int i = 0; i < CELLS; i++) {
        size_t length = strcspn(text, ",\n");
        snprintf(cell[i], CELL_BYTES, "%.*s", (int)length, text);
        text += length + (text[length] == ',');
    }
    text += strcspn(text, "\n");
    return text + (*text == '\n');
}

static double number(const char *cell) {
    return *cell ? strtod(cell, NULL) : (double)NAN;
}

bool c4_authors_level(const struct c4_study *study, const char *figure, const char *family,
                      const char *x, double *mean, double *standard_error) {
    char cell[CELLS][CELL_BYTES];
    const char *text = c4_embed_results_reference_authors_2024_csv;
    while ((text = next_line(text, cell)))
        if (strcmp(cell[0], figure) == 0 && strcmp(cell[2], x) == 0 &&
            c4_study_is_published_as(study, family, cell[1])) {
            *mean = number(cell[3]);
            *standard_error = number(cell[4]);
            return true;
        }
    *mean = *standard_error = (double)NAN;
    return false;
}

/* Whether the block order is that of the authors' code; unknown, and false, if the protocol has no
 * name. */
static bool is_same_network(const struct c4_study *study) {
    return study->authors.name[0] && study->protocol.order == study->authors.order;
}

static bool draws_sizes(const struct c4_study *study, const struct c4_study_figure *figure) {
    for (int i = 0; i < figure->runs.count; i++) {
        const struct c4_family *family = c4_study_family(study, figure->runs.name[i], NULL);
        if (family && family->kind == C4_KIND_SIZE) return true;
    }
    return false;
}

bool c4_authors_comparable(const struct c4_curves_source *source,
                           const struct c4_study_figure *figure) {
    const struct c4_protocol *protocol = &source->study->protocol;
    const struct c4_protocol *authors = &source->study->authors;
    bool is_cka = c4_rows_is_similarity(c4_quantity_names[figure->quantity]);
    uint32_t wanted = figure->curve_images ? authors->curve_images : authors->cka_images;
    uint32_t images = figure->curve_images ? protocol->curve_images : protocol->cka_images;
    if (!figure->authors || !is_same_network(source->study) ||
        protocol->statistics != authors->statistics)
        return false;
    if (is_cka && images != wanted) return false;
    if (draws_sizes(source->study, figure)) return protocol->size_labels == authors->size_labels;
    int set = c4_study_pretraining(source->study);
    return source->scale->pretrain_images >= c4_sets[set].files.images[C4_TRAIN];
}

bool c4_authors_have_table(const struct c4_study *study, const struct c4_study_figure *figure) {
    return figure->authors_table && is_same_network(study) &&
           study->protocol.cka_images == study->authors.cka_images;
}

/* x coordinate of a level; NaN if its curve is not drawn or ends before it. */
static double place(const struct c4_study *study, const struct c4_curves *curves,
                    const char *series, const char *x) {
    for (int i = 0; i < curves->count; i++) {
        const struct c4_curve *curve = &curves->curve[i];
        if (!c4_study_is_published_as(study, curve->family, series) &&
            strcmp(series, curve->label) != 0)
            continue;
        for (int layer = 0; curves->layered && layer < C4_LAYERS; layer++)
            if (strcmp(x, c4_layer_name[layer]) == 0) return layer;
        double epoch = number(x);
        if (!curves->layered && epoch <= curve->x[curve->points - 1]) return epoch;
    }
    return (double)NAN;
}

enum c4_status c4_authors_add(const struct c4_curves_source *source,
                              const struct c4_study_figure *figure, struct c4_curves *curves) {
    char cell[CELLS][CELL_BYTES];
    double x[POINTS_MAX], mean[POINTS_MAX], error[POINTS_MAX];
    int points = 0;
    if (!c4_authors_comparable(source, figure)) return C4_OK;
    const char *text = c4_embed_results_reference_authors_2024_csv;
    while ((text = next_line(text, cell))) {
        if (strcmp(cell[0], figure->id) != 0) continue;
        if (points == POINTS_MAX)
            return c4_fail(C4_ERR_FAILED, "more than %d levels are published of it", POINTS_MAX);
        x[points] = place(source->study, curves, cell[1], cell[2]);
        mean[points] = number(cell[3]);
        error[points] = number(cell[4]);
        points += !isnan(x[points]);
    }
    if (points == 0) return C4_OK;
    struct c4_curve *curve;
    C4_TRY(c4_curve_add(curves, "published", points, &curve));
    curve->kind = C4_SERIES_PUBLISHED;
    for (int p = 0; p < points; p++) {
        curve->x[p] = x[p];
        curve->mean[p] = mean[p];
        curve->standard_error[p] = error[p];
        curve->n[p] = 5;
    }
    return C4_OK;
}
