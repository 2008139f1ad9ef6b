/* Who may write to a study, and where its folder is. */
#define _GNU_SOURCE /* F_OFD_SETLK */
#include "tests/repro/store_sample.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* A second process is refused while the first lives, and takes over after it was killed. */
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
    assert_int_equal(add_run(store, 500), C4_OK);
    alter(state, "a/study.db", "UPDATE writer SET host = 'elsewhere.invalid', boot = 'x', pid = 1");
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

/* A container that was killed and comes back with another host name is still on this machine, whose
 * kernel says that the process is gone. */
static void lock_of_another_container(void **state) {
    struct c4_store *store = open_study(state, "a"), *second;
    alter(state, "a/study.db", "UPDATE writer SET host = 'old-container', pid = 7");
    assert_int_equal(c4_store_open(scratch_path(state, "a"), false, &second), C4_ERR_FAILED);
    assert_sentence("process 7 on host old-container has been working on this study");
    c4_store_close(store);
    if (!c4_path_exists("/proc/sys/kernel/random/boot_id")) skip();
    store = open_study(state, "a");
    alter(state, "a/study.db", "CREATE TABLE kept AS SELECT * FROM writer");
    c4_store_close(store);
    alter(state, "a/study.db",
          "DELETE FROM writer; INSERT INTO writer SELECT * FROM kept;"
          "UPDATE writer SET host = 'old-container'; DROP TABLE kept");
    assert_int_equal(c4_store_open(scratch_path(state, "a"), false, &second), C4_OK);
    c4_store_close(second);
    alter(state, "a/study.db", "UPDATE writer SET host = 'old-container', boot = 'x', pid = 7");
    assert_int_equal(c4_store_open(scratch_path(state, "a"), false, &second), C4_ERR_FAILED);
    assert_sentence("--take-over");
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
        assert_int_equal(add_run(store, 500), C4_ERR_FAILED);
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

/* A folder that is renamed: nothing is written, nothing is made at the old path, and what was
 * stored is there at the new one. */
static void folder_moved(void **state) {
    struct c4_folder_identity identity;
    char here[1024];
    double value;
    struct c4_store *store = open_study(state, "a");
    assert_int_equal(add_run(store, 500), C4_OK);
    assert_int_equal(add_epoch(store, 0, 0.5), C4_OK);
    assert_int_equal(c4_store_check_folder(store), C4_OK);
    assert_int_equal(c4_store_folder(store, &identity), C4_OK);
    assert_int_equal(rename(scratch_path(state, "a"), scratch_path(state, "b")), 0);
    assert_int_equal(c4_store_check_folder(store), C4_ERR_ENVIRONMENT);
    assert_sentence("/a: the study's folder was moved or removed while it ran");
    assert_int_equal(add_epoch(store, 1, 0.5), C4_ERR_ENVIRONMENT);
    assert_sentence("was moved or removed while it ran");
    /* Another folder in its place is not it. */
    assert_int_equal(mkdir(scratch_path(state, "a"), 0777), 0);
    assert_int_equal(add_epoch(store, 1, 0.5), C4_ERR_ENVIRONMENT);
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(c4_folder_enter(scratch_path(state, "a"), &identity), C4_ERR_ENVIRONMENT);
    assert_int_equal(c4_folder_enter(scratch_path(state, "none"), &identity), C4_ERR_ENVIRONMENT);
    assert_int_equal(c4_folder_enter(scratch_path(state, "b"), &identity), C4_OK);
    assert_int_equal(chdir(here), 0);
    c4_store_close(store);
    assert_int_equal(rmdir(scratch_path(state, "a")), 0); /* it is empty */
    store = open_study(state, "b");
    sample_series(scratch_path(state, "b/study.db"), &loss, 0, &value, NULL);
    assert_true(value == 0.5 / 3);
    assert_int_equal(add_epoch(store, 1, 0.5), C4_OK);
    c4_store_close(store);
    assert_int_equal(c4_dir_make_inside(scratch_path(state, "b"), "x/y"), C4_OK);
    assert_int_equal(c4_dir_make_inside(scratch_path(state, "b"), "x/y"), C4_OK);
    assert_int_equal(c4_dir_make_inside(scratch_path(state, "none"), "x/y"), C4_ERR_FAILED);
    assert_false(c4_path_exists(scratch_path(state, "none")));
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(lock_of_a_process),
        TEST(lock_of_another_host),
        TEST(lock_of_another_container),
        TEST(numbers_do_not_count),
        TEST(lock_file),
        TEST(no_locks),
        TEST(folder_moved),
        TEST(moved_with_the_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
