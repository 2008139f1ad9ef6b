/* From rows to figures: FOLDER/figures/fig<id>.csv|gp|svg|png|pdf. */
#ifndef C4_REPRO_FIGURES_H
#define C4_REPRO_FIGURES_H

#include "core/op/conv4.h"
#include "core/report/figure.h"
#include "repro/schedule.h"
#include "repro/store.h"

/* A layer after the last epoch, over seeds. */
struct c4_layer_summary {
    double mean, standard_error; /* NaN: no row, or less than two seeds */
    int n;                       /* seeds */
};

struct c4_figure_result {
    const struct c4_study_figure *figure;
    struct c4_figure_files files;
    char stem[C4_STORE_PATH_SIZE]; /* path of the files without ".png" and so on */
    const char *shown;             /* suffix of the picture to look at; ".csv" if there is none */
    bool synthetic;
    struct c4_layer_summary biased[C4_LAYERS], debiased[C4_LAYERS];
    bool falls; /* the means of the drawn quantity fall from each layer to the next */
};

/* Draws one figure from what the store holds for the scale's seeds; missing rows are gaps. `data`
 * names the images in the notes. Errors as c4_figure_write(). */
enum c4_status c4_figures_draw(struct c4_store *store, const char *folder,
                               const struct c4_study *study, const struct c4_scale *scale,
                               const struct c4_study_figure *figure, const char *data,
                               struct c4_figure_result *result);

#endif
