/* The experiments as data: protocol, scales, runs and figures of an .ini file (repro/paper.ini is
 * the built-in one).
 *
 * A run section describes a family of runs, one for each seed; a figure names the family it draws.
 * How many images and epochs a run has is the scale's business. Which runs have to be made is
 * worked out in repro/schedule.h, so that figures which need the same run share it. */
#ifndef C4_REPRO_STUDY_H
#define C4_REPRO_STUDY_H

#include <stdint.h>

#include "core/data/labels.h"
#include "core/op/step.h"
#include "repro/study_field.h"

enum { C4_STUDY_SCALES = 8, C4_STUDY_FAMILIES = 32, C4_STUDY_FIGURES = 32 };

/* What every run shares. */
struct c4_protocol {
    uint32_t batch;
    double lr, momentum;
    enum c4_order order;
    enum c4_conv_algorithm conv;
    enum c4_bn_statistics statistics; /* of evaluation */
    uint32_t cka_images;              /* CKA takes the first rows of the evaluation set */
    uint32_t synthetic_seed;          /* of the built-in images */
};

struct c4_scale {
    char name[16];
    char summary[80];
    struct c4_seeds seeds;
    uint32_t pretrain_images; /* the first of the training set */
    uint32_t pretrain_epochs;
    uint32_t train_accuracy_images; /* the first of the run's training images, at most all */
    uint32_t accuracy_images;       /* the first of the evaluation set */
};

enum c4_phase { C4_PHASE_PRETRAIN };
enum c4_reference { C4_REFERENCE_INITIALISATION }; /* what CKA compares a run's layers with */

struct c4_family {
    char name[32];
    enum c4_phase phase;
    enum c4_dataset_kind data;
    enum c4_label_rule labels;
    uint32_t degree;
    enum c4_reference reference;
};

enum c4_figure_kind { C4_FIGURE_LAYERS_OVER_EPOCHS };
enum c4_quantity { C4_QUANTITY_CKA_BIASED, C4_QUANTITY_CKA_DEBIASED };

struct c4_study_figure {
    char id[8];
    enum c4_figure_kind kind;
    char title[96], x_label[48], y_label[48];
    char run[32]; /* a family's name */
    int family;   /* its index */
    enum c4_quantity quantity;
    enum c4_reference reference;
    double y_low, y_high, width, height;
};

struct c4_study {
    struct c4_protocol protocol;
    int scales, families, figures;
    struct c4_scale scale[C4_STUDY_SCALES];
    struct c4_family family[C4_STUDY_FAMILIES];
    struct c4_study_figure figure[C4_STUDY_FIGURES];
};

/* Tables of the keys of [protocol] and of [scale NAME]. */
extern const struct c4_field c4_protocol_fields[];
extern const struct c4_field c4_scale_fields[];

extern const char *const c4_quantity_names[];  /* as in result.quantity */
extern const char *const c4_reference_names[]; /* as in result.reference */

/* Reads a study from a text that ends with NUL; `name` stands for it in sentences. Every section
 * needs all its keys, each once. C4_ERR_USAGE: one sentence with name and line. */
enum c4_status c4_study_parse(const char *text, const char *name, struct c4_study *study);

/* The built-in study, or that of a file. */
enum c4_status c4_study_load(const char *path, struct c4_study *study);

/* Applies "KEY=VALUE[,KEY=VALUE...]" to the protocol or the scale, as --set has it. A comma is part
 * of a value where no KEY= follows it (seeds=1,3). C4_ERR_USAGE. */
enum c4_status c4_study_set(struct c4_study *study, struct c4_scale *scale, const char *text);

/* The scale of that name, or NULL and a C4_ERR_USAGE sentence that lists what exists. */
const struct c4_scale *c4_study_scale(const struct c4_study *study, const char *name);

/* selected[i] = figure i is named in "1,2a" (or text is NULL: all). C4_ERR_USAGE lists what
 * exists. */
enum c4_status c4_study_select(const struct c4_study *study, const char *text,
                               bool selected[C4_STUDY_FIGURES]);

#endif
