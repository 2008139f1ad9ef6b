/* Holm's adjustment of p-values for many tests at once (S. Holm, Scandinavian Journal of Statistics
 * 6, 1979). */
#ifndef C4_STATS_HOLM_H
#define C4_STATS_HOLM_H

/* Step-down: with the m p that are not NaN in ascending order,
 *   adjusted_(i) = max over j <= i of min(1, (m - j + 1) p_(j)).
 * Rejecting every test with adjusted <= a keeps the probability of any false rejection at a or
 * below, however the tests depend on one another. Equal p get equal values. NaN stays NaN. p lies
 * in [0, 1]. Overwrites adjusted[count], which may be p itself. Takes count^2 steps and no memory.
 */
void c4_holm(const double *p, int count, double *adjusted);

#endif
