/* Draws figures from rows: FOLDER/figures/fig<id>.csv|gp|svg|png|pdf, <id>.* for controls and
 * costs. */
#ifndef C4_REPRO_FIGURES_FIGURES_H
#define C4_REPRO_FIGURES_FIGURES_H

#include "repro/figures/curves.h"
#include "repro/results/study_reader.h"
#include "repro/store/store.h"

/* How a data set's images are described. */
struct c4_shown_set {
    char title[64];  /* of the set, or of its stand-in */
    bool substitute; /* real images, but not the official ones for fine-tuning */
};

/* Input of all figures of a study. */
struct c4_figures_input {
    struct c4_curves_source source;
    const char *folder;             /* of the study */
    bool synthetic;                 /* some rows come from synthetic images */
    const struct c4_shown_set *set; /* [C4_SETS_MAX], by the index in c4_sets */
    const struct c4_cost_sum *costs;
    int cost_count;
    bool plain; /* no notes in the pictures; results still have them */
};

struct c4_figure_result {
    const struct c4_study_figure *figure;
    char id[40]; /* of the files: "fig3a", "fig3a-debiased", "null" */
    bool debiased;
    bool empty;             /* no rows: nothing was written */
    enum c4_status status;  /* of making and drawing it; else nothing below is of use */
    struct c4_text failure; /* its sentence */
    bool published;
    bool suspect; /* drawn from rows that may be wrong (repro/results/suspects.h) */
    struct c4_figure_files files;
    char stem[C4_STORE_PATH_SIZE]; /* path of the files without suffix */
    const char *shown;             /* suffix of the preferred picture; ".csv" if there is none */
    struct c4_curves curves;
    int ticks; /* > 0: x is an index into tick */
    char (*tick)[C4_FAMILY_NAME_SIZE];
    size_t tick_capacity;
    struct c4_text mark; /* after the title: synthetic or substituted data, suspect rows; or "" */
    int notes;
    struct c4_text *note; /* sentences below the figure */
    size_t note_capacity;
};

/* Writes the table and script of one figure from the rows there are; missing rows are gaps. Errors
 * as for c4_figure_write_data() and the rows. Release with c4_figure_result_free(), also on
 * failure. */
enum c4_status c4_figures_make(const struct c4_figures_input *input,
                               const struct c4_study_figure *figure, bool debiased,
                               struct c4_figure_result *result);

/* Draws the pictures of all results that are made and not empty, on at most `at_once` (>= 1) cores;
 * `study` is the study's folder. A failure is that figure's. */
void c4_figures_draw(const char *study, struct c4_figure_result *results, int count, int at_once);

/* Keeps the status and, of a failure, this thread's sentence as the figure's. */
void c4_figure_result_status(struct c4_figure_result *result, enum c4_status status);

void c4_figure_result_free(struct c4_figure_result *result);

/* For cost.c: appends a name on the x axis. C4_ERR_MEMORY. */
enum c4_status c4_figure_tick(struct c4_figure_result *result, const char *name);

/* Whether the figure has a number, as the paper's have: its id begins with a digit. */
bool c4_figure_is_numbered(const struct c4_study_figure *figure);

/* Whether the figure draws the run. */
bool c4_figure_draws(const struct c4_study *study, const struct c4_study_figure *figure,
                     const struct c4_rows_run *run);

/* For figures.c: the curves and ticks of a cost figure. */
enum c4_status c4_cost_curves(const struct c4_figures_input *input,
                              struct c4_figure_result *result);

#endif
