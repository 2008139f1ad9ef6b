#include "repro/store/lock.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/host/clock.h"
#include "repro/store/sql.h"

enum { HOST_SIZE = 256, WHEN_SIZE = 32 };

struct holder {
    int64_t lease, pid, started;
    char host[HOST_SIZE], since[WHEN_SIZE];
};

void c4_lock_host(char *text, size_t size) {
    if (gethostname(text, size) != 0) snprintf(text, size, "unknown");
    text[size - 1] = '\0';
}

/* Start time of a process in kernel ticks (field 22 of its first thread's stat), which
 * distinguishes it from a later process with the same number; 0 if unknown. Not from
 * /proc/PID/stat: under QEMU user mode a process reads a different start time there for itself than
 * other processes do. */
static int64_t start_of(int64_t pid) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%" PRId64 "/task/%" PRId64 "/stat", pid, pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    const char *at = strrchr(text, ')'); /* the name before it may contain anything */
    long long started = 0;
    for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
    return at && sscanf(at, "%lld", &started) == 1 ? started : 0;
}

static bool is_alive(const struct holder *holder) {
    if (kill((pid_t)holder->pid, 0) != 0 && errno == ESRCH) return false;
    int64_t started = start_of(holder->pid);
    return !started || !holder->started || started == holder->started;
}

static enum c4_status read_holder(const char *path, sqlite3 *db, struct holder *holder) {
    sqlite3_stmt *statement;
    C4_TRY(c4_sql_prepare(path, db, &statement,
                          "SELECT lease, pid, started, host, since FROM writer", ""));
    int row;
    enum c4_status status = c4_sql_step(path, statement, &row);
    if (status == C4_OK && !row)
        status = c4_fail(C4_ERR_DATA,
                         "%s: the writer's row is missing; use another --out or "
                         "--fresh",
                         path);
    if (status == C4_OK) {
        const char *host = (const char *)sqlite3_column_text(statement, 3);
        const char *since = (const char *)sqlite3_column_text(statement, 4);
        holder->lease = sqlite3_column_int64(statement, 0);
        holder->pid = sqlite3_column_int64(statement, 1);
        holder->started = sqlite3_column_int64(statement, 2);
        snprintf(holder->host, sizeof holder->host, "%s", host ? host : "");
        snprintf(holder->since, sizeof holder->since, "%s", since ? since : "");
    }
    sqlite3_finalize(statement);
    return status;
}

static enum c4_status take(const char *path, sqlite3 *db, bool take_over, int64_t *lease) {
    struct holder holder;
    char host[HOST_SIZE], since[C4_CLOCK_UTC_BYTES];
    C4_TRY(read_holder(path, db, &holder));
    c4_lock_host(host, sizeof host);
    int64_t pid = getpid();
    if (holder.pid != 0 && strcmp(holder.host, host) == 0) {
        if (is_alive(&holder))
            return c4_fail(C4_ERR_FAILED,
                           "%s: process %" PRId64 " has been working on this study since %s; "
                           "wait for it, end it, or use another --out",
                           path, holder.pid, holder.since);
    } else if (holder.pid != 0 && !take_over) {
        return c4_fail(C4_ERR_FAILED,
                       "%s: process %" PRId64 " on host %s has been working on this study since "
                       "%s; if it is gone, start again with --take-over",
                       path, holder.pid, holder.host, holder.since);
    }
    c4_clock_utc(since);
    *lease = holder.lease + 1;
    return c4_sql_do(path, db,
                     "UPDATE writer SET lease = ?, host = ?, pid = ?, started = ?, since = ?",
                     "itiit", *lease, host, pid, start_of(pid), since);
}

enum c4_status c4_lock_take(const char *path, sqlite3 *db, bool take_over, int64_t *lease) {
    C4_TRY(c4_sql_run(path, db, "BEGIN IMMEDIATE"));
    return c4_sql_end(path, db, take(path, db, take_over, lease));
}

enum c4_status c4_lock_check(const char *path, sqlite3 *db, int64_t lease) {
    struct holder holder;
    C4_TRY(read_holder(path, db, &holder));
    if (holder.lease == lease) return C4_OK;
    return c4_fail(C4_ERR_FAILED,
                   "%s: process %" PRId64 " on host %s took over this study at %s; "
                   "this process writes nothing more",
                   path, holder.pid, holder.host, holder.since);
}

enum c4_status c4_lock_release(const char *path, sqlite3 *db, int64_t lease) {
    return c4_sql_do(
        path, db, "UPDATE writer SET host = '', pid = 0, started = 0, since = '' WHERE lease = ?",
        "i", lease);
}
