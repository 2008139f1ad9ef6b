/* Label rules of an experiment: true labels, partially random labels, shifted labels.
 *
 * Partially random labels of degree d (the paper's eqs. 1 and 2): y' = (y + Y) mod 10 with Y
 * uniform on 0..d, drawn once per image and kept. Here Y = floor(u (d + 1)) with u in [0, 1) keyed
 * only by (seed, data set and split, official image index): one u serves every d, so the
 * experiments of one seed are paired, and an image keeps its noise in every subset.
 *
 * Shifted labels: y' = (y + s) mod 10 with the same s for all images, either given or the seed's,
 * ((seed - 1) mod 9) + 1.
 */
#ifndef C4_DATA_LABELS_H
#define C4_DATA_LABELS_H

#include "core/data/dataset.h"

enum c4_label_rule { C4_LABELS_TRUE, C4_LABELS_RANDOM, C4_LABELS_SHIFTED };
extern const char *const c4_label_rule_names[]; /* "true", "random", "shifted"; ends with NULL */

struct c4_label_spec {
    enum c4_label_rule rule;
    int degree; /* d, 0..9, of C4_LABELS_RANDOM; 0 gives the true labels. Not read otherwise. */
    int shift;  /* s, 1..9, of C4_LABELS_SHIFTED; 0: the seed's. Not read otherwise. */
};

/* Writes dataset->count labels to out, which must not overlap the data set. C4_ERR_USAGE if the
 * degree or the shift is not 0..9. */
enum c4_status c4_labels_make(struct c4_label_spec spec, uint64_t seed,
                              const struct c4_dataset *dataset, uint8_t *out);

/* s of a seed: 1 to 9. Seed 0 precedes seed 1 in the cycle and has 9. */
int c4_labels_shift(uint64_t seed);

#endif
