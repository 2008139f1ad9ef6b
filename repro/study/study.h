/* Experiments as data: protocols, scales, runs, figures and claims from an .ini file (the built-in
 * one is repro/study/paper.ini).
 *
 * A run section describes a family of runs, one per seed; a figure names the families that it
 * draws, and a claim those that it compares. The scale determines the number of images and epochs
 * of a run, and which families exist. repro/study/schedule.h derives the list of runs, so that
 * figures share runs. All structs are plain values and may be copied. */
#ifndef C4_REPRO_STUDY_STUDY_H
#define C4_REPRO_STUDY_STUDY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/data/labels.h"
#include "core/op/step.h"
#include "core/similarity/similarity.h"
#include "repro/study/claim_definition.h"
#include "repro/study/field.h"
#include "repro/study/image_set.h"
#include "repro/study/names.h"

enum {
    C4_STUDY_PROTOCOLS = 4,
    C4_STUDY_SCALES = 8,
    C4_STUDY_FAMILIES = 32,
    C4_STUDY_FIGURES = 48,
    C4_STUDY_CLAIMS = 64
};

/* Labels of the runs over training sizes (Fig. 3b): random as in the paper, or true as in the
 * authors' code. */
enum c4_size_labels { C4_SIZE_LABELS_RANDOM, C4_SIZE_LABELS_TRUE };
/* The shift of shifted labels: ((seed - 1) mod 9) + 1, or one for all seeds. */
enum c4_shift_rule { C4_SHIFT_SEED, C4_SHIFT_ONE };

/* What every run shares. */
struct c4_protocol {
    char name[16];
    uint32_t batch;
    double lr, momentum;
    enum c4_order order;
    enum c4_conv_algorithm conv;
    enum c4_bn_statistics statistics; /* of evaluation */
    uint32_t cka_images;   /* number of images for CKA, the first of the evaluation set */
    uint32_t curve_images; /* the same for curves over pre-training's epochs (Fig. 1) */
    enum c4_size_labels size_labels;
    enum c4_shift_rule shift;
    uint32_t synthetic_seed; /* of the built-in images */
    uint32_t similarities; /* bit i: enum c4_similarity_id i is measured: CKA, and what the study's
                              figures draw. Not a key. */
};

struct c4_scale {
    char name[16];
    char summary[80];
    struct c4_seeds seeds;
    struct c4_list degrees; /* of randomness, in pre-training */
    struct c4_list finetune_degrees, svhn_degrees;
    uint32_t pretrain_images, pretrain_epochs; /* the first of the training set */
    struct c4_list sizes;                      /* training images of Fig. 3b */
    uint32_t size_epochs;
    uint32_t finetune_images, finetune_epochs; /* the first of the half that trains */
    int matched_scratch; /* 1: also train from initial weights on the fine-tuning images */
    uint32_t train_accuracy_images; /* the first of the run's images, at most all */
    uint32_t accuracy_images;       /* the first of the evaluation set, at most all */
    struct c4_list control_images;  /* numbers of images for CKA with batch and running statistics,
                                       after the last epoch */
    uint32_t segment_work; /* minimum of images forwarded in a segment of epochs (a trained image
                              counts as three): the work that a kill may lose */
};

enum c4_run_kind { C4_KIND_PRETRAIN, C4_KIND_SIZE, C4_KIND_FINETUNE, C4_KIND_SCRATCH };
enum {
    C4_LABELS_SHIFTED_CHOICE = 10, /* after d0 .. d9 */
    C4_SIZE_LARGEST = 50000        /* training size */
};

/* [run NAME]. A size section NAME stands for the families NAME-64, NAME-256, ... of the scale. */
struct c4_family {
    char name[C4_SECTION_NAME_SIZE];
    enum c4_run_kind kind;
    int data;   /* index in c4_sets */
    int labels; /* degree of randomness 0..9, or C4_LABELS_SHIFTED_CHOICE */
};

enum c4_figure_kind {
    C4_FIGURE_LAYERS_OVER_EPOCHS,     /* x: epoch; a curve for each layer of one run */
    C4_FIGURE_RUNS_OVER_EPOCHS,       /* x: epoch; a curve for each run */
    C4_FIGURE_RUNS_OVER_LAYERS,       /* x: layer, after the last epoch; a curve for each run */
    C4_FIGURE_REFERENCES_OVER_LAYERS, /* x: layer; a curve for each reference of one run */
    C4_FIGURE_GAP_OVER_EPOCHS,   /* x: epoch; each layer's CKA to one reference minus another */
    C4_FIGURE_SIZES_AT_STEPS,    /* as runs-over-layers, after equal numbers of steps */
    C4_FIGURE_SIZES_AT_ACCURACY, /* the same at equal training accuracy */
    C4_FIGURE_COST_THROUGHPUT,   /* training images/s of each family */
    C4_FIGURE_COST_PHASES,       /* time of each phase of a training step */
    C4_FIGURE_COST_CKA,          /* time of CKA by layer */
    C4_FIGURE_COST_RUNS          /* seconds of training, evaluation and CKA of each family */
};

/* Value of a figure's key that its file omits. */
enum { C4_NOT_SAID = -1 };

struct c4_study_figure {
    char id[24];
    enum c4_figure_kind kind;
    char title[96], x_label[48], y_label[48];
    struct c4_names runs;       /* families; "size-*" stands for every size of the scale */
    struct c4_names labels;     /* of the curves; empty: the names of runs or references */
    enum c4_quantity quantity;  /* default cka_biased */
    struct c4_names references; /* c4_reference_names; empty where the quantity has none */
    int images;                 /* 0: each task's own; 1 + an index of c4_image_set_at() */
    int curve_images;           /* 1: CKA over the protocol's curve_images */
    int null_line;              /* 1: also draws the CKA of two independent initialisations */
    int debiased;               /* 1: also drawn with debiased CKA */
    int summary;       /* 1: the summary at the end of repro has its layers' last values, with both
                          estimators */
    int authors;       /* 1: draws the authors' levels where they are comparable */
    int authors_table; /* 1: the report has a table of the authors' levels below the figure;
                          c4_study_parse() may leave C4_NOT_SAID */
    char authors_note[48]; /* about the authors' levels; or "" */
    double y_low, y_high;  /* equal: chosen from the values */
    double width, height;
};

struct c4_study {
    struct c4_protocol protocol; /* in use; c4_study_parse() sets the first */
    struct c4_protocol authors;  /* of the authors' published levels; name "": unknown */
    int protocols, scales, families, figures, claims;
    struct c4_protocol variant[C4_STUDY_PROTOCOLS];
    struct c4_scale scale[C4_STUDY_SCALES];
    struct c4_family family[C4_STUDY_FAMILIES];
    struct c4_study_figure figure[C4_STUDY_FIGURES];
    struct c4_claim_definition claim[C4_STUDY_CLAIMS];
    int published_families; /* of the built-in study, by whose names the authors' levels are kept */
    struct c4_family published[C4_STUDY_FAMILIES];
};

/* Tables of the keys of [protocol NAME] and of [scale NAME]. */
extern const struct c4_field c4_protocol_fields[];
extern const struct c4_field c4_scale_fields[];

extern const char *const c4_run_kind_names[];   /* by enum c4_run_kind; ends with NULL */
extern const char *const c4_shift_rule_names[]; /* by enum c4_shift_rule; ends with NULL */

/* Reads a study from NUL-terminated text; `name` names it in errors. A section needs all keys
 * except the optional ones, each once; protocols after the first inherit missing keys from it. If
 * no figure has the key `debiased`, CKA figures whose id begins with 1, 3, 4 or 5 have a debiased
 * version. If none has `summary`, all figures of layers over epochs with a debiased version are in
 * the summary. C4_ERR_USAGE: a sentence with name and, for a bad line, its number. */
enum c4_status c4_study_parse(const char *text, const char *name, struct c4_study *study);

/* Loads the built-in study (path NULL) or that of a file. The authors' protocol is always the
 * built-in study's. A file without any [claim ID] gets the built-in claims; one whose figures have
 * neither authors_table nor authors_note gets those of the built-in figures with the same ids.
 * Errors of the file and of c4_study_parse(). */
enum c4_status c4_study_load(const char *path, struct c4_study *study);

/* Whether `name` is that of a size section, a dash, and a training size or "*"; if so, *size is the
 * size or 0. */
bool c4_study_names_size(const struct c4_family *family, const char *name, uint32_t *size);

/* The section of a family ("pretrain-d0"; "size-64" and "size-*" of [run size]), or NULL. *size
 * (`size` may be NULL) is the training size of "size-64", and 0 otherwise. c4_study_parse() refuses
 * two sections that one name could mean. */
const struct c4_family *c4_study_family(const struct c4_study *study, const char *name,
                                        uint32_t *size);

/* Whether the family `name` is the same training as the built-in study's family `published`. */
bool c4_study_is_published_as(const struct c4_study *study, const char *name,
                              const char *published);

/* Index of the data set that the study pre-trains on. */
int c4_study_pretraining(const struct c4_study *study);

/* Whether the runs of the study need images of a set (index in c4_sets). */
bool c4_study_uses(const struct c4_study *study, int set);

/* Makes the named protocol the one in use. C4_ERR_USAGE lists those that exist. */
enum c4_status c4_study_use_protocol(struct c4_study *study, const char *name);

/* Applies "KEY=VALUE[,KEY=VALUE...]" to protocol and scale, as --set does. A comma that is not
 * followed by KEY= is part of a value (seeds=1,3). C4_ERR_USAGE: an unknown key or a bad value. */
enum c4_status c4_study_set(struct c4_study *study, struct c4_scale *scale, const char *text);

/* Applies --degrees: sets the degrees of randomness for pre-training and fine-tuning. C4_ERR_USAGE
 * lists those that the study's runs have. */
enum c4_status c4_study_degrees(const struct c4_study *study, struct c4_scale *scale,
                                const char *text);

/* Finds the named scale. C4_ERR_USAGE lists those that exist; C4_ERR_MEMORY. On failure *scale is
 * NULL. */
enum c4_status c4_study_find_scale(const struct c4_study *study, const char *name,
                                   const struct c4_scale **scale);

/* The named scale, or NULL; c4_error() is then that of c4_study_find_scale(). */
const struct c4_scale *c4_study_scale(const struct c4_study *study, const char *name);

/* Sets selected[i] to whether `text`, such as "1,2a", names figure i; NULL names all. "2" also
 * names 2a, 2b, ... C4_ERR_USAGE lists those that exist. */
enum c4_status c4_study_select(const struct c4_study *study, const char *text,
                               bool selected[C4_STUDY_FIGURES]);

#endif
