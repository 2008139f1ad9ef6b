/* Levels published by the paper's authors, from results/reference/authors-2024.csv, which is
 * embedded in the program. Source: T. Goerttler, run exports of "Unveiling the Dynamics of Transfer
 * Learning Representations" (2024), https://github.com/ThomasGoerttler/
 * Unveiling-the-Dynamics-of-Transfer-Learning-Representations-Code */
#ifndef C4_REPRO_FIGURES_AUTHORS_H
#define C4_REPRO_FIGURES_AUTHORS_H

#include <stdbool.h>

#include "repro/figures/curves.h"

/* The level of a family of the study, whatever it calls it, in a figure at x (an epoch, a layer, or
 * the name of an accuracy). False and NaN if there is none. */
bool c4_authors_level(const struct c4_study *study, const char *figure, const char *family,
                      const char *x, double *mean, double *standard_error);

/* Adds the published levels to a figure's curves as one series, where they are comparable: block
 * order, statistics and number of images for CKA are those of the authors' protocol, and
 * pre-training uses the whole training set or, if the figure draws training sizes, that protocol's
 * labels. Otherwise the curves are unchanged. C4_ERR_MEMORY: out of memory, or too many curves. */
enum c4_status c4_authors_add(const struct c4_curves_source *source,
                              const struct c4_study_figure *figure, struct c4_curves *curves);

/* Whether the published levels are comparable with that figure. */
bool c4_authors_comparable(const struct c4_curves_source *source,
                           const struct c4_study_figure *figure);

/* Whether the report shows the levels in a table below that figure: block order and number of
 * images for CKA are the authors'. */
bool c4_authors_have_table(const struct c4_study *study, const struct c4_study_figure *figure);

#endif
