/* Only for parse.c and study.c: defaults for keys and sections that a study's file omits. */
#ifndef C4_REPRO_STUDY_DEFAULTS_H
#define C4_REPRO_STUDY_DEFAULTS_H

#include "repro/study/study.h"

/* Fills in `debiased` and `summary` as described at c4_study_parse(). C4_ERR_USAGE: a figure sets
 * one of them, but its kind or quantity does not allow it; `name` names the file in errors. */
enum c4_status c4_study_figure_defaults(const char *name, struct c4_study *study);

/* Copies what c4_study_load() takes from the built-in study, and sets a missing authors_table to
 * no. Both arguments may be the same study. */
void c4_study_from_built_in(const struct c4_study *built_in, struct c4_study *study);

#endif
