/* The study's database: rows, transactions, the writer's lock, refusals. */
#define _GNU_SOURCE /* F_OFD_SETLK */
#include "tests/core/test_file_scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "repro/store/store.h"

#define RUN "pretrain-cifar10-d0-n64-seed1"

static const struct c4_provenance provenance = {.data = "a",
                                                .data_sha256 = "aa",
                                                .evaluation = "b",
                                                .evaluation_sha256 = "bb",
                                                .code_version = "1.0",
                                                .arithmetic = 1,
                                                .backend = "ref",
                                                .synthetic = true};

static struct c4_store *open_study(void **state, const char *name) {
    struct c4_store *store;
    assert_int_equal(c4_store_open(scratch_path(state, name), false, &store), C4_OK);
    return store;
}

/* Runs SQL on the database without the store. */
static void alter(void **state, const char *name, const char *sql) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(scratch_path(state, name), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void assert_sentence(const char *part) {
    if (!strstr(c4_error(), part)) fail_msg("'%s' should hold '%s'", c4_error(), part);
}

static enum c4_status add_epoch(struct c4_store *store, uint32_t epoch, double value) {
    const struct c4_result_row rows[] = {
        {epoch, "cka_biased", "pool1", "initialisation", "cifar10-test", "batch", value, 500},
        {epoch, "cka_biased", "pool1", "initialisation", "cifar10-test", "running", -1, 500},
        {epoch, "cka_biased", "pool1", "initialisation", "cifar10-test", "batch", -2, 200},
        {epoch, "cka_biased", "pool1", "initialisation", "svhn-heldout", "batch", -3, 500},
        {epoch, "cka_biased", "pool2", "initialisation", "cifar10-test", "batch", NAN, 500},
        {epoch, "loss", "", "", "", "batch", value / 3, 64}};
    const struct c4_cost_row costs[] = {
        {epoch, "train", "", "", 1.5, 100, 0, 0, "2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z"},
        {epoch, "cka", "pool1", "gram", 0.1, 0, 1e9, 1e6, "2024-01-01T00:00:00Z",
         "2024-01-01T00:00:01Z"}};
    const struct c4_provenance cross = {.data = "a",
                                        .data_sha256 = "aa",
                                        .evaluation = "c",
                                        .evaluation_sha256 = "cc",
                                        .code_version = "1.0",
                                        .arithmetic = 1,
                                        .backend = "ref"};
    struct c4_store_segment transaction = {.run = RUN,
                                           .epoch = epoch,
                                           .state = C4_RUN_RUNNING,
                                           .provenance = &provenance,
                                           .cross_images = "svhn-heldout",
                                           .cross_provenance = &cross,
                                           .results = rows,
                                           .result_count = 6,
                                           .costs = costs,
                                           .cost_count = 2,
                                           .threads = 1,
                                           .place = "0",
                                           .checkpoint = "checkpoints/x/epoch.safetensors",
                                           .checkpoint_sha256 = "cc"};
    return c4_store_segment(store, &transaction);
}

static const struct c4_store_key pool1 = {.run = RUN,
                                          .quantity = "cka_biased",
                                          .layer = "pool1",
                                          .reference = "initialisation",
                                          .images = "cifar10-test",
                                          .statistics = "batch",
                                          .n = 500};
static const struct c4_store_key loss = {.run = RUN, .quantity = "loss"};

static void rows_round_trip(void **state) {
    struct c4_store *store = open_study(state, "a");
    assert_int_equal(c4_store_run_add(store, RUN, "spec"), C4_OK);
    for (uint32_t e = 0; e < 4; e++) assert_int_equal(add_epoch(store, e, 1.0 / (e + 3)), C4_OK);
    c4_store_close(store);

    store = open_study(state, "a");
    double values[6];
    bool synthetic;
    assert_int_equal(c4_store_series(store, &pool1, 5, values, &synthetic), C4_OK);
    assert_true(synthetic);
    for (int e = 0; e < 4; e++) assert_true(values[e] == 1.0 / (e + 3));
    assert_true(isnan(values[4]) && isnan(values[5]));
    struct c4_store_key key = pool1;
    key.layer = "pool2";
    assert_int_equal(c4_store_series(store, &key, 2, values, NULL), C4_OK);
    assert_true(isnan(values[0]));
    /* Every part of the key counts. */
    double value;
    key = pool1;
    assert_int_equal(c4_store_value(store, &key, 1, &value), C4_OK);
    assert_true(value == 0.25);
    key.statistics = "running";
    assert_int_equal(c4_store_value(store, &key, 1, &value), C4_OK);
    assert_true(value == -1);
    key = pool1;
    key.n = 200;
    assert_int_equal(c4_store_value(store, &key, 1, &value), C4_OK);
    assert_true(value == -2);
    key = pool1;
    key.images = "svhn-heldout";
    assert_int_equal(c4_store_series(store, &key, 5, values, &synthetic), C4_OK);
    assert_true(values[1] == -3 && !synthetic);
    key.reference = "pretrained";
    assert_int_equal(c4_store_value(store, &key, 1, &value), C4_OK);
    assert_true(isnan(value));

    struct c4_store_checkpoint known[8];
    int count;
    assert_int_equal(c4_store_checkpoints(store, RUN, known, 8, &count), C4_OK);
    assert_int_equal(count, 2);
    assert_int_equal(known[0].epoch, 3);
    assert_int_equal(known[1].epoch, 2);
    assert_string_equal(known[0].sha256, "cc");

    assert_int_equal(c4_store_rewind(store, RUN, 1), C4_OK);
    assert_int_equal(c4_store_series(store, &loss, 5, values, NULL), C4_OK);
    assert_true(values[1] == 0.25 / 3 && isnan(values[2]) && isnan(values[3]));
    assert_int_equal(c4_store_checkpoints(store, RUN, known, 8, &count), C4_OK);
    assert_int_equal(count, 0);
    c4_store_close(store);
}

/* An epoch that cannot be stored completely leaves nothing. */
static void all_or_nothing(void **state) {
    struct c4_store *store = open_study(state, "a");
    double values[3];
    assert_int_equal(c4_store_run_add(store, RUN, "spec"), C4_OK);
    assert_int_equal(add_epoch(store, 0, 1), C4_OK);
    /* The checkpoint of epoch 1 exists already, so the last insertion of the transaction fails. */
    alter(state, "a/study.db", "INSERT INTO checkpoint VALUES('" RUN "', 1, 'p', 'h')");
    assert_int_equal(add_epoch(store, 1, 1), C4_ERR_FAILED);
    assert_int_equal(c4_store_series(store, &loss, 2, values, NULL), C4_OK);
    assert_false(isnan(values[0]));
    assert_true(isnan(values[1]));
    alter(state, "a/study.db", "DELETE FROM checkpoint WHERE epoch = 1");
    assert_int_equal(add_epoch(store, 1, 1), C4_OK);
    c4_store_close(store);
}

static void settings_bind(void **state) {
    struct c4_store *store = open_study(state, "a");
    char text[64];
    assert_int_equal(c4_store_setting_read(store, "batch", text, sizeof text), C4_OK);
    assert_string_equal(text, "");
    assert_int_equal(c4_store_setting(store, "batch", "32"), C4_OK);
    assert_int_equal(c4_store_setting(store, "batch", "32"), C4_OK);
    assert_int_equal(c4_store_setting(store, "batch", "64"), C4_ERR_FAILED);
    assert_sentence("made with batch = 32, not 64; repeat its options, use another --out");
    assert_int_equal(c4_store_setting_read(store, "batch", text, sizeof text), C4_OK);
    assert_string_equal(text, "32");
    assert_int_equal(c4_store_setting_put(store, "batch", "64"), C4_OK);
    assert_int_equal(c4_store_setting_read(store, "batch", text, sizeof text), C4_OK);
    assert_string_equal(text, "64");
    assert_int_equal(c4_store_run_add(store, RUN, "epochs=2"), C4_OK);
    assert_int_equal(c4_store_run_add(store, RUN, "epochs=3"), C4_ERR_FAILED);
    assert_sentence("epochs=2");
    c4_store_close(store);
}

/* A second process is refused while the first lives, and takes over after it was killed. */
/* A plan of several settings and runs is stored completely or, after a failure or a kill, not at
 * all. */
static void a_plan_is_kept_whole(void **state) {
    enum c4_run_state status;
    struct c4_store *store = open_study(state, "a");
    char text[64];
    assert_int_equal(c4_store_begin(store), C4_OK);
    assert_int_equal(c4_store_setting(store, "batch", "32"), C4_OK);
    assert_int_equal(c4_store_run_add(store, RUN, "epochs=2"), C4_OK);
    assert_int_equal(c4_store_run_add(store, RUN, "epochs=3"), C4_ERR_FAILED);
    assert_int_equal(c4_store_end(store, C4_ERR_FAILED), C4_ERR_FAILED);
    assert_int_equal(c4_store_setting_read(store, "batch", text, sizeof text), C4_OK);
    assert_string_equal(text, "");
    assert_int_equal(c4_store_run_add(store, RUN, "epochs=3"), C4_OK);

    pid_t child = fork();
    if (child == 0) { /* killed in the middle */
        if (c4_store_begin(store) == C4_OK && c4_store_setting(store, "batch", "64") == C4_OK &&
            c4_store_run_set_state(store, RUN, C4_RUN_DONE) == C4_OK)
            raise(SIGKILL);
        _exit(1);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
    c4_store_close(store);
    store = open_study(state, "a");
    assert_int_equal(c4_store_setting_read(store, "batch", text, sizeof text), C4_OK);
    assert_string_equal(text, "");
    assert_int_equal(c4_store_run_state(store, RUN, &status), C4_OK);
    assert_int_equal(status, C4_RUN_PLANNED);
    assert_int_equal(c4_store_begin(store), C4_OK);
    assert_int_equal(c4_store_setting(store, "batch", "64"), C4_OK);
    assert_int_equal(c4_store_end(store, C4_OK), C4_OK);
    assert_int_equal(c4_store_setting_read(store, "batch", text, sizeof text), C4_OK);
    assert_string_equal(text, "64");
    c4_store_close(store);
}

static void lock_of_a_process(void **state) {
    const char *folder = scratch_path(state, "a");
    int up[2], down[2];
    char byte;
    assert_int_equal(pipe(up), 0);
    assert_int_equal(pipe(down), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct c4_store *store;
        bool opened = c4_store_open(folder, false, &store) == C4_OK;
        close(down[1]); /* it ends with this test, however that ends */
        if (write(up[1], opened ? "y" : "n", 1) == 1 && read(down[0], &byte, 1) != 0) _exit(2);
        _exit(1);
    }
    assert_int_equal(read(up[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    struct c4_store *store;
    char words[64], moved[C4_STORE_PATH_SIZE];
    assert_int_equal(c4_store_open(folder, false, &store), C4_ERR_FAILED);
    assert_null(store);
    snprintf(words, sizeof words, "process %d has been working on this study", (int)child);
    assert_sentence(words);
    assert_int_equal(c4_store_open(folder, true, &store), C4_ERR_FAILED); /* it is still alive */
    assert_int_equal(c4_store_set_aside(folder, false, moved), C4_ERR_FAILED);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(c4_store_open(folder, false, &store), C4_OK);
    c4_store_close(store);
    for (int end = 0; end < 2; end++) {
        close(up[end]);
        close(down[end]);
    }
}

/* Makes the kernel forget who works in a folder, as if that process were on another machine. */
static void forget_lock(void **state) {
    assert_int_equal(remove(scratch_path(state, "a/study.lock")), 0);
}

static void lock_of_another_host(void **state) {
    struct c4_store *store = open_study(state, "a"), *second;
    assert_int_equal(c4_store_run_add(store, RUN, "spec"), C4_OK);
    alter(state, "a/study.db", "UPDATE writer SET host = 'elsewhere.invalid', pid = 1");
    assert_int_equal(c4_store_open(scratch_path(state, "a"), true, &second), C4_ERR_FAILED);
    assert_sentence("process 1 on host elsewhere.invalid has been working on this study");
    forget_lock(state);
    assert_int_equal(c4_store_open(scratch_path(state, "a"), false, &second), C4_ERR_FAILED);
    assert_sentence("--take-over");
    assert_int_equal(c4_store_open(scratch_path(state, "a"), true, &second), C4_OK);
    /* The lease has moved on: the first writer can no longer publish. */
    assert_int_equal(add_epoch(store, 0, 1), C4_ERR_FAILED);
    assert_sentence("took over this study");
    assert_int_equal(add_epoch(second, 0, 1), C4_OK);
    c4_store_close(store); /* and leaves the second one's lock alone */
    assert_int_equal(add_epoch(second, 1, 1), C4_OK);
    c4_store_close(second);
}

/* Only the kernel's lock shows that a process is alive: its number may be that of another process,
 * or of none in this PID namespace. */
static void numbers_do_not_count(void **state) {
    struct c4_store *store = open_study(state, "a"), *second;
    alter(state, "a/study.db", "UPDATE writer SET pid = 1999999999");
    assert_int_equal(c4_store_open(scratch_path(state, "a"), false, &second), C4_ERR_FAILED);
    assert_sentence("process 1999999999 has been working on this study");
    c4_store_close(store);
    char sql[400], host[256], word[32];
    assert_int_equal(gethostname(host, sizeof host), 0);
    snprintf(sql, sizeof sql, "UPDATE writer SET pid = %ld, since = 'then', host = '%s'",
             (long)getppid(), host);
    snprintf(word, sizeof word, "process %ld", (long)getppid());
    alter(state, "a/study.db", sql);
    store = open_study(state, "a");
    assert_int_equal(c4_store_open(scratch_path(state, "a"), false, &second), C4_ERR_FAILED);
    if (strstr(c4_error(), word)) fail_msg("'%s' names the process before", c4_error());
    c4_store_close(store);
}

/* study.lock is the store's own, is never removed, and is closed by exec. */
static void lock_file(void **state) {
    struct c4_store *store = open_study(state, "a"), *second;
    struct stat before, after;
    const char *file = scratch_path(state, "a/study.lock");
    assert_int_equal(stat(file, &before), 0);
    assert_true(before.st_size == 0);
    for (int descriptor = 3; descriptor < 100; descriptor++) {
        struct stat info;
        if (fstat(descriptor, &info) == 0 && info.st_ino == before.st_ino)
            assert_true(fcntl(descriptor, F_GETFD) & FD_CLOEXEC);
    }
    c4_store_close(store);
    store = open_study(state, "a");
    assert_int_equal(stat(file, &after), 0);
    assert_true(before.st_ino == after.st_ino);
    c4_store_close(store);
    /* A copy neither needs nor takes the lock. */
    assert_int_equal(remove(file), 0);
    assert_int_equal(c4_store_open_copy(scratch_path(state, "a"), &second), C4_OK);
    c4_store_close(second);
    assert_false(c4_path_exists(file));
    /* A link would lead the lock to another file. */
    assert_int_equal(symlink("elsewhere", file), 0);
    assert_int_equal(c4_store_open(scratch_path(state, "a"), false, &second), C4_ERR_FAILED);
    assert_sentence("study.lock: is a symbolic link");
    assert_false(c4_path_exists(scratch_path(state, "a/elsewhere")));
    assert_int_equal(remove(file), 0);
    assert_int_equal(mkfifo(file, 0600), 0);
    assert_int_equal(c4_store_open(scratch_path(state, "a"), false, &second), C4_ERR_FAILED);
    assert_sentence("study.lock: is a device or pipe");
}

static int missing_locks; /* an errno value: the file system has no locks */

/* In the place of the C library's. */
int fcntl(int descriptor, int command, ...) {
    va_list list;
    va_start(list, command);
    long argument = va_arg(list, long);
    va_end(list);
    if (command == F_OFD_SETLK && missing_locks) {
        errno = missing_locks;
        return -1;
    }
    return (int)syscall(SYS_fcntl, descriptor, command, argument);
}

/* Where the kernel has no locks, the row alone decides, and the user is told. */
static void no_locks(void **state) {
    static const int errors[] = {ENOLCK, EINVAL, EOPNOTSUPP};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct c4_store *store, *second;
        struct c4_text note = {0};
        char moved[C4_STORE_PATH_SIZE];
        missing_locks = errors[i];
        store = open_study(state, "a");
        assert_int_equal(c4_store_note(store, &note), C4_OK);
        if (!strstr(c4_text_string(&note), "has no locks (")) fail_msg("'%s'", note.bytes);
        c4_text_free(&note);
        assert_int_equal(c4_store_open(scratch_path(state, "a"), false, &second), C4_ERR_FAILED);
        assert_sentence("has no locks (");
        assert_sentence("start again with --take-over");
        assert_int_equal(c4_store_set_aside(scratch_path(state, "a"), false, moved), C4_ERR_FAILED);
        assert_int_equal(c4_store_open(scratch_path(state, "a"), true, &second), C4_OK);
        assert_int_equal(c4_store_run_add(store, RUN, "spec"), C4_ERR_FAILED);
        assert_sentence("took over this study");
        c4_store_close(store);
        c4_store_close(second);
        store = open_study(state, "a"); /* a study that was left in order needs nothing */
        c4_store_close(store);
        missing_locks = 0;
        store = open_study(state, "a");
        assert_int_equal(c4_store_note(store, &note), C4_OK);
        assert_int_equal(note.length, 0);
        c4_store_close(store);
    }
}

/* A study is not moved while somebody works on it, whether or not its database can be read. */
static void moved_with_the_lock(void **state) {
    char folder[640], moved[C4_STORE_PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", scratch_path(state, "a"));
    struct c4_store *store = open_study(state, "a");
    assert_int_equal(c4_store_set_aside(folder, true, moved), C4_ERR_FAILED);
    alter(state, "a/study.db", "UPDATE schema SET version = 1000");
    assert_int_equal(c4_store_set_aside(folder, false, moved), C4_ERR_FAILED);
    assert_sentence("another process is working on this study");
    assert_true(c4_path_exists(scratch_path(state, "a/study.db")));
    c4_store_close(store);
    assert_int_equal(c4_store_set_aside(folder, false, moved), C4_OK);
    assert_false(c4_path_exists(scratch_path(state, "a/study.db")));
    assert_true(c4_path_exists(scratch_path(state, "a/study.lock")));
    store = open_study(state, "a");
    c4_store_close(store);
}

static void foreign_files(void **state) {
    struct c4_store *store = open_study(state, "a");
    c4_store_close(store);
    /* The previous schema is upgraded: it only lacks phase times. */
    alter(state, "a/study.db", "UPDATE schema SET version = 2");
    assert_int_equal(c4_store_open(scratch_path(state, "a"), false, &store), C4_OK);
    c4_store_close(store);
    alter(state, "a/study.db", "UPDATE schema SET version = version - 2 WHERE version = 3");
    assert_int_equal(c4_store_open(scratch_path(state, "a"), false, &store), C4_ERR_DATA);
    assert_sentence("written by an older conv4 (schema 1, this one writes 3)");
    alter(state, "a/study.db", "UPDATE schema SET version = 1000");
    assert_int_equal(c4_store_open(scratch_path(state, "a"), false, &store), C4_ERR_DATA);
    assert_sentence("written by a newer conv4 (schema 1000");

    assert_int_equal(mkdir(scratch_path(state, "b"), 0777), 0);
    alter(state, "b/study.db", "CREATE TABLE recipes(name)");
    assert_int_equal(c4_store_open(scratch_path(state, "b"), false, &store), C4_ERR_FAILED);
    assert_sentence("database of another program");
    char moved[C4_STORE_PATH_SIZE];
    assert_int_equal(c4_store_set_aside(scratch_path(state, "b"), false, moved), C4_ERR_FAILED);

    assert_int_equal(mkdir(scratch_path(state, "c"), 0777), 0);
    static const char text[] = "This is not a database, but long enough to be taken for one if "
                               "nobody looked at its first sixteen bytes, which SQLite does.";
    put_file(scratch_path(state, "c/study.db"), text, sizeof text);
    assert_int_equal(c4_store_open(scratch_path(state, "c"), false, &store), C4_ERR_DATA);
    assert_sentence("--fresh");
}

static void set_aside(void **state) {
    char folder[640]; /* a copy: scratch_path() has few buffers */
    snprintf(folder, sizeof folder, "%s", scratch_path(state, "a"));
    char moved[C4_STORE_PATH_SIZE], again[C4_STORE_PATH_SIZE], path[C4_STORE_PATH_SIZE + 16];
    assert_int_equal(mkdir(folder, 0777), 0);
    put_file(scratch_path(state, "a/mine.txt"), "x", 1);
    assert_int_equal(c4_store_set_aside(folder, false, moved), C4_OK);
    assert_string_equal(moved, "");
    for (int i = 0; i < 2; i++) {
        struct c4_store *store;
        assert_int_equal(c4_store_open(folder, false, &store), C4_OK);
        c4_store_close(store);
        assert_int_equal(mkdir(scratch_path(state, "a/checkpoints"), 0777), 0);
        put_file(scratch_path(state, "a/checkpoints/net"), "x", 1);
        assert_int_equal(c4_store_set_aside(folder, false, i ? again : moved), C4_OK);
        assert_false(c4_path_exists(scratch_path(state, "a/study.db")));
        assert_false(c4_path_exists(scratch_path(state, "a/checkpoints")));
        assert_true(c4_path_exists(scratch_path(state, "a/mine.txt")));
    }
    assert_string_not_equal(moved, again);
    snprintf(path, sizeof path, "%s/study.db", moved);
    assert_true(c4_path_exists(path));
    snprintf(path, sizeof path, "%s/checkpoints/net", again);
    assert_true(c4_path_exists(path));
}

static void no_permission(void **state) {
    struct c4_store *store = open_study(state, "a");
    c4_store_close(store);
    assert_int_equal(chmod(scratch_path(state, "a/study.db"), 0444), 0);
    assert_int_equal(chmod(scratch_path(state, "a"), 0555), 0);
    assert_int_equal(chmod(scratch_path(state, "."), 0755), 0);
    unprivileged_begin();
    enum c4_status existing = c4_store_open(scratch_path(state, "a"), false, &store);
    assert_null(store);
    enum c4_status absent = c4_store_open(scratch_path(state, "a/b"), false, &store);
    unprivileged_end();
    assert_int_equal(chmod(scratch_path(state, "a"), 0755), 0);
    assert_int_equal(existing, C4_ERR_ENVIRONMENT);
    assert_int_equal(absent, C4_ERR_ENVIRONMENT);
}

/* If the disk fills up in the middle of a transaction, it fails as a whole, and the store can
 * continue once there is room. */
static void full_disk(void **state) {
    struct c4_store *store = open_study(state, "a");
    struct rlimit old;
    double values[400];
    assert_int_equal(c4_store_run_add(store, RUN, "spec"), C4_OK);
    file_size_limit_begin(64 * 1024, &old);
    uint32_t epoch = 0;
    enum c4_status status = C4_OK;
    while (status == C4_OK && epoch < 400) status = add_epoch(store, epoch++, 1);
    file_size_limit_end(&old);
    assert_int_equal(status, C4_ERR_FAILED);
    epoch--;
    assert_int_equal(c4_store_series(store, &loss, 399, values, NULL), C4_OK);
    assert_false(isnan(values[epoch - 1]));
    assert_true(isnan(values[epoch]));
    assert_int_equal(add_epoch(store, epoch, 1), C4_OK);
    c4_store_close(store);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(rows_round_trip),   TEST(all_or_nothing),       TEST(settings_bind),
        TEST(lock_of_a_process), TEST(lock_of_another_host), TEST(foreign_files),
        TEST(set_aside),         TEST(numbers_do_not_count), TEST(no_permission),
        TEST(full_disk),         TEST(a_plan_is_kept_whole), TEST(lock_file),
        TEST(no_locks),          TEST(moved_with_the_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
