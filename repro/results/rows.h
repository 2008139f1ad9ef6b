/* Values of the study by their meaning, for figures and claims.
 *
 * A query names a family of runs, a seed, an epoch and a quantity. Where the values are kept (the
 * store's table `result`, or a table in a test) is hidden behind find(). */
#ifndef C4_REPRO_RESULTS_ROWS_H
#define C4_REPRO_RESULTS_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/op/conv4.h"
#include "core/op/step.h"
#include "repro/study/schedule.h"

/* A run that the study has or will have. */
struct c4_rows_run {
    char family[C4_FAMILY_NAME_SIZE]; /* its name in the study's file */
    int section;                      /* index in study->family */
    enum c4_run_kind kind;
    int data; /* index in c4_sets */
    struct c4_label_spec labels;
    char key[C4_RUN_KEY_SIZE]; /* in the store */
    uint64_t seed;
    int64_t epochs;  /* of the complete run */
    uint32_t images; /* trained in an epoch */
    enum c4_order order;
};

struct c4_row_query {
    const char *family;
    uint64_t seed;
    enum c4_order order;
    int64_t epoch; /* -1: the run's last */
    const char *quantity;
    const char *layer, *reference, *images; /* NULL or "" where the quantity has none */
    const char *statistics;                 /* "batch", "running"; NULL: the protocol's */
    int64_t n;                              /* images for CKA; 0: the protocol's */
};

struct c4_rows {
    const struct c4_rows_run *run; /* those of one seed and order are neighbours */
    int runs;
    const char *statistics; /* the protocol's */
    int64_t cka_images;
    uint32_t batch; /* images of a training step */
    /* Finds the value of a query whose fields are all filled in; NaN if there is no row. *suspect,
     * initially false, becomes whether the row may be wrong (repro/results/suspects.h). */
    enum c4_status (*find)(void *context, const struct c4_rows_run *run,
                           const struct c4_row_query *query, double *value, bool *suspect);
    void *context;
    int last;              /* where the next search begins */
    bool suspect;          /* set when a suspect row is read; callers clear it */
    enum c4_status status; /* the first failure of find(); c4_error() then has its sentence */
};

/* The runs of a seed and order: rows->run[first .. end); none if first == end. A search begins
 * where the last one ended, because queries run along the seeds. */
void c4_rows_of_seed(struct c4_rows *rows, uint64_t seed, enum c4_order order, int *first,
                     int *end);

/* The run, or NULL if there is none. */
const struct c4_rows_run *c4_rows_run_of(struct c4_rows *rows, const char *family, uint64_t seed,
                                         enum c4_order order);

/* The value, or NaN if there is none yet. A failure is kept in rows->status, and all later values
 * are NaN. */
double c4_rows_value(struct c4_rows *rows, const struct c4_row_query *query);

/* Whether the quantity is of a similarity, and so has a layer, a reference, images, statistics and
 * n; other quantities are identified by run, epoch and name alone. */
int c4_rows_is_similarity(const char *quantity);

#endif
