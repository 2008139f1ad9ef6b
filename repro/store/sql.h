/* SQLite for the store: statements and error statuses. */
#ifndef C4_REPRO_STORE_SQL_H
#define C4_REPRO_STORE_SQL_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

/* c4_fail() for an SQLite error code; `path` is the database, `db` the connection that returned it,
 * or NULL. C4_ERR_MEMORY; C4_ERR_ENVIRONMENT for errors of reading and writing, except for a full
 * disk; C4_ERR_DATA, with advice to use --fresh, only if the file can be read and is damaged:
 * SQLite also calls it damaged when a single read has failed. */
enum c4_status c4_sql_fail(const char *path, sqlite3 *db, int code);

/* Runs statements without parameters. */
enum c4_status c4_sql_run(const char *path, sqlite3 *db, const char *sql);

/* Prepares a statement and binds the parameters that `types` names, one letter each: t text (const
 * char *, NULL allowed), i int64_t, r double (NaN becomes NULL). */
enum c4_status c4_sql_prepare(const char *path, sqlite3 *db, sqlite3_stmt **statement,
                              const char *sql, const char *types, ...);

/* Binds the parameters of a prepared statement that returns no rows anew, steps it, and leaves it
 * ready for the next call: for many rows of a table. */
enum c4_status c4_sql_again(const char *path, sqlite3_stmt *statement, const char *types, ...);

/* Prepares, steps and finalises a statement that returns no rows. */
enum c4_status c4_sql_do(const char *path, sqlite3 *db, const char *sql, const char *types, ...);

/* Steps a statement; *row is whether it returned a row, whose texts sqlite3_column_text() then
 * returns without taking memory. */
enum c4_status c4_sql_step(const char *path, sqlite3_stmt *statement, int *row);

/* The text in a column of the row under a statement, "" for NULL; valid until the next step. */
const char *c4_sql_text(sqlite3_stmt *row, int column);

/* Copies that text. C4_ERR_DATA: it does not fit, because it is longer than any that conv4 writes.
 */
enum c4_status c4_sql_copy(const char *path, sqlite3_stmt *row, int column, char *text,
                           size_t size);

/* *value = the integer that a statement without parameters returns, or `otherwise`. */
enum c4_status c4_sql_integer(const char *path, sqlite3 *db, const char *sql, int64_t otherwise,
                              int64_t *value);

/* Ends a transaction: commits if `status` is C4_OK, otherwise rolls back and returns `status`. */
enum c4_status c4_sql_end(const char *path, sqlite3 *db, enum c4_status status);

#endif
