/* The hash of a run's rows, by which two studies are compared without looking at each row. */
#ifndef C4_REPRO_STORE_HASH_ROWS_H
#define C4_REPRO_STORE_HASH_ROWS_H

#include <sqlite3.h>

#include "core/base/status.h"

/* Computes rows_sha256 (repro/store/schema.h) of a run that is done, and stores it. */
enum c4_status c4_hash_rows(const char *path, sqlite3 *db, const char *run);

#endif
