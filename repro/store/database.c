#include "repro/store/database.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "repro/store/lock.h"
#include "repro/store/migrate.h"
#include "repro/store/schema.h"
#include "repro/store/sql.h"

/* Whether SQLite resolves the path in a buffer of this size; *length: of the result. */
static bool resolves(sqlite3_vfs *vfs, const char *path, int size, size_t *length) {
    char *full = sqlite3_malloc(size);
    if (!full) return false;
    full[0] = '\0';
    int code = vfs->xFullPathname(vfs, path, size, full);
    *length = strlen(full);
    sqlite3_free(full);
    return code == SQLITE_OK || code == SQLITE_OK_SYMLINK;
}

enum c4_status c4_database_check_path(const char *path) {
    static const char appended[] = "-journal";
    enum { ENOUGH = 1 << 16 }; /* for any path that the system takes */
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    size_t length = 0;
    if (!vfs) return C4_OK;
    size_t most = (size_t)vfs->mxPathname - strlen(appended);
    if (resolves(vfs, path, vfs->mxPathname + 1, &length) && length <= most) return C4_OK;
    /* Whatever else is wrong with the path has a sentence of its own when it is opened. */
    if (!resolves(vfs, path, ENOUGH, &length)) return C4_OK;
    return c4_fail(C4_ERR_USAGE,
                   "%s: SQLite opens databases whose full path has at most %zu bytes, and this one "
                   "is longer; choose a shorter --out",
                   path, most);
}

/* Within a transaction, with foreign keys off. */
static enum c4_status make_or_migrate(const char *path, sqlite3 *db) {
    int64_t tables, version;
    C4_TRY(c4_sql_integer(path, db, "SELECT count(*) FROM sqlite_master", 0, &tables));
    if (tables == 0) return c4_schema_make(path, db);
    C4_TRY(c4_schema_check(path, db));
    C4_TRY(c4_schema_version(path, db, &version));
    return version == C4_STORE_SCHEMA ? C4_OK : c4_migrate(path, db);
}

/* Copies the database. SQLITE_READONLY: a journal has to be rolled back first, and is not. */
static enum c4_status copy(const char *path, int flags, sqlite3 *into, int *code) {
    sqlite3 *file;
    *code = sqlite3_open_v2(path, &file, flags, NULL);
    if (*code == SQLITE_OK) {
        sqlite3_busy_timeout(file, 10000);
        sqlite3_backup *backup = sqlite3_backup_init(into, "main", file, "main");
        if (backup) sqlite3_backup_step(backup, -1);
        *code = backup ? sqlite3_backup_finish(backup) : sqlite3_errcode(into);
    }
    enum c4_status status = *code == SQLITE_OK ? C4_OK : c4_sql_fail(path, file, *code);
    *code &= 0xff;
    sqlite3_close(file);
    return status;
}

/* The whole database as it is at one moment. Writable if possible: a journal that a killed writer
 * left is rolled back before reading. A writer on another machine may be alive: where machines do
 * not see each other's locks, its journal looks the same, and is there for some milliseconds at a
 * time. */
static enum c4_status load(const char *path, sqlite3 *into) {
    enum { WAITS = 50, WAIT_NS = 100000000 };
    int code;
    bool elsewhere;
    C4_TRY(c4_lock_find_elsewhere(path, &elsewhere));
    if (!elsewhere) return copy(path, SQLITE_OPEN_READWRITE, into, &code);
    enum c4_status status = copy(path, SQLITE_OPEN_READONLY, into, &code);
    for (int i = 0; code == SQLITE_READONLY; i++) {
        if (i == WAITS)
            return c4_fail(C4_ERR_FAILED,
                           "%s: a process on another host was writing, and seems to have been "
                           "killed; conv4 repro there, or here with --take-over, goes on",
                           path);
        nanosleep(&(struct timespec){.tv_nsec = WAIT_NS}, NULL);
        status = copy(path, SQLITE_OPEN_READONLY, into, &code);
    }
    return status;
}

enum c4_status c4_database_open_copy(const char *path, sqlite3 **db) {
    int code = sqlite3_open_v2(":memory:", db, SQLITE_OPEN_READWRITE, NULL);
    enum c4_status status = code == SQLITE_OK ? C4_OK : c4_sql_fail(path, *db, code);
    if (status == C4_OK) status = load(path, *db);
    if (status == C4_OK) status = c4_sql_run(path, *db, "BEGIN IMMEDIATE");
    if (status == C4_OK) status = c4_sql_end(path, *db, make_or_migrate(path, *db));
    if (status != C4_OK) {
        sqlite3_close(*db);
        *db = NULL;
    }
    return status;
}

enum c4_status c4_database_open(const char *path, sqlite3 **db) {
    int code = sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    enum c4_status status = code == SQLITE_OK ? C4_OK : c4_sql_fail(path, *db, code);
    if (status == C4_OK) {
        sqlite3_extended_result_codes(*db, 1);
        sqlite3_busy_timeout(*db, 10000);
        status = c4_sql_run(path, *db,
                            "PRAGMA journal_mode = TRUNCATE;PRAGMA synchronous = FULL;"
                            "PRAGMA mmap_size = 0;" /* whatever SQLite was built with */
                            "BEGIN IMMEDIATE");
    }
    if (status == C4_OK) status = c4_sql_end(path, *db, make_or_migrate(path, *db));
    if (status == C4_OK) status = c4_sql_run(path, *db, "PRAGMA foreign_keys = ON");
    if (status != C4_OK) {
        sqlite3_close(*db);
        *db = NULL;
    }
    return status;
}
