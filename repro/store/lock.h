/* The single writer of a study: a row with host, process and a lease number that grows whenever the
 * lock is taken, so that a replaced writer can no longer commit. */
#ifndef C4_REPRO_STORE_LOCK_H
#define C4_REPRO_STORE_LOCK_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

/* Takes the lock in a transaction of its own. C4_ERR_FAILED names the process that holds it. A
 * process counts as gone if its number is free or belongs to a process that started at a different
 * time. `take_over`: also take the lock of a process on another host. */
enum c4_status c4_lock_take(const char *path, sqlite3 *db, bool take_over, int64_t *lease);

/* Within a transaction: C4_ERR_FAILED if the lock has a different lease by now. */
enum c4_status c4_lock_check(const char *path, sqlite3 *db, int64_t lease);

/* Releases the lock if it is still ours. */
enum c4_status c4_lock_release(const char *path, sqlite3 *db, int64_t lease);

/* The name of this machine, or "unknown". */
void c4_lock_host(char *text, size_t size);

#endif
