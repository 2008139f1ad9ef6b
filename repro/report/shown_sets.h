/* What the images of each data set were, in a reader's words. */
#ifndef C4_REPRO_REPORT_SHOWN_SETS_H
#define C4_REPRO_REPORT_SHOWN_SETS_H

#include "repro/figures/figures.h"

/* By where the rows came from: the set's own title if none came from anything else. */
void c4_shown_sets(const struct c4_origin *origin, int origins,
                   struct c4_shown_set set[C4_SETS_MAX]);

/* The sets that a study uses, that of pre-training first: "CIFAR-10 and SVHN"; at most `size`
 * bytes.
 */
void c4_shown_list(const struct c4_study *study, const struct c4_shown_set set[C4_SETS_MAX],
                   char *text, size_t size);

#endif
