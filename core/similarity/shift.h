/* The row that is subtracted from float features before their products. */
#ifndef C4_SIMILARITY_SHIFT_H
#define C4_SIMILARITY_SHIFT_H

#include "core/similarity/cka.h"

/* Rows that a shift is made from. */
#define C4_SHIFT_ROWS 32

/* shift[features] = the mean of those of the first C4_SHIFT_ROWS rows whose squared norm is at most
 * 16 times the median (the lower one): an outlier among them would put its own size on every other
 * row, and rounding with it. Sums in double: squared norms in 8 lanes, feature f in lane f % 8,
 * lanes added + 4, + 2, + 1; means in row order, rounded once. If the first rows are all equal, the
 * shift is equal to them. float features only. */
void c4_shift_of(const struct c4_features *features, float *shift);

#endif
