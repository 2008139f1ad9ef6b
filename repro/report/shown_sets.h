/* How the report describes the images of each data set. */
#ifndef C4_REPRO_REPORT_SHOWN_SETS_H
#define C4_REPRO_REPORT_SHOWN_SETS_H

#include "repro/figures/figures.h"

/* Describes each set by the rows' origins: its own title, unless rows came from a stand-in or
 * substitute. */
void c4_shown_sets(const struct c4_origins *origins, struct c4_shown_set set[C4_SETS_MAX]);

/* Lists the sets that a study uses, the pre-training set first: "CIFAR-10 and SVHN". C4_ERR_MEMORY.
 */
enum c4_status c4_shown_list(const struct c4_study *study,
                             const struct c4_shown_set set[C4_SETS_MAX], struct c4_text *text);

#endif
