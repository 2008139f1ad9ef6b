#define _GNU_SOURCE /* F_OFD_SETLK */
#include "repro/store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/file/file.h"
#include "core/host/clock.h"
#include "core/host/sysfile.h"
#include "repro/store/sql.h"

enum {
    WHEN_SIZE = 32, /* more than C4_CLOCK_UTC_BYTES */
    BOOT_SIZE = 40, /* a UUID has 36 */
    WAITS = 10,     /* for a process that is ending */
    WAIT_NS = 50000000
};

struct holder {
    int64_t lease, pid;
    char host[C4_LOCK_HOST_SIZE], boot[BOOT_SIZE], since[WHEN_SIZE];
};

void c4_lock_host(char *text, size_t size) {
    if (gethostname(text, size) != 0) snprintf(text, size, "unknown");
    text[size - 1] = '\0';
}

/* What all processes of a running kernel have in common, whatever host name their container has: a
 * UUID; "" where there is no /proc. */
static void find_boot(char boot[BOOT_SIZE]) {
    struct c4_text line = {0};
    c4_sysfile_line("", "/proc/sys/kernel/random/boot_id", &line);
    snprintf(boot, BOOT_SIZE, "%s", c4_text_string(&line));
    c4_text_free(&line);
}

static int open_file(const char *file) {
    int descriptor;
    do descriptor = open(file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0666);
    while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

/* Asks the kernel for the lock: it is ours (lock->descriptor), or *held by another open file, or
 * there are no locks (lock->missing). */
static enum c4_status ask(const char *file, struct c4_lock *lock, bool *held) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat info;
    *held = false;
    int descriptor = open_file(file), error = errno;
    if (descriptor < 0 && lstat(file, &info) == 0 && S_ISLNK(info.st_mode))
        return c4_fail(C4_ERR_FAILED, "%s: is a symbolic link, not a lock; remove it", file);
    if (descriptor < 0) return c4_fail_write(file, error);
    if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(descriptor);
        return c4_fail(C4_ERR_FAILED, "%s: is a device or pipe, not a lock; remove it", file);
    }
    if (fcntl(descriptor, F_OFD_SETLK, &whole) == 0) {
        lock->descriptor = descriptor;
        return C4_OK;
    }
    error = errno;
    close(descriptor);
    *held = error == EAGAIN || error == EACCES;
    if (*held) return C4_OK;
    if (error != ENOLCK && error != EINVAL && error != EOPNOTSUPP && error != ENOSYS)
        return c4_fail_write(file, error);
    lock->missing = error;
    return C4_OK;
}

static enum c4_status take_file(const char *folder, struct c4_lock *lock, bool *held) {
    struct c4_text file = {0};
    enum c4_status status = c4_text_add(&file, "%s/%s", folder, C4_LOCK_FILE);
    if (status == C4_OK) status = ask(c4_text_string(&file), lock, held);
    c4_text_free(&file);
    return status;
}

static enum c4_status read_holder(const char *path, sqlite3 *db, struct holder *holder) {
    sqlite3_stmt *statement;
    C4_TRY(c4_sql_prepare(path, db, &statement, "SELECT lease, pid, host, boot, since FROM writer",
                          ""));
    int row;
    enum c4_status status = c4_sql_step(path, statement, &row);
    if (status == C4_OK && !row)
        status = c4_fail(C4_ERR_DATA,
                         "%s: the writer's row is missing; use another --out or "
                         "--fresh",
                         path);
    if (status == C4_OK) {
        holder->lease = sqlite3_column_int64(statement, 0);
        holder->pid = sqlite3_column_int64(statement, 1);
        snprintf(holder->host, sizeof holder->host, "%s", c4_sql_text(statement, 2));
        snprintf(holder->boot, sizeof holder->boot, "%s", c4_sql_text(statement, 3));
        snprintf(holder->since, sizeof holder->since, "%s", c4_sql_text(statement, 4));
    }
    sqlite3_finalize(statement);
    return status;
}

/* The refusal beside a process that is alive. */
static enum c4_status fail_held(const char *path, const struct holder *holder) {
    static const char remedy[] = "wait for it, end it, or use another --out";
    char host[C4_LOCK_HOST_SIZE];
    c4_lock_host(host, sizeof host);
    if (holder->pid == 0)
        return c4_fail(C4_ERR_FAILED, "%s: another process is working on this study; %s", path,
                       remedy);
    if (strcmp(holder->host, host) == 0)
        return c4_fail(C4_ERR_FAILED,
                       "%s: process %" PRId64 " has been working on this study since %s; %s", path,
                       holder->pid, holder->since, remedy);
    return c4_fail(C4_ERR_FAILED,
                   "%s: process %" PRId64 " on host %s has been working on this study since %s; %s",
                   path, holder->pid, holder->host, holder->since, remedy);
}

/* Whether the process is one of this machine, in whatever container. */
static bool is_here(const struct holder *holder, const char *host, const char *boot) {
    return strcmp(holder->host, host) == 0 || (boot[0] && strcmp(holder->boot, boot) == 0);
}

/* Refuses to follow a process that may be alive where the kernel's lock cannot show it. */
static enum c4_status check_holder(const char *path, const struct holder *holder, const char *host,
                                   const char *boot, const struct c4_lock *lock) {
    if (holder->pid == 0) return C4_OK;
    if (lock->missing)
        return c4_fail(C4_ERR_FAILED,
                       "%s: process %" PRId64 " on host %s has been working on this study since "
                       "%s, and this file system has no locks (%s) to tell whether it still is; "
                       "if it is gone, start again with --take-over",
                       path, holder->pid, holder->host, holder->since, strerror(lock->missing));
    if (is_here(holder, host, boot)) return C4_OK;
    return c4_fail(C4_ERR_FAILED,
                   "%s: process %" PRId64 " on host %s has been working on this study since "
                   "%s; if it is gone, start again with --take-over",
                   path, holder->pid, holder->host, holder->since);
}

static enum c4_status take(const char *path, sqlite3 *db, const char *folder, bool take_over,
                           struct c4_lock *lock, bool *held) {
    struct holder holder;
    char host[C4_LOCK_HOST_SIZE], boot[BOOT_SIZE], since[C4_CLOCK_UTC_BYTES];
    if (sqlite3_db_readonly(db, "main") == 1) return c4_sql_fail(path, db, SQLITE_READONLY);
    C4_TRY(read_holder(path, db, &holder));
    if (folder) C4_TRY(take_file(folder, lock, held));
    if (*held) return fail_held(path, &holder);
    c4_lock_host(host, sizeof host);
    find_boot(boot);
    if (!take_over) C4_TRY(check_holder(path, &holder, host, boot, lock));
    c4_clock_utc(since);
    lock->lease = holder.lease + 1;
    return c4_sql_do(path, db,
                     "UPDATE writer SET lease = ?, host = ?, boot = ?, pid = ?, since = ?", "ittit",
                     lock->lease, host, boot, (int64_t)getpid(), since);
}

/* A process that was killed keeps its lock until the kernel has freed its memory. */
static bool wait_again(bool held, int *waits) {
    return held && (*waits)++ < WAITS &&
           nanosleep(&(struct timespec){.tv_nsec = WAIT_NS}, NULL) == 0;
}

/* The kernel is asked within the transaction, so that the row names whoever has its lock. */
enum c4_status c4_lock_take(const char *path, sqlite3 *db, const char *folder, bool take_over,
                            struct c4_lock *lock) {
    enum c4_status status;
    int waits = 0;
    bool held;
    *lock = (struct c4_lock){.descriptor = -1};
    do {
        held = false;
        C4_TRY(c4_sql_run(path, db, "BEGIN IMMEDIATE"));
        status = c4_sql_end(path, db, take(path, db, folder, take_over, lock, &held));
    } while (wait_again(held, &waits));
    if (status != C4_OK) c4_lock_drop(lock);
    return status;
}

enum c4_status c4_lock_take_file(const char *folder, struct c4_lock *lock) {
    int waits = 0;
    bool held;
    *lock = (struct c4_lock){.descriptor = -1};
    do C4_TRY(take_file(folder, lock, &held));
    while (wait_again(held, &waits));
    return held ? fail_held(folder, &(struct holder){0}) : C4_OK;
}

enum c4_status c4_lock_check(const char *path, sqlite3 *db, const struct c4_lock *lock) {
    struct holder holder;
    C4_TRY(read_holder(path, db, &holder));
    if (holder.lease == lock->lease) return C4_OK;
    return c4_fail(C4_ERR_FAILED,
                   "%s: process %" PRId64 " on host %s took over this study at %s; "
                   "this process writes nothing more",
                   path, holder.pid, holder.host, holder.since);
}

enum c4_status c4_lock_clear(const char *path, sqlite3 *db, const struct c4_lock *lock) {
    return c4_sql_do(path, db,
                     "UPDATE writer SET host = '', boot = '', pid = 0, since = '' WHERE lease = ?",
                     "i", lock->lease);
}

void c4_lock_drop(struct c4_lock *lock) {
    if (lock->descriptor >= 0) close(lock->descriptor);
    lock->descriptor = -1;
}

enum c4_status c4_lock_release(const char *path, sqlite3 *db, struct c4_lock *lock) {
    enum c4_status status = c4_sql_run(path, db, "BEGIN IMMEDIATE");
    if (status == C4_OK) status = c4_lock_clear(path, db, lock);
    c4_lock_drop(lock);
    return c4_sql_end(path, db, status);
}

/* "file:/a%20b?immutable=1" */
static enum c4_status add_uri(const char *path, struct c4_text *uri) {
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
    C4_TRY(c4_text_add(uri, "file:"));
    for (const char *at = path; *at; at++)
        C4_TRY(c4_text_add(uri, strchr(plain, *at) ? "%c" : "%%%02x", (unsigned char)*at));
    return c4_text_add(uri, "?immutable=1");
}

static enum c4_status read_unlocked(const char *path, struct holder *holder) {
    struct c4_text uri = {0};
    sqlite3 *db = NULL;
    enum c4_status status = add_uri(path, &uri);
    int code = SQLITE_OK;
    if (status == C4_OK)
        code = sqlite3_open_v2(c4_text_string(&uri), &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
                               NULL);
    if (status == C4_OK && code != SQLITE_OK) status = c4_sql_fail(path, db, code);
    if (status == C4_OK) status = read_holder(path, db, holder);
    sqlite3_close(db);
    c4_text_free(&uri);
    return status;
}

enum c4_status c4_lock_find_elsewhere(const char *path, bool *elsewhere) {
    struct holder holder = {0};
    struct stat info;
    char host[C4_LOCK_HOST_SIZE], boot[BOOT_SIZE];
    *elsewhere = false;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) return C4_OK;
    enum c4_status status = read_unlocked(path, &holder);
    if (status != C4_OK) return status == C4_ERR_MEMORY ? status : C4_OK;
    c4_lock_host(host, sizeof host);
    find_boot(boot);
    *elsewhere = holder.pid != 0 && !is_here(&holder, host, boot);
    return C4_OK;
}
