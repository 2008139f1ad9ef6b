/* For parse.c and study.c alone: what a study's figures and claims are where its file is silent. */
#ifndef C4_REPRO_STUDY_DEFAULTS_H
#define C4_REPRO_STUDY_DEFAULTS_H

#include "repro/study/study.h"

/* Fills in `debiased` and `summary` as c4_study_parse() says. C4_ERR_USAGE: a figure has one of
 * them and is not of a kind for it; `name` stands for the file. */
enum c4_status c4_study_figure_defaults(const char *name, struct c4_study *study);

/* Takes over what c4_study_load() says, and turns what nobody said into no. Both may be the same.
 */
void c4_study_from_built_in(const struct c4_study *built_in, struct c4_study *study);

#endif
