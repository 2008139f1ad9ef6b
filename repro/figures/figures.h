/* From rows to figures: FOLDER/figures/fig<id>.csv|gp|svg|png|pdf, <id>.* for controls and costs.
 */
#ifndef C4_REPRO_FIGURES_FIGURES_H
#define C4_REPRO_FIGURES_FIGURES_H

#include "repro/figures/curves.h"
#include "repro/results/rows_store.h"
#include "repro/store/store.h"

enum { C4_FIGURE_NOTES = 6, C4_FIGURE_NOTE_BYTES = 768 };

/* What a data set's images were. */
struct c4_shown_set {
    char title[64];  /* the set's own, or of what stands in for it */
    bool substitute; /* real images, but others stand in for those of fine-tuning */
};

/* What all figures of a study are drawn from. */
struct c4_figures_input {
    struct c4_curves_source source;
    const char *folder;             /* of the study */
    bool synthetic;                 /* some rows came from made-up images */
    const struct c4_shown_set *set; /* [C4_SETS_MAX], by the index in c4_sets */
    const struct c4_cost_sum *costs;
    int cost_count;
    bool plain; /* pictures without notes, which the results have all the same */
};

struct c4_figure_result {
    const struct c4_study_figure *figure;
    char id[40]; /* of the files: "fig3a", "fig3a-debiased", "null" */
    bool debiased;
    bool empty; /* there are no rows for it: nothing was written */
    bool published;
    bool suspect; /* drawn from rows that may be wrong (repro/results/suspects.h) */
    struct c4_figure_files files;
    char stem[C4_STORE_PATH_SIZE]; /* path of the files without ".png" and so on */
    const char *shown;             /* suffix of the picture to look at; ".csv" if there is none */
    struct c4_curves curves;
    int ticks; /* > 0: x counts these */
    char tick[C4_CURVES_MAX][C4_FAMILY_NAME_SIZE];
    char mark[96]; /* behind the title: what is not the real thing, or not right; "" */
    int notes;
    char note[C4_FIGURE_NOTES][C4_FIGURE_NOTE_BYTES];
};

/* Table and script of one figure from what there is; missing rows are gaps. Errors as
 * c4_figure_write(). Release with c4_figure_result_free(), also on failure. */
enum c4_status c4_figures_make(const struct c4_figures_input *input,
                               const struct c4_study_figure *figure, bool debiased,
                               struct c4_figure_result *result);

/* Pictures of the figures that were made for the study in this folder, `at_once` (>= 1) of them at
 * the same time. The first failure's sentence; the others are drawn. */
enum c4_status c4_figures_draw(const char *study, struct c4_figure_result *results, int count,
                               int at_once);
void c4_figure_result_free(struct c4_figure_result *result);

/* For figures.c: the curves of the cost figures, and the families that x counts. */
enum c4_status c4_cost_curves(const struct c4_figures_input *input,
                              struct c4_figure_result *result);

#endif
