/* For claims*.c alone: the claims as data. */
#ifndef C4_REPRO_CLAIMS_TABLE_H
#define C4_REPRO_CLAIMS_TABLE_H

#include "repro/claims/claims.h"

enum {
    C4_POOL1 = 1,
    C4_POOL2 = 2,
    C4_POOL3 = 4,
    C4_POOL4 = 8,
    C4_LOGITS = 16,
    C4_POOLS = 15,
    C4_LATE_POOLS = 14
};

/* +-CKA of one run after its last epoch. */
struct c4_claim_term {
    int sign; /* 0 ends the list */
    const char *family, *reference, *images;
    int next;      /* 1: of the layer behind the part's */
    bool at_start; /* after epoch 0 instead */
};

struct c4_claim_contrast {
    const char *label; /* in front of the layer's name; "" */
    struct c4_claim_term term[4];
};

enum c4_claim_kind {
    C4_CLAIM_SUM,      /* the terms' sum, for each contrast and layer */
    C4_CLAIM_PAIRS,    /* the same; parts are named "pool1 - pool2" */
    C4_CLAIM_LOSS,     /* mean loss over epochs: d9 - d1, d1 - d0 */
    C4_CLAIM_ACCURACY, /* accuracy after the last epoch: the terms' sum, `reference` naming it */
    C4_CLAIM_RATIO,    /* (1 - first) / (1 - second) at pool4 less the same at pool1 */
    C4_CLAIM_SIZES     /* smallest less largest size at `at` */
};

struct c4_claim_definition {
    const char *id, *figure, *says, *statistic;
    enum c4_claim_kind kind;
    unsigned layers;
    struct c4_claim_contrast contrast[2];
    double low, high;
    const char *memorised; /* a family that must have 99 % training accuracy */
    int sizes_at;          /* enum c4_sizes_at */
    bool is_bound;
    bool paper_only;    /* not judged on less than the paper's numbers */
    bool pool1_is_fine; /* pool1 may be judged on less */
    bool reported_only; /* never judged */
};

extern const struct c4_claim_definition c4_claim_definitions[];
extern const int c4_claim_definition_count;

#endif
