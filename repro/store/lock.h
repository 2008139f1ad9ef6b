/* The single writer of a study.
 *
 * Within a machine the kernel decides: the writer holds an open file description lock on the file
 * study.lock for its lifetime, so that whoever has the lock is alive, and whoever has not is gone,
 * also after kill -9 and in another PID namespace. The file is empty and never removed: a process
 * that had opened the removed file and one that made the next would each have a lock. SQLite's own
 * locks are on study.db. Child processes must not keep the descriptor, which is closed by exec.
 *
 * Between machines, whose file systems may or may not share locks, a row of the database decides,
 * with host, the running kernel's boot ID, process and a lease number that grows whenever the lock
 * is taken, so that a replaced writer can no longer commit. A boot ID or a host name that is ours
 * stands for this machine: containers have host names of their own, and share the boot ID. */
#ifndef C4_REPRO_STORE_LOCK_H
#define C4_REPRO_STORE_LOCK_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

#define C4_LOCK_FILE "study.lock" /* in the study's folder */

enum { C4_LOCK_HOST_SIZE = 256 }; /* a name has at most 64 bytes on Linux, 255 by POSIX */

struct c4_lock {
    int64_t lease;
    int descriptor; /* of the file, with the kernel's lock; -1: none */
    int missing;    /* why the kernel has no locks here, an errno value; 0: it has */
};

/* Takes the lock, with the row in a transaction of its own. `folder`: the study's; NULL for a
 * database that no other process has. C4_ERR_FAILED names the process that holds it, after waiting
 * a moment in case that process is ending. `take_over`: go on even if the row names a process on
 * another host, or the kernel has no locks to tell whether it is gone. */
enum c4_status c4_lock_take(const char *path, sqlite3 *db, const char *folder, bool take_over,
                            struct c4_lock *lock);

/* Takes only the kernel's lock, for a database that cannot be read. */
enum c4_status c4_lock_take_file(const char *folder, struct c4_lock *lock);

/* Within a transaction: C4_ERR_FAILED if the lock has a different lease by now. */
enum c4_status c4_lock_check(const char *path, sqlite3 *db, const struct c4_lock *lock);

/* Clears the row if it is still ours, and keeps the kernel's lock. */
enum c4_status c4_lock_clear(const char *path, sqlite3 *db, const struct c4_lock *lock);

/* Gives back the kernel's lock. */
void c4_lock_drop(struct c4_lock *lock);

/* c4_lock_clear() and c4_lock_drop(), so that nobody sees one without the other. */
enum c4_status c4_lock_release(const char *path, sqlite3 *db, struct c4_lock *lock);

/* *elsewhere: the row of the database at `path` says that a process of another machine works on the
 * study; false if it cannot be read. It is read without locks, and a journal is left alone, so that
 * nothing changes. C4_ERR_MEMORY. */
enum c4_status c4_lock_find_elsewhere(const char *path, bool *elsewhere);

/* The name of this machine, or "unknown". */
void c4_lock_host(char *text, size_t size);

#endif
