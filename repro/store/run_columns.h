/* The typed columns of table run: what a run is. */
#ifndef C4_REPRO_STORE_RUN_COLUMNS_H
#define C4_REPRO_STORE_RUN_COLUMNS_H

#include <sqlite3.h>

#include "core/base/text.h"
#include "repro/study/schedule.h"

/* A row of table run as planned, as repro/store/schema.h describes it. Borrowed texts. */
struct c4_run_columns {
    const char *key, *kind, *data, *label_rule, *shift_rule, *block_order;
    const char *source;   /* NULL: initial weights */
    const char *measures; /* names of similarities, separated by commas; only compared */
    int degree, shift;
    int64_t images, epochs, curve_images;
    uint64_t seed;
};

/* The columns of a run under a protocol. They point into *run and into *measures, which is set. */
enum c4_status c4_run_columns_of(const struct c4_run *run, const struct c4_protocol *protocol,
                                 struct c4_text *measures, struct c4_run_columns *columns);

/* Adds the row with a state's name. */
enum c4_status c4_run_columns_insert(const char *path, sqlite3 *db,
                                     const struct c4_run_columns *columns, const char *status);

/* Compares the columns with the stored row of that key. *known: there is one. C4_ERR_FAILED names
 * the first column that differs, and both values. */
enum c4_status c4_run_columns_compare(const char *path, sqlite3 *db,
                                      const struct c4_run_columns *columns, bool *known);

#endif
