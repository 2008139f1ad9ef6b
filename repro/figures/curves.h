/* The curves of a figure: values of the study over epochs, layers or runs, ready to be drawn. */
#ifndef C4_REPRO_FIGURES_CURVES_H
#define C4_REPRO_FIGURES_CURVES_H

#include "core/report/figure.h"
#include "repro/results/rows.h"
#include "repro/study/study.h"

enum { C4_CURVES_MAX = 32, C4_CURVE_LABEL_SIZE = 96 };

struct c4_curve {
    char label[C4_CURVE_LABEL_SIZE];
    char family[C4_FAMILY_NAME_SIZE];
    enum c4_series_kind kind;
    int like; /* as in struct c4_series; curves with `like` are `unlisted` */
    int points;
    double *x, *values; /* [points]; [seeds][points] */
    double *mean, *standard_error;
    int *n;
};

struct c4_curves {
    int count;
    struct c4_curve curve[C4_CURVES_MAX];
    int seeds;
    int64_t n;    /* images for CKA; 0 for other quantities */
    bool layered; /* x is the index of a layer */
    bool has_null, has_other;
};

/* Where curves take their values from. */
struct c4_curves_source {
    struct c4_rows *rows;
    const struct c4_study *study;
    const struct c4_scale *scale;
};

/* The curves of a figure of any kind except cost figures; `debiased`: with debiased instead of
 * biased CKA. Families that the scale does not have are left out. Among training sizes (Fig. 3b),
 * so is a pre-training run on less than the whole training set or on other labels. Missing values
 * are NaN. A null line adds the CKA of two independent initialisations (grey) and of every network
 * to another seed's initialisation (in the network's colour). Release with c4_curves_free(), also
 * on failure. */
enum c4_status c4_curves_make(const struct c4_curves_source *source,
                              const struct c4_study_figure *figure, bool debiased,
                              struct c4_curves *curves);
void c4_curves_free(struct c4_curves *curves);

/* Appends a curve whose points are all NaN. C4_ERR_USAGE: the figure has C4_CURVES_MAX curves;
 * C4_ERR_MEMORY. */
enum c4_status c4_curve_add(struct c4_curves *curves, const char *label, int points,
                            struct c4_curve **curve);

/* Computes mean, standard error and n from the seeds' values. */
void c4_curve_summarise(struct c4_curve *curve, int seeds);

/* Whether any measured curve has a value. */
bool c4_curves_have_values(const struct c4_curves *curves);

/* Name in rows of the images of a family's own task; "" for an unknown family. */
const char *c4_family_images(const struct c4_study *study, const char *family);

#endif
