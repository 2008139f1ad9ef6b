/* What similarity costs by layer: means of rows of table cost. */
#ifndef C4_REPRO_RESULTS_LAYER_COSTS_H
#define C4_REPRO_RESULTS_LAYER_COSTS_H

#include "repro/results/study_reader.h"

enum c4_layer_cost {
    C4_LAYER_COST_OWN,         /* the products that prepare a network, of a run's epoch */
    C4_LAYER_COST_COMPARISONS, /* all comparisons, of a run's epoch */
    C4_LAYER_COST_REFERENCE,   /* the product that prepares a reference, once for all runs */
    C4_LAYER_COSTS
};
extern const char *const c4_layer_cost_names[C4_LAYER_COSTS];

struct c4_layer_mean {
    double count;                 /* epochs of runs, or references; 0: nothing was measured */
    double seconds, flops, bytes; /* of one; NaN: unknown */
    const char *method;           /* belongs to the costs */
};

/* The mean over the runs for which of() is true (NULL: over all). References belong to no run,
 * except those that an older version prepared for one; of() is not asked about either. */
void c4_layer_mean(const struct c4_cost_sum *costs, int count, enum c4_layer_cost what,
                   const char *layer, bool (*of)(const void *context, const char *run),
                   const void *context, struct c4_layer_mean *mean);

#endif
