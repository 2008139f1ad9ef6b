/* The curves of a figure: values of the study over epochs, layers or seeds, ready to be drawn. */
#ifndef C4_REPRO_FIGURES_CURVES_H
#define C4_REPRO_FIGURES_CURVES_H

#include "core/report/figure.h"
#include "repro/results/rows.h"
#include "repro/study/study.h"

enum { C4_CURVES_MAX = 32 };

struct c4_curve {
    char label[96];
    char family[C4_FAMILY_NAME_SIZE];
    enum c4_series_kind kind;
    int like; /* as in struct c4_series, and so is `unlisted`: exactly those with `like` */
    int points;
    double *x, *values; /* [points]; [seeds][points] */
    double *mean, *standard_error;
    int *n;
};

struct c4_curves {
    int count;
    struct c4_curve curve[C4_CURVES_MAX];
    int seeds;
    int64_t n;    /* images behind a CKA; 0 for other quantities */
    bool layered; /* x counts layers */
    bool has_null, has_other;
};

/* What curves are made of. */
struct c4_curves_source {
    struct c4_rows *rows;
    const struct c4_study *study;
    const struct c4_scale *scale;
};

/* The curves of a figure of any kind but the cost ones; `debiased`: the debiased CKA instead of the
 * biased one. Families that the scale does not have are left out, and so is the whole training set
 * among the sizes of Fig. 3b unless it has all of the set's training images. Values that are not
 * there are NaN. With a null line: CKA of two independent initialisations (grey), and of every
 * network to another seed's initialisation (in its colour). Release with c4_curves_free(), also on
 * failure. */
enum c4_status c4_curves_make(const struct c4_curves_source *source,
                              const struct c4_study_figure *figure, bool debiased,
                              struct c4_curves *curves);
void c4_curves_free(struct c4_curves *curves);

/* A further curve with room for its points, all NaN; NULL and C4_ERR_MEMORY's sentence. */
struct c4_curve *c4_curve_add(struct c4_curves *curves, const char *label, int points);

/* Mean and standard error from the values. */
void c4_curve_summarise(struct c4_curve *curve, int seeds);

/* Whether any curve has a value. */
bool c4_curves_have_values(const struct c4_curves *curves);

/* The images of a family's own task, as rows name them; "" of one that the study does not have. */
const char *c4_family_images(const struct c4_study *study, const char *family);

#endif
