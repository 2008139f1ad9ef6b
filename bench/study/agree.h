/* Whether a peer's study has the same rows as ours, and near enough values. */
#ifndef C4_BENCH_STUDY_AGREE_H
#define C4_BENCH_STUDY_AGREE_H

#include "bench/study/tables.h"

/* Groups of rows that are compared, and by how much a value may differ. */
enum c4_study_group {
    C4_AGREE_START_CKA,      /* initial networks: the same weights and images */
    C4_AGREE_START_ACCURACY, /* the same, in images */
    C4_AGREE_FIRST_LOSS,     /* mean loss of the first epoch of training from initial weights */
    C4_AGREE_END_CKA,        /* after the last epoch */
    C4_AGREE_END_ACCURACY,   /* after the last epoch */
    C4_AGREE_GROUPS
};

struct c4_study_agreement {
    int64_t missing, added; /* rows that only we, only the peer has */
    struct {
        const char *what;
        int64_t rows, undefined; /* compared; where only one side has a value */
        double largest, mean;    /* of the absolute differences */
        double allowed, allowed_mean;
    } group[C4_AGREE_GROUPS];
};

/* Compares the tables' rows with those of the database `peer`, which has a table `result` with the
 * same columns up to `value`. */
enum c4_status c4_study_agree(const struct c4_study_tables *tables, const char *peer,
                              struct c4_study_agreement *agreement);

/* Whether that is the same study; if not, appends why to *reason. */
bool c4_study_agrees(const struct c4_study_agreement *agreement, struct c4_text *reason);

#endif
