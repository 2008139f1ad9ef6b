/* Claims that the paper makes about its figures, as sections [claim ID] of a study; repro/claims
 * judges them.
 *
 *     terms = TERM, TERM, ...
 *
 * A line holds whole terms and may end with a comma. Further terms may follow in indented lines or
 * under a repeated key. A TERM is
 *
 *     SIGN RUN to REFERENCE on IMAGES     of sum, pairs and ratio: the CKA of a run's network
 *     SIGN ACCURACY of RUN                of accuracy
 *     SIGN RUN                            of loss
 *
 * SIGN is + or -, RUN a family ("pretrain-d0", "size-64"), and the other words are those of
 * repro/study/names.h. CKA and accuracies are taken after the run's last epoch. IMAGES may be
 * followed by "in the next layer" (the layer after the one being judged) and "at the start" (after
 * epoch 0). */
#ifndef C4_REPRO_STUDY_CLAIM_DEFINITION_H
#define C4_REPRO_STUDY_CLAIM_DEFINITION_H

#include <stdbool.h>

#include "repro/study/image_set.h"
#include "repro/study/names.h"

enum { C4_CLAIM_CONTRASTS = 2, C4_CLAIM_TERMS = 4, C4_CLAIM_PARTS = 8, C4_CLAIM_LABEL_SIZE = 28 };

struct c4_claim_term {
    int sign; /* 1 or -1; 0 ends the list */
    char run[C4_FAMILY_NAME_SIZE];
    enum c4_quantity quantity; /* loss, an accuracy, or cka_biased for CKA by any estimator */
    enum c4_reference reference;
    struct c4_image_set images;
    bool next_layer, at_start;
};

struct c4_claim_contrast {
    char label[C4_CLAIM_LABEL_SIZE]; /* the part's name, or the prefix of its layer's name; or "" */
    struct c4_claim_term term[C4_CLAIM_TERMS];
};

/* What is computed within a seed. */
enum c4_claim_kind {
    C4_CLAIM_SUM,      /* the terms' sum, for each contrast and layer */
    C4_CLAIM_PAIRS,    /* the same for one contrast; parts are named "pool1 - pool2" */
    C4_CLAIM_LOSS,     /* the sum of mean losses over the epochs, for each contrast */
    C4_CLAIM_ACCURACY, /* the sum of accuracies, for each contrast */
    C4_CLAIM_RATIO, /* terms + A, + B: (1 - A) / (1 - B) at pool4 minus at pool1; + A, - B: A - B at
                       pool1 minus at pool4 */
    C4_CLAIM_SIZES  /* CKA to the initialisation: smallest size minus largest */
};

/* Where networks of different training sizes are compared. */
enum c4_sizes_at {
    C4_SIZES_AT_END,     /* after the last epoch of each */
    C4_SIZES_AT_STEPS,   /* after as many steps as the smallest size takes in total */
    C4_SIZES_AT_ACCURACY /* where each first reaches the lowest final training accuracy of all */
};

/* [claim ID]; a plain value. */
struct c4_claim_definition {
    char id[24];         /* "5", "5 logits" */
    char figure[24];     /* figures of the study, separated by commas: "5a, 5c" */
    char says[120];      /* the paper's statement */
    char statistic[120]; /* what is computed, in words */
    enum c4_claim_kind kind;
    unsigned layers; /* bit i: c4_layer_name[i]; none for loss, accuracy and ratio */
    struct c4_claim_contrast contrast[C4_CLAIM_CONTRASTS]; /* keys label, terms; label2, terms2 */
    double low, high; /* bounds of the statistic; infinite where the claim has none */
    int sizes_at;     /* enum c4_sizes_at for sizes, else -1 */
    char memorised[C4_FAMILY_NAME_SIZE]; /* a run that must have 99 % training accuracy; "" */
    int paper_only;                      /* 1: judged only with the paper's training */
    int pool1_is_fine;                   /* 1: pool1 may be judged with less */
    int reported_only;                   /* 1: never judged */
};

#endif
