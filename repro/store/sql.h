/* SQLite for the store: statements, statuses, the schema. */
#ifndef C4_REPRO_STORE_SQL_H
#define C4_REPRO_STORE_SQL_H

#include <sqlite3.h>
#include <stdint.h>

#include "core/base/status.h"

/* c4_fail() for a SQLite error code: `path` is the database. */
enum c4_status c4_sql_fail(const char *path, sqlite3 *db, int code);

/* Runs statements without parameters. */
enum c4_status c4_sql_run(const char *path, sqlite3 *db, const char *sql);

/* Prepares a statement and binds the parameters that `types` names, one letter each: t text (const
 * char *, NULL allowed), i int64_t, r double (NaN becomes NULL). */
enum c4_status c4_sql_prepare(const char *path, sqlite3 *db, sqlite3_stmt **statement,
                              const char *sql, const char *types, ...);

/* The same, and steps a statement that returns no rows. */
enum c4_status c4_sql_do(const char *path, sqlite3 *db, const char *sql, const char *types, ...);

/* C4_OK and *row whether there is a row. */
enum c4_status c4_sql_step(const char *path, sqlite3_stmt *statement, int *row);

/* Opens the database, makes the schema if it is empty, and checks that it is ours: C4_ERR_DATA for
 * another file, a damaged one, and a schema that c4_sql_check_version() refuses. A schema that can
 * be brought up to date is. */
enum c4_status c4_sql_open(const char *path, sqlite3 **db);

/* C4_ERR_DATA: a later schema, or one that is too old to be read. */
enum c4_status c4_sql_check_version(const char *path, int64_t version);

/* Ends a transaction that was begun: commits if `status` is C4_OK, else rolls back and hands
 * `status` on. */
enum c4_status c4_sql_end(const char *path, sqlite3 *db, enum c4_status status);

#endif
