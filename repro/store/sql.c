#include "repro/store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/file/file.h"

/* Whether every byte of the database's file can be read. Through SQLite's own descriptor: closing
 * another one would give up its locks. */
static bool can_be_read(sqlite3 *db) {
    enum { PIECE_BYTES = 1 << 14 };
    unsigned char piece[PIECE_BYTES];
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK || !file || !file->pMethods) return true; /* in memory, or not open */
    code = file->pMethods->xFileSize(file, &size);
    for (sqlite3_int64 at = 0; at < size && code == SQLITE_OK; at += PIECE_BYTES)
        code = file->pMethods->xRead(file, piece,
                                     (int)(size - at < PIECE_BYTES ? size - at : PIECE_BYTES), at);
    return code == SQLITE_OK || code == SQLITE_IOERR_SHORT_READ;
}

/* Whether the database is damaged. SQLite also says so when a read has failed, even once. */
static bool is_damaged(sqlite3 *db) {
    sqlite3_stmt *statement = NULL;
    if (!can_be_read(db)) return false;
    int code = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &statement, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    const char *found = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    bool damaged = found ? strcmp(found, "ok") != 0
                         : (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
    sqlite3_finalize(statement);
    return damaged;
}

/* errno of the call that failed; 0 if unknown. The connection's own is that of the last call, which
 * may have been made afterwards. */
static int errno_of(sqlite3 *db) {
    static const int pointers[] = {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER};
    for (int i = 0; db && i < 2; i++) {
        sqlite3_file *file = NULL;
        int error = 0, code = sqlite3_file_control(db, "main", pointers[i], &file);
        if (code == SQLITE_OK && file && file->pMethods &&
            file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error) == SQLITE_OK &&
            error != 0)
            return error;
    }
    return db ? sqlite3_system_errno(db) : 0;
}

enum { ROOM_BYTES = 1 << 20 };

static enum c4_status fail_io(const char *path, int code, int error) {
    char reason[128] = "";
    switch (error) {
    case ENOMEM:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EROFS:
    case EACCES:
    case EPERM:
        return c4_fail_write(path, error);
    default:
        strerror_r(error ? error : EIO, reason, sizeof reason);
    }
    switch (code) {
    case SQLITE_IOERR_NOMEM:
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory", path);
    case SQLITE_IOERR_WRITE:
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
    case SQLITE_IOERR_TRUNCATE:
    case SQLITE_IOERR_DELETE:
    case SQLITE_IOERR_CLOSE:
        /* SQLite may have forgotten that it was the quota: whether there is room now decides. */
        if (error == 0) C4_TRY(c4_file_probe(path, ROOM_BYTES));
        return c4_fail(C4_ERR_ENVIRONMENT,
                       "%s: cannot be written: %s; what was stored before is there, the last rows "
                       "are not; check the disk and start again",
                       path, reason);
    default:
        return c4_fail(C4_ERR_ENVIRONMENT,
                       "%s: cannot be read: %s; try again; the file was not changed", path, reason);
    }
}

enum c4_status c4_sql_fail(const char *path, sqlite3 *db, int code) {
    const char *words = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);
    /* The extended code, whether or not the connection's functions return it. */
    int last = db ? sqlite3_extended_errcode(db) : code;
    if ((last & 0xff) == (code & 0xff)) code = last;
    int error = db ? sqlite3_system_errno(db) : 0;
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory", path);
    case SQLITE_IOERR:
        return fail_io(path, code, errno_of(db));
    case SQLITE_FULL:
        return c4_fail_write(path, ENOSPC);
    case SQLITE_READONLY:
        /* SQLite opens for reading what it cannot open for writing, for whatever reason. */
        if (code == SQLITE_READONLY && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0)
            return c4_fail(C4_ERR_ENVIRONMENT,
                           "%s: cannot be opened for writing, though its mode allows it; try "
                           "again; the file was not changed",
                           path);
        return c4_fail_write(path, EACCES);
    case SQLITE_PERM:
        return c4_fail_write(path, EACCES);
    case SQLITE_CANTOPEN:
        if (error == EIO) return fail_io(path, code, error);
        if (error) return c4_fail_write(path, error);
        return c4_fail(C4_ERR_ENVIRONMENT, "%s: cannot be opened for writing: %s", path, words);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        words = code == SQLITE_NOTADB ? "is not a database" : "is damaged";
        if (db && !is_damaged(db)) return fail_io(path, SQLITE_IOERR_READ, EIO);
        return c4_fail(C4_ERR_DATA,
                       "%s: %s; the study cannot be continued, use another --out or --fresh, which "
                       "moves the old files aside",
                       path, words);
    case SQLITE_BUSY:
        return c4_fail(C4_ERR_FAILED,
                       "%s: another program keeps the database locked; end it and "
                       "start again",
                       path);
    default:
        return c4_fail(C4_ERR_FAILED, "%s: SQLite error: %s", path, words);
    }
}

enum c4_status c4_sql_run(const char *path, sqlite3 *db, const char *sql) {
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? C4_OK : c4_sql_fail(path, db, code);
}

static int bind_all(sqlite3_stmt *statement, const char *types, va_list values) {
    int code = SQLITE_OK;
    for (int i = 1; code == SQLITE_OK && *types; i++, types++) {
        double real;
        switch (*types) {
        case 't':
            code =
                sqlite3_bind_text(statement, i, va_arg(values, const char *), -1, SQLITE_TRANSIENT);
            break;
        case 'i':
            code = sqlite3_bind_int64(statement, i, va_arg(values, int64_t));
            break;
        default:
            real = va_arg(values, double);
            code = isnan(real) ? sqlite3_bind_null(statement, i)
                               : sqlite3_bind_double(statement, i, real);
        }
    }
    return code;
}

static enum c4_status prepare(const char *path, sqlite3 *db, sqlite3_stmt **statement,
                              const char *sql, const char *types, va_list values) {
    int code = sqlite3_prepare_v2(db, sql, -1, statement, NULL);
    if (code == SQLITE_OK) code = bind_all(*statement, types, values);
    if (code == SQLITE_OK) return C4_OK;
    enum c4_status status = c4_sql_fail(path, db, code);
    sqlite3_finalize(*statement);
    *statement = NULL;
    return status;
}

enum c4_status c4_sql_prepare(const char *path, sqlite3 *db, sqlite3_stmt **statement,
                              const char *sql, const char *types, ...) {
    va_list values;
    va_start(values, types);
    enum c4_status status = prepare(path, db, statement, sql, types, values);
    va_end(values);
    return status;
}

enum c4_status c4_sql_step(const char *path, sqlite3_stmt *statement, int *row) {
    int code = sqlite3_step(statement);
    *row = code == SQLITE_ROW;
    /* A text without memory for its NUL would be NULL; after this call it is there. */
    for (int i = 0; code == SQLITE_ROW && i < sqlite3_data_count(statement); i++)
        if (sqlite3_column_type(statement, i) == SQLITE_TEXT && !sqlite3_column_text(statement, i))
            code = SQLITE_NOMEM;
    if (code == SQLITE_ROW || code == SQLITE_DONE) return C4_OK;
    return c4_sql_fail(path, sqlite3_db_handle(statement), code);
}

const char *c4_sql_text(sqlite3_stmt *row, int column) {
    const unsigned char *text = sqlite3_column_text(row, column);
    return text ? (const char *)text : "";
}

enum c4_status c4_sql_copy(const char *path, sqlite3_stmt *row, int column, char *text,
                           size_t size) {
    const char *stored = c4_sql_text(row, column);
    size_t length = strlen(stored);
    if (length >= size)
        return c4_fail(C4_ERR_DATA, "%s: holds a %s of %zu bytes, which conv4 does not write", path,
                       sqlite3_column_name(row, column), length);
    memcpy(text, stored, length + 1);
    return C4_OK;
}

enum c4_status c4_sql_again(const char *path, sqlite3_stmt *statement, const char *types, ...) {
    va_list values;
    int row;
    va_start(values, types);
    int code = bind_all(statement, types, values);
    va_end(values);
    if (code != SQLITE_OK) return c4_sql_fail(path, sqlite3_db_handle(statement), code);
    enum c4_status status = c4_sql_step(path, statement, &row);
    sqlite3_reset(statement);
    return status;
}

enum c4_status c4_sql_do(const char *path, sqlite3 *db, const char *sql, const char *types, ...) {
    sqlite3_stmt *statement;
    va_list values;
    va_start(values, types);
    enum c4_status status = prepare(path, db, &statement, sql, types, values);
    va_end(values);
    if (status != C4_OK) return status;
    int row;
    status = c4_sql_step(path, statement, &row);
    sqlite3_finalize(statement);
    return status;
}

enum c4_status c4_sql_end(const char *path, sqlite3 *db, enum c4_status status) {
    if (status == C4_OK) status = c4_sql_run(path, db, "COMMIT");
    if (status != C4_OK && !sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

enum c4_status c4_sql_integer(const char *path, sqlite3 *db, const char *sql, int64_t otherwise,
                              int64_t *value) {
    sqlite3_stmt *statement;
    C4_TRY(c4_sql_prepare(path, db, &statement, sql, ""));
    int row;
    enum c4_status status = c4_sql_step(path, statement, &row);
    *value = status == C4_OK && row ? sqlite3_column_int64(statement, 0) : otherwise;
    sqlite3_finalize(statement);
    return status;
}
