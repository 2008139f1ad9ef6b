/* What a run's network is compared with. */
#ifndef C4_REPRO_RUN_COMPARISON_H
#define C4_REPRO_RUN_COMPARISON_H

#include "repro/run/measure.h"

/* Which comparisons rows are about. */
struct c4_comparison {
    struct c4_image_set set;
    enum c4_bn_statistics statistics;
    uint32_t images;
    unsigned references; /* bit i is enum c4_reference i */
    enum c4_cost_what cost;
};

/* The networks that a run is compared with, as in c4_comparison. */
unsigned c4_references_of(const struct c4_run *run);

/* Adds the numbers of images that the last network is compared over, or that references are
 * prepared for, `available` at most: with the study's statistics also those of every epoch. */
void c4_control_rows(const struct c4_runner *runner, uint32_t available,
                     struct c4_row_counts *counts);
void c4_reference_rows(const struct c4_runner *runner, uint32_t available, bool study_statistics,
                       struct c4_row_counts *counts);

/* The network that the run starts from, on the comparison's images: a reference, whose sides and
 * logits stay valid until the next such call or c4_reference_cache_leave(). Errors as
 * c4_reference_cache_get(). */
enum c4_status c4_compare_start(struct c4_measure *measure, const struct c4_comparison *what,
                                struct c4_row_list *rows, const struct c4_prepared_features **own);

/* Appends the values and the cost of comparing `own` with each reference, layer by layer. */
enum c4_status c4_compare(struct c4_measure *measure, const struct c4_comparison *what,
                          const struct c4_prepared_features *own, struct c4_row_list *rows);

#endif
