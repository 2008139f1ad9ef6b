/* For rows_store*.c alone. */
#ifndef C4_REPRO_RESULTS_ROWS_STORE_INNER_H
#define C4_REPRO_RESULTS_ROWS_STORE_INNER_H

#include <sqlite3.h>

#include "repro/store/store.h"

struct c4_rows_store {
    sqlite3 *db;
    char path[C4_STORE_PATH_SIZE];
    sqlite3_stmt *cka, *plain;  /* prepared once, asked many thousand times */
    uint32_t batch, cka_images; /* that the rows were made with */
};

#endif
