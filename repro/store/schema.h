/* The tables of a study's database, and those of older versions.
 *
 * schema: the version. writer: the lock (repro/store/lock.h). setting: what all rows of the folder
 * share. provenance: where values come from. checkpoint: files to go on from. results: a view,
 * result with its provenance.
 *
 * run: what each run is, in typed columns; its key is a name that is only compared. `source` is the
 * run whose network it starts from, NULL: initial weights. curve_images is 0 for runs without
 * curves. rows_sha256, once a run is done: the SHA-256 of its rows of `result` in key order, of
 * each: epoch, the key's texts with their NULs, n, measure with its NUL, similarity_version (0:
 * NULL), value, standard_error, null_mean, null_quantile; integers in 8 bytes, values as IEEE 754
 * doubles, little endian, NULL as NaN 0x7ff8000000000000; without provenance.
 *
 * result: values, no times: two studies with the same settings have the same rows, bit for bit.
 * measure ('' without), similarity_version: how a similarity was computed, the same throughout a
 * run. standard_error, null_mean, null_quantile: NULL until measured.
 *
 * cost: times and places. run NULL: work on references, which a machine's runs share, with a row
 * for each reference; epoch is that of the run that needed it first. place is where the worker was
 * to run, place_read_back where it could run, node the NUMA node of its first thread; NULL:
 * unknown. host: the name of the machine whose worker did the work; NULL: unknown. memory_node: the
 * node on which memory lies that its threads touched for the first time at the end of the segment,
 * read back page by page; NULL: unknown, or several. Nodes have the numbers of the operating
 * system. program: the version of conv4 that did the work. */
#ifndef C4_REPRO_STORE_SCHEMA_H
#define C4_REPRO_STORE_SCHEMA_H

#include <sqlite3.h>
#include <stdint.h>

#include "core/base/status.h"

enum { C4_STORE_SCHEMA = 6, C4_STORE_SCHEMA_OLDEST = 2 };

/* Makes all tables in an empty database, within the caller's transaction. */
enum c4_status c4_schema_make(const char *path, sqlite3 *db);

/* Makes the tables that older versions have otherwise, empty, and the view; for migrate.c. */
enum c4_status c4_schema_make_changed(const char *path, sqlite3 *db);

/* Makes table cost, empty; for migrate.c. */
enum c4_status c4_schema_make_cost(const char *path, sqlite3 *db);

/* C4_ERR_FAILED: another program's database. */
enum c4_status c4_schema_check(const char *path, sqlite3 *db);

/* The version of a database of ours. C4_ERR_DATA: newer than this program, or too old to be read.
 */
enum c4_status c4_schema_version(const char *path, sqlite3 *db, int64_t *version);

#endif
