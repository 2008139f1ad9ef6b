/* Studies of older versions. */
#ifndef C4_REPRO_STORE_MIGRATE_H
#define C4_REPRO_STORE_MIGRATE_H

#include <sqlite3.h>

#include "core/base/status.h"

/* Moves the rows of an older version's tables to those of today, within the caller's transaction,
 * with foreign keys off. C4_ERR_DATA: a run that cannot be understood. */
enum c4_status c4_migrate(const char *path, sqlite3 *db);

#endif
