/* Judges the claims that the paper makes about its figures (repro/study/claim_definition.h): a
 * directed statistic and a verdict for each.
 *
 * D is a contrast within a seed, positive if the paper is right, with a 95 % paired t interval over
 * seeds. A contrast holds if the interval lies above 0 and its mean is at least 0.01 (of CKA; one
 * point of accuracy; 0.01 of loss), fails if the interval lies below 0.01, and is undecided
 * otherwise. A bound holds if the interval lies inside it, and fails if it lies outside. With fewer
 * than three seeds a claim is undecided. All layers of a claim must hold; if one fails, the claim
 * fails. */
#ifndef C4_REPRO_CLAIMS_CLAIMS_H
#define C4_REPRO_CLAIMS_CLAIMS_H

#include <stdbool.h>

#include "core/stats/student.h"
#include "repro/results/rows.h"
#include "repro/study/study.h"

enum { C4_CLAIMS_MAX = C4_STUDY_CLAIMS };

enum c4_verdict { C4_HOLDS, C4_FAILS, C4_UNDECIDED, C4_NOT_JUDGED };
extern const char *const c4_verdict_names[]; /* "holds", "fails", "undecided", "not judged" */

/* What can be judged at a study's scale. */
enum c4_judging {
    C4_JUDGE_NOTHING, /* fewer than 500 steps of pre-training: orderings still reverse */
    C4_JUDGE_SHAPES,  /* all but claims with paper_only and, without pool1_is_fine, differences at
                         pool1 */
    C4_JUDGE_ALL      /* 50,000 images for 100 epochs or more */
};
enum c4_judging c4_claims_judging(uint32_t images, uint32_t epochs, uint32_t batch);

/* One layer or pair of layers of a claim, or one contrast without layers. */
struct c4_claim_part {
    char label[40];
    bool judged; /* else its numbers are only reported */
    enum c4_verdict verdict;
    struct c4_estimate d; /* of the statistic over seeds */
    int in_favour;        /* seeds on the claim's side: above 0, or inside the bounds */
    double p_holm;        /* Holm-adjusted over all judged parts of all claims; NaN: no p-value */
};

struct c4_claim {
    const char *id;        /* "5", "5 logits"; this and the next three point into the study */
    const char *figure;    /* "3a" */
    const char *says;      /* the paper's statement */
    const char *statistic; /* what is computed */
    bool is_cka;           /* else independent of estimator, evaluation and n */
    double low, high;      /* range for the statistic: the bounds, or (0, inf) */
    bool is_bound;
    int parts;
    struct c4_claim_part part[C4_CLAIM_PARTS];
    enum c4_verdict verdict;  /* with the setting's estimator */
    enum c4_verdict debiased; /* with the debiased one */
    bool estimator_dependent; /* both are judged and differ */
    bool suspect;             /* judged on rows that may be wrong (repro/results/suspects.h) */
    int seeds;                /* smallest number of seeds of a judged part */
    char reason[200];         /* why it is not judged; "" if it is */
};

/* Which rows a claim is judged on. */
struct c4_claim_setting {
    enum c4_order order;
    const char *statistics; /* NULL: the protocol's */
    bool debiased;
    int64_t n; /* 0: the protocol's */
};

struct c4_claims {
    int count;
    struct c4_claim claim[C4_CLAIMS_MAX];
};

/* Judges every claim of the study on the given seeds. *claims points into the study. A claim with
 * missing rows is "not judged". Errors as for c4_rows_value(). */
enum c4_status c4_claims_judge(const struct c4_study *study, struct c4_rows *rows,
                               const uint64_t *seed, int seeds, enum c4_judging judging,
                               const struct c4_claim_setting *setting, struct c4_claims *claims);

/* Number of claims with the verdict. */
int c4_claims_with(const struct c4_claims *claims, enum c4_verdict verdict);

/* C4_ERR_CLAIM, naming the claims that fail; C4_OK if none does. */
enum c4_status c4_claims_strict(const struct c4_claims *claims);

#endif
