/* The one writer of a study: a row that names host and process, and a lease number that grows with
 * every change of hands, so that a writer that was replaced cannot publish any more. */
#ifndef C4_REPRO_STORE_LOCK_H
#define C4_REPRO_STORE_LOCK_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

/* Takes the lock or says who has it (C4_ERR_FAILED); a transaction of its own. A process counts as
 * gone if its number is free or was given to a process that started at another time. */
enum c4_status c4_lock_take(const char *path, sqlite3 *db, bool take_over, int64_t *lease);

/* Inside a transaction: C4_ERR_FAILED if the lock has another lease by now. */
enum c4_status c4_lock_check(const char *path, sqlite3 *db, int64_t lease);

/* Gives the lock back if it is still ours. */
enum c4_status c4_lock_release(const char *path, sqlite3 *db, int64_t lease);

/* The name of this machine, or "unknown". */
void c4_lock_host(char *text, size_t size);

#endif
