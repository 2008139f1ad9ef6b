/* Only for study_reader*.c. */
#ifndef C4_REPRO_RESULTS_STUDY_READER_INNER_H
#define C4_REPRO_RESULTS_STUDY_READER_INNER_H

#include <sqlite3.h>

#include "repro/results/series.h"
#include "repro/store/store.h"

struct c4_study_reader {
    sqlite3 *db;
    char path[C4_STORE_PATH_SIZE];
    const struct c4_rows_run *first; /* of the rows that are queried */
    struct c4_run_series *runs;      /* theirs, by index; read when they are first queried */
    int run_count;
    uint32_t batch, cka_images; /* as the rows were made with */
};

#endif
