/* Networks trained on the first k images, compared at the same epoch, step or training accuracy. */
#ifndef C4_REPRO_RESULTS_SIZES_H
#define C4_REPRO_RESULTS_SIZES_H

#include "repro/results/rows.h"
#include "repro/study/claim_definition.h"
#include "repro/study/field.h"

enum { C4_SIZES_MAX = C4_LIST_MAX + 1 }; /* those of a scale, and the whole set */

struct c4_sizes {
    int count;
    const struct c4_rows_run *run[C4_SIZES_MAX]; /* of one seed, smallest size first */
};

/* The runs over training sizes of a section (index in study->family; -1: of the study's first size
 * section), seed and order, and of pre-training with the same labels if it takes the whole training
 * set. */
void c4_sizes_of(struct c4_rows *rows, int section, uint64_t seed, enum c4_order order,
                 struct c4_sizes *sizes);

/* Whether the run pre-trains on the whole training set with the labels of `sized`, and so
 * continues a series of sizes. */
bool c4_sizes_end_with(const struct c4_rows_run *run, const struct c4_rows_run *sized);

/* The epoch of sizes->run[i] at which sizes are compared, in general not an integer. NaN if there
 * is none: rows are missing, or an epoch takes more steps than the whole run of the smallest size.
 * Training accuracy is interpolated linearly between epochs. */
double c4_sizes_epoch(struct c4_rows *rows, const struct c4_sizes *sizes, int i,
                      enum c4_sizes_at at);

/* The query's value for that run, interpolated linearly between epochs. */
double c4_sizes_value(struct c4_rows *rows, const struct c4_rows_run *run, double epoch,
                      const struct c4_row_query *query);

#endif
