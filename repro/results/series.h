/* Only for study_reader*.c: the rows of a run, read from the database once and kept as one array
 * per quantity, so that figures and claims do not need an SQL query for each point. */
#ifndef C4_REPRO_RESULTS_SERIES_H
#define C4_REPRO_RESULTS_SERIES_H

#include "repro/results/rows.h"

/* One quantity of a run over its epochs. */
struct c4_series {
    char quantity[24];
    char layer[8], reference[24], images[16], statistics[8]; /* as in table result */
    int64_t n;
    int64_t epochs; /* capacity of the arrays: epochs 0 .. epochs - 1 */
    double *value;  /* NaN where there is no row */
    bool *suspect;
};

struct c4_run_series {
    const char *run; /* key, for sentences; NULL: not read yet */
    struct c4_series *series;
    int count;
    size_t capacity;
    int last; /* where the next search starts */
};

/* Adds a row; `key` gives its quantity, layer, reference, images, statistics and n, none of them
 * NULL. C4_ERR_DATA: no epoch of a run, or a key that conv4 does not write; C4_ERR_MEMORY. */
enum c4_status c4_series_add(struct c4_run_series *run, const struct c4_row_query *key,
                             int64_t epoch, double value, bool suspect);

/* The value after query->epoch, and whether its row is suspect; NaN if there is none. Quantities
 * other than CKA are identified by name alone. */
double c4_series_find(struct c4_run_series *run, const struct c4_row_query *query, bool *suspect);

void c4_series_free(struct c4_run_series *run);

#endif
