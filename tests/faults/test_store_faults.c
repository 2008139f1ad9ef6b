/* Reads, writes and allocations that fail while a study's database is used: status and sentence. No
 * study is called damaged, and none is moved aside, because a read has failed. */
#define _GNU_SOURCE /* strcasestr */
#include "tests/repro/store_sample.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>

#include "repro/merge/merge.h"
#include "repro/results/study_reader.h"
#include "repro/store/database.h"
#include "repro/store/sql.h"
#include "repro/store/store.h"
#include "tests/faults/memory.h"

/* --- the system calls through which SQLite reads and writes --- */

static struct {
    const char *name; /* NULL: none fails */
    long number, called;
    int error;
} failing;

static bool fails(const char *name) {
    if (!failing.name || strcmp(failing.name, name) != 0 || ++failing.called != failing.number)
        return false;
    errno = failing.error;
    return true;
}

static ssize_t failing_read(int descriptor, void *bytes, size_t size, off_t at) {
    return fails("read") ? -1 : pread(descriptor, bytes, size, at);
}

static ssize_t failing_write(int descriptor, const void *bytes, size_t size, off_t at) {
    return fails("write") ? -1 : pwrite(descriptor, bytes, size, at);
}

static int failing_open(const char *path, int flags, int mode) {
    return fails("open") ? -1 : open(path, flags, mode);
}

static int failing_lock(int descriptor, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return fails("lock") ? -1 : fcntl(descriptor, command, argument);
}

/* libc's, with which the store looks for room after a write has failed. */
int posix_fallocate(int descriptor, off_t at, off_t size) {
    bool full = failing.error == EDQUOT && failing.name && failing.called >= failing.number;
    return full ? failing.error : ftruncate(descriptor, at + size) == 0 ? 0 : errno;
}

/* 0 if this SQLite does not call them through its table. */
static int take_over(void **state) {
    static const char *const reads[] = {"pread", "pread64"}, *const writes[] = {"pwrite",
                                                                                "pwrite64"};
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    int taken = 0;
    for (int i = 0; i < 2; i++) {
        taken += vfs->xSetSystemCall(vfs, reads[i], (sqlite3_syscall_ptr)failing_read) == SQLITE_OK;
        vfs->xSetSystemCall(vfs, writes[i], (sqlite3_syscall_ptr)failing_write);
    }
    vfs->xSetSystemCall(vfs, "open", (sqlite3_syscall_ptr)failing_open);
    vfs->xSetSystemCall(vfs, "fcntl", (sqlite3_syscall_ptr)failing_lock);
    (void)state;
    return taken > 0 ? 0 : -1;
}

/* --- a study --- */

static enum c4_status add_long_epoch(struct c4_store *store, uint32_t epoch) {
    enum { ROWS = 200 };
    static struct c4_result_row rows[ROWS];
    for (int i = 0; i < ROWS; i++) {
        rows[i] = (struct c4_result_row){.epoch = epoch, .value = i, .n = i};
        snprintf(rows[i].quantity, sizeof rows[i].quantity, "loss");
        snprintf(rows[i].statistics, sizeof rows[i].statistics, "batch");
    }
    const struct c4_store_segment segment = {.run = RUN,
                                             .epoch = epoch,
                                             .state = C4_RUN_RUNNING,
                                             .provenance = &provenance,
                                             .results = rows,
                                             .result_count = ROWS,
                                             .threads = 1,
                                             .place = "0",
                                             .program = "1.0",
                                             .checkpoint = "checkpoints/x/epoch.safetensors",
                                             .checkpoint_sha256 = "cc"};
    return c4_store_segment(store, &segment);
}

static void make_study(const char *folder) {
    struct c4_store *store;
    assert_int_equal(c4_store_open(folder, false, &store), C4_OK);
    assert_int_equal(c4_store_setting(store, "batch", "32"), C4_OK);
    assert_int_equal(add_run(store, 2), C4_OK);
    for (uint32_t epoch = 1; epoch <= 8; epoch++)
        assert_int_equal(add_long_epoch(store, epoch), C4_OK);
    c4_store_close(store);
}

/* --- what is done with it; all returns are those of the store --- */

static enum c4_status write_epoch(const char *folder) {
    struct c4_store *store;
    C4_TRY(c4_store_open(folder, false, &store));
    enum c4_status status = c4_store_rewind(store, RUN, 8);
    if (status == C4_OK) status = add_long_epoch(store, 9);
    if (status == C4_OK) status = c4_store_rewind(store, RUN, 8);
    c4_store_close(store);
    return status;
}

static enum c4_status copy(const char *folder) {
    struct c4_store *store;
    C4_TRY(c4_store_open_copy(folder, &store));
    struct c4_text text = {0};
    enum c4_status status = c4_store_setting_read(store, "batch", &text);
    if (status == C4_OK && strcmp(c4_text_string(&text), "32") != 0)
        status = c4_fail(C4_ERR_RESULT, "batch is '%s'", c4_text_string(&text));
    c4_text_free(&text);
    c4_store_close(store);
    return status;
}

static void ignore(void *context, const char *run) {
    (void)context;
    (void)run;
}

static enum c4_status read_rows(const char *folder) {
    struct c4_study_reader *reader = NULL;
    struct c4_suspects suspects;
    enum c4_status status = c4_study_reader_open(folder, &reader);
    if (status == C4_OK) status = c4_study_reader_suspects(reader, ignore, NULL, &suspects);
    c4_study_reader_close(reader);
    return status;
}

static enum c4_status look(const char *folder) {
    sqlite3 *db;
    sqlite3_stmt *statement;
    char path[700];
    int row = 1;
    snprintf(path, sizeof path, "%s/study.db", folder);
    C4_TRY(c4_database_open(path, &db));
    enum c4_status status = c4_sql_prepare(path, db, &statement, "SELECT * FROM result", "");
    while (status == C4_OK && row) status = c4_sql_step(path, statement, &row);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return status;
}

static const struct use {
    const char *name;
    enum c4_status (*run)(const char *folder);
} uses[] = {{"write", write_epoch}, {"copy", copy}, {"read", read_rows}, {"look", look}};
enum { USES = sizeof uses / sizeof *uses };

/* Without this, a lock that could not be released would be held by a living process: this one. */
static void unlock(const char *folder) {
    char path[700];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/study.db", folder);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA synchronous = OFF;UPDATE writer SET pid = 0, host = ''",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
}

static int rows_of(const char *folder) {
    struct c4_store *store;
    static double values[16];
    unlock(folder);
    assert_int_equal(c4_store_open(folder, true, &store), C4_OK);
    c4_store_close(store);
    struct c4_text database = {0};
    assert_int_equal(c4_text_add(&database, "%s/study.db", folder), C4_OK);
    sample_series(c4_text_string(&database), &loss, 15, values, NULL);
    c4_text_free(&database);
    int rows = 0;
    for (int epoch = 0; epoch < 16; epoch++) rows += !isnan(values[epoch]);
    return rows;
}

/* Each call of this name fails once with this error; every failure has this status and these words.
 * What is not reported (closing a database) must have succeeded otherwise. */
static void each_fails(void **state, const char *name, int error, enum c4_status want,
                       const char *words, const char *never) {
    char folder[640];
    snprintf(folder, sizeof folder, "%s", scratch_path(state, "study"));
    make_study(folder);
    for (int u = 0; u < USES; u++) {
        long failures = 0;
        for (long n = 1;; n++) {
            failing.name = name;
            failing.number = n;
            failing.called = 0;
            failing.error = error;
            enum c4_status status = uses[u].run(folder);
            bool reached_the_end = failing.called < n;
            failing.name = NULL;
            if (status != C4_OK &&
                (status != want || !strstr(c4_error(), words) || strstr(c4_error(), never)))
                fail_msg("%s %ld of '%s' fails: status %d, \"%s\"", name, n, uses[u].name, status,
                         c4_error());
            failures += status != C4_OK;
            unlock(folder);
            if (reached_the_end) break;
        }
        printf("%s, %s (%s): %ld failures\n", uses[u].name, name, strerror(error), failures);
        if (strcmp(name, "read") == 0) assert_true(failures > 0);
        assert_int_equal(rows_of(folder), 8);
    }
}

static void reads(void **state) {
    each_fails(state, "read", EIO, C4_ERR_ENVIRONMENT,
               "cannot be read: Input/output error; try again; the file was not changed", "fresh");
}

static void writes(void **state) {
    each_fails(state, "write", EIO, C4_ERR_ENVIRONMENT, "cannot be written: Input/output error",
               "fresh");
}

static void a_full_disk(void **state) {
    each_fails(state, "write", ENOSPC, C4_ERR_FAILED, "the disk is full", "fresh");
}

static void a_used_up_quota(void **state) {
    each_fails(state, "write", EDQUOT, C4_ERR_FAILED, "quota is used up", "fresh");
}

static void opening(void **state) {
    each_fails(state, "open", EIO, C4_ERR_ENVIRONMENT, "", "fresh");
}

static void locks(void **state) {
    each_fails(state, "lock", EIO, C4_ERR_ENVIRONMENT, "Input/output error", "fresh");
}

/* --fresh moves nothing when the study could not be read. */
static void nothing_is_moved_aside(void **state) {
    char folder[640], moved[C4_STORE_PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", scratch_path(state, "study"));
    make_study(folder);
    for (long n = 1; n < 12; n++) {
        failing.name = "read";
        failing.number = n;
        failing.called = 0;
        failing.error = EIO;
        enum c4_status status = c4_store_set_aside(folder, false, moved);
        bool reached_the_end = failing.called < n;
        failing.name = NULL;
        if (reached_the_end || status == C4_OK) break; /* only closing has failed */
        assert_failed(status, C4_ERR_ENVIRONMENT, "try again");
        assert_int_equal(rows_of(folder), 8);
    }
}

/* What really is damaged is called so, with the way out. */
static void damage(void **state) {
    char folder[640], path[700];
    unsigned char *bytes;
    size_t size;
    snprintf(folder, sizeof folder, "%s", scratch_path(state, "study"));
    snprintf(path, sizeof path, "%s/study.db", folder);
    make_study(folder);
    assert_int_equal(c4_file_read(path, &bytes, &size), C4_OK);
    static const struct {
        size_t at, count; /* these bytes are overwritten */
        size_t left;      /* of 16 parts */
    } cases[] = {{0, 16, 16}, {0, 0, 8}, {0, 0, 15}, {100, 8, 16}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char *copy_of = malloc(size);
        assert_non_null(copy_of);
        memcpy(copy_of, bytes, size);
        memset(copy_of + cases[i].at, 0xff, cases[i].count);
        put_file(path, copy_of, size / 16 * cases[i].left);
        free(copy_of);
        enum c4_status status = look(folder);
        if (status == C4_OK) fail_msg("case %zu is not noticed", i);
        assert_failed(status, C4_ERR_DATA, "--fresh");
    }
    for (size_t page = 4096; page < size; page += 4096) memset(bytes + page, 0xff, 8);
    put_file(path, bytes, size);
    assert_failed(look(folder), C4_ERR_DATA, "--fresh");
    assert_failed(read_rows(folder), C4_ERR_DATA, "--fresh");
    free(bytes);
    put_file(path, "", 0);
    assert_int_equal(look(folder), C4_OK); /* a new database */
    put_file(path, "", 0);
    assert_failed(read_rows(folder), C4_ERR_DATA, "not the database of a conv4 study");
    remove(path);
    assert_int_equal(mkdir(path, 0777), 0);
    for (int u = 0; u < USES; u++) assert_failed(uses[u].run(folder), C4_ERR_FAILED, "is a folder");
}

/* --- memory --- */

struct used {
    const struct use *use;
    const char *folder;
};

static enum c4_status use_it(void *context) {
    const struct used *used = context;
    return used->use->run(used->folder);
}

static bool unlock_it(void *context, enum c4_status status) {
    const struct used *used = context;
    (void)status;
    unlock(used->folder);
    return true;
}

static void memory(void **state) {
    char folder[640];
    snprintf(folder, sizeof folder, "%s", scratch_path(state, "study"));
    make_study(folder);
    for (int u = 0; u < USES; u++) {
        struct used used = {&uses[u], folder};
        /* SQLite does without some of its caches. */
        const struct operation op = {.name = uses[u].name,
                                     .path = folder,
                                     .run = use_it,
                                     .check = unlock_it,
                                     .context = &used,
                                     .unnoticed = 200,
                                     .step = u == 0 ? 61 : 3};
        every_allocation_fails(&op);
        assert_int_equal(rows_of(folder), 8);
    }
}

static enum c4_status go_on(void *context) {
    (void)context;
    return C4_OK;
}

/* Merges FOLDER/../study, whose run is done, into FOLDER, where it is, too. */
static enum c4_status merge(void *context) {
    const char *out = context;
    char other[700], *folders[] = {other};
    snprintf(other, sizeof other, "%s/../study", out);
    struct c4_merge_outcome outcome;
    const struct c4_merge_request request = {
        .out = out, .folder = folders, .folders = 1, .watch = go_on, .report = ignore};
    enum c4_status status = c4_merge(&request, &outcome);
    if (status == C4_OK && outcome.rows != 8 * 200)
        status = c4_fail(C4_ERR_RESULT, "%d rows are compared", (int)outcome.rows);
    c4_merge_outcome_free(&outcome);
    return status;
}

static bool unlock_out(void *context, enum c4_status status) {
    (void)status;
    unlock(context);
    return true;
}

static void memory_of_a_merge(void **state) {
    char out[640], folder[640];
    snprintf(folder, sizeof folder, "%s", scratch_path(state, "study"));
    snprintf(out, sizeof out, "%s", scratch_path(state, "out"));
    make_study(folder);
    make_study(out);
    alter(state, "study/study.db", "UPDATE run SET status = 'done', epochs = 8");
    alter(state, "out/study.db", "UPDATE run SET status = 'done', epochs = 8");
    const struct operation op = {.name = "merge",
                                 .path = out,
                                 .run = merge,
                                 .check = unlock_out,
                                 .context = out,
                                 .unnoticed = 200,
                                 .step = 61};
    every_allocation_fails(&op);
    assert_int_equal(rows_of(out), 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(writes, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(a_used_up_quota, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(opening, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(locks, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_moved_aside, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(damage, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(memory, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(memory_of_a_merge, scratch_set_up, scratch_tear_down),
    };
    return cmocka_run_group_tests(tests, take_over, NULL);
}
