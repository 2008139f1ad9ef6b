/* Opening a study's database. Its tables are made, or migrated from an older version. */
#ifndef C4_REPRO_STORE_DATABASE_H
#define C4_REPRO_STORE_DATABASE_H

#include <sqlite3.h>

#include "core/base/status.h"

/* C4_ERR_USAGE: SQLite cannot open a database at `path`, because its full path (without links, and
 * with the working directory) is longer than SQLite's limit. */
enum c4_status c4_database_check_path(const char *path);

/* Opens the database for writing, and makes or migrates its tables in one transaction. C4_ERR_DATA:
 * not a database, damaged, of a version that c4_schema_version() refuses, or with a run that cannot
 * be understood; C4_ERR_FAILED: another program's database. *db is NULL on failure. */
enum c4_status c4_database_open(const char *path, sqlite3 **db);

/* Opens a copy of the database in memory, where nothing of what is written reaches the file; the
 * tables of an older version are migrated there. Errors as above. */
enum c4_status c4_database_open_copy(const char *path, sqlite3 **db);

#endif
