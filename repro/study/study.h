/* The experiments as data: protocols, scales, runs, figures and claims of an .ini file
 * (repro/study/paper.ini is the built-in one).
 *
 * A run section describes a family of runs, one for each seed; a figure names the families that it
 * draws, and a claim those that it compares. How many images and epochs a run has, and which
 * families there are at all, is the scale's business. Which runs have to be made is worked out in
 * repro/study/schedule.h, so that figures which need the same run share it. All structs are plain
 * values: a copy of the bytes is a copy. */
#ifndef C4_REPRO_STUDY_STUDY_H
#define C4_REPRO_STUDY_STUDY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/data/labels.h"
#include "core/op/step.h"
#include "core/similarity/similarity.h"
#include "repro/study/claims.h"
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

/* Which labels the runs over training sizes have (Fig. 3b): random ones as the paper says, or the
 * true ones of the authors' code. */
enum c4_size_labels { C4_SIZE_LABELS_RANDOM, C4_SIZE_LABELS_TRUE };
/* By how much shifted labels are shifted: ((seed - 1) mod 9) + 1, or by one for all seeds. */
enum c4_shift_rule { C4_SHIFT_SEED, C4_SHIFT_ONE };

/* What every run shares. */
struct c4_protocol {
    char name[16];
    uint32_t batch;
    double lr, momentum;
    enum c4_order order;
    enum c4_conv_algorithm conv;
    enum c4_bn_statistics statistics; /* of evaluation */
    uint32_t cka_images;              /* CKA takes the first rows of the evaluation set */
    uint32_t curve_images;            /* the same for curves over pre-training's epochs (Fig. 1) */
    enum c4_size_labels size_labels;
    enum c4_shift_rule shift;
    uint32_t synthetic_seed; /* of the built-in images */
    uint32_t similarities; /* bit i: enum c4_similarity_id i is measured: CKA, and what a figure of
                              the study draws. No key of its own. */
};

struct c4_scale {
    char name[16];
    char summary[80];
    struct c4_seeds seeds;
    struct c4_list degrees; /* of randomness: of pre-training */
    struct c4_list finetune_degrees, svhn_degrees;
    uint32_t pretrain_images, pretrain_epochs; /* the first of the training set */
    struct c4_list sizes;                      /* training images of Fig. 3b */
    uint32_t size_epochs;
    uint32_t finetune_images, finetune_epochs; /* the first of the half that trains */
    int matched_scratch;                       /* 1: fine-tuning's images from initial weights */
    uint32_t train_accuracy_images;            /* the first of the run's images, at most all */
    uint32_t accuracy_images;                  /* the first of the evaluation set, at most all */
    struct c4_list control_images; /* of CKA by either statistics, after the last epoch */
    uint32_t segment_work;         /* images forwarded (trained ones count as three) that a segment
                                      of epochs has at least: what a kill may lose */
};

enum c4_run_kind { C4_KIND_PRETRAIN, C4_KIND_SIZE, C4_KIND_FINETUNE, C4_KIND_SCRATCH };
enum { C4_LABELS_SHIFTED_CHOICE = 10 }; /* behind d0 .. d9 */

/* [run NAME]. A size section NAME stands for the families NAME-64, NAME-256, ... of the scale. */
struct c4_family {
    char name[C4_FAMILY_NAME_SIZE];
    enum c4_run_kind kind;
    int data;   /* index in c4_sets */
    int labels; /* degree of randomness 0..9, or C4_LABELS_SHIFTED_CHOICE */
};

enum c4_figure_kind {
    C4_FIGURE_LAYERS_OVER_EPOCHS,     /* x: epoch; a curve for each layer of one run */
    C4_FIGURE_RUNS_OVER_EPOCHS,       /* x: epoch; a curve for each run */
    C4_FIGURE_RUNS_OVER_LAYERS,       /* x: layer, after the last epoch; a curve for each run */
    C4_FIGURE_REFERENCES_OVER_LAYERS, /* x: layer; a curve for each reference of one run */
    C4_FIGURE_GAP_OVER_EPOCHS,        /* x: epoch; each layer's CKA to one reference less another */
    C4_FIGURE_SIZES_AT_STEPS,         /* as runs-over-layers, where sizes have taken equal steps */
    C4_FIGURE_SIZES_AT_ACCURACY,      /* the same at equal training accuracy */
    C4_FIGURE_COST_THROUGHPUT,        /* training images/s of each run */
    C4_FIGURE_COST_PHASES,            /* time of each phase of a training step */
    C4_FIGURE_COST_CKA,               /* seconds, operations and bytes of CKA by layer */
    C4_FIGURE_COST_RUNS               /* when and where each run was made */
};

/* Of a key of a figure that its file does not have. */
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
    int null_line;              /* 1: with the CKA of two independent initialisations */
    int debiased;               /* 1: with a version by the debiased CKA beside it */
    int summary;                /* 1: last values of its layers, by either estimator, in the
                                   summary that repro ends with */
    int authors;                /* 1: with the authors' levels where they are comparable */
    int authors_table;          /* 1: the report has a table of the authors' levels below it;
                                   c4_study_parse() may leave C4_NOT_SAID */
    char authors_note[48];      /* about the authors' levels; or "" */
    double y_low, y_high;       /* equal: chosen by the values */
    double width, height;
};

struct c4_study {
    struct c4_protocol protocol; /* the one in use; c4_study_parse() leaves the first */
    struct c4_protocol authors;  /* of the authors' published levels; name "": not known */
    int protocols, scales, families, figures, claims;
    struct c4_protocol variant[C4_STUDY_PROTOCOLS];
    struct c4_scale scale[C4_STUDY_SCALES];
    struct c4_family family[C4_STUDY_FAMILIES];
    struct c4_study_figure figure[C4_STUDY_FIGURES];
    struct c4_claim_definition claim[C4_STUDY_CLAIMS];
};

/* Tables of the keys of [protocol NAME] and of [scale NAME]. */
extern const struct c4_field c4_protocol_fields[];
extern const struct c4_field c4_scale_fields[];

extern const char *const c4_run_kind_names[];

/* Reads a study from a text that ends with NUL; `name` stands for it in sentences. Every section
 * needs all its keys but the optional ones, each once; protocols after the first take over from it
 * what they do not give. Where no figure has a key `debiased`, figures of CKA whose id begins with
 * 1, 3, 4 or 5 have a debiased version; where none has `summary`, every figure of layers over
 * epochs with a debiased version is part of it. C4_ERR_USAGE: one sentence with name and line. */
enum c4_status c4_study_parse(const char *text, const char *name, struct c4_study *study);

/* The built-in study, or that of a file. The authors' protocol is always the built-in study's; a
 * file without a [claim ID] has its claims, and one whose figures have neither authors_table nor
 * authors_note those of its figures by id. Errors of the file and of c4_study_parse(). */
enum c4_status c4_study_load(const char *path, struct c4_study *study);

/* The section of a family ("pretrain-d0"; "size-64" and "size-*" of [run size]), or NULL. */
const struct c4_family *c4_study_family(const struct c4_study *study, const char *name);

/* Index of the data set that the study pre-trains on. */
int c4_study_pretraining(const struct c4_study *study);

/* Whether the study needs images of the set of that index for its runs. */
bool c4_study_uses(const struct c4_study *study, int set);

/* Makes the protocol of that name the one in use. C4_ERR_USAGE lists what exists. */
enum c4_status c4_study_use_protocol(struct c4_study *study, const char *name);

/* Applies "KEY=VALUE[,KEY=VALUE...]" to the protocol or the scale, as --set has it. A comma is part
 * of a value where no KEY= follows it (seeds=1,3). C4_ERR_USAGE. */
enum c4_status c4_study_set(struct c4_study *study, struct c4_scale *scale, const char *text);

/* --degrees: these degrees of randomness for pre-training and fine-tuning. C4_ERR_USAGE lists those
 * that the study's runs have. */
enum c4_status c4_study_degrees(const struct c4_study *study, struct c4_scale *scale,
                                const char *text);

/* The scale of that name, or NULL and a C4_ERR_USAGE sentence that lists what exists. */
const struct c4_scale *c4_study_scale(const struct c4_study *study, const char *name);

/* selected[i] = figure i is named in "1,2a" (or text is NULL: all). "2" names 2a, 2b, ... as well.
 * C4_ERR_USAGE lists what exists. */
enum c4_status c4_study_select(const struct c4_study *study, const char *text,
                               bool selected[C4_STUDY_FIGURES]);

#endif
