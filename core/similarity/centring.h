/* What is subtracted from features, and the scale they are brought to (cka.h, step 1). */
#ifndef C4_SIMILARITY_CENTRING_H
#define C4_SIMILARITY_CENTRING_H

#include "core/similarity/matrix.h"

struct c4_centring {
    const struct c4_features *features; /* borrowed */
    enum c4_feature_type type;          /* in which products are computed; float of float only */
    double *mean;                       /* [features], in double */
    float *shift;                       /* [features], in float */
    double scale;
    bool constant; /* all rows are equal: nothing to compare; in float known when measured */
};

/* In double: computes means and scale, and errors as c4_centring_measure(). In float: the shift
 * from the first rows, scale 1, no error but C4_ERR_MEMORY. `role` names features without a name.
 * *centring must be freed in every case. */
enum c4_status c4_centring_make(const struct c4_features *features, enum c4_feature_type type,
                                int threads, const char *role, struct c4_centring *centring);
void c4_centring_free(struct c4_centring *centring);

/* In float: reads all features to find the scale, and whether they are constant. C4_ERR_DATA: a
 * value is not finite (with the first row and column, from 0), or the values are too far apart to
 * centre; C4_ERR_MEMORY. */
enum c4_status c4_centring_measure(struct c4_centring *centring, int threads, const char *role);

/* Whether products of features with these squared norms, of scaled and shifted rows, are safe from
 * overflow and underflow; if not, c4_centring_measure() finds the scale or the fault. */
bool c4_norms_are_safe(const double *squared_norms, size_t count);

/* All of the features, centred, a row of *matrix for each feature. C4_ERR_MEMORY, after which
 * *matrix needs no free. */
enum c4_status c4_centred_transpose(const struct c4_centring *centring, int threads,
                                    struct c4_matrix *matrix);

/* In double: fills *strip, which has a row for each example, with the columns from `first` on;
 * strip->columns becomes smaller at the end of the features. */
void c4_strip_fill(const struct c4_centring *centring, size_t first, size_t columns, int threads,
                   struct c4_matrix *strip);

#endif
