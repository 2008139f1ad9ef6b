/* Where training steps spend their time: sums of the rows "train_phase" of table cost. */
#ifndef C4_REPRO_RESULTS_PHASES_H
#define C4_REPRO_RESULTS_PHASES_H

#include "repro/results/study_reader.h"

enum { C4_PHASES_MAX = 32 };

struct c4_phase_sum {
    char name[16];
    double images;       /* trained, over all epochs */
    double seconds;      /* of thread 0 */
    double flops, bytes; /* nominal FLOPs */
};

/* Sums each phase over the runs of a block order and of one seed (NULL: of all), in the order of a
 * step. Returns the number of phases; 0 if no backend timed phases. */
int c4_phase_sums(const struct c4_cost_sum *costs, int count, const struct c4_rows *rows,
                  enum c4_order order, const uint64_t *seed,
                  struct c4_phase_sum sums[C4_PHASES_MAX]);

#endif
