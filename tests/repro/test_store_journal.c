/* Journals that killed writers left, of this machine and of others. */
#include "tests/repro/store_sample.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "repro/store/lock.h"

/* Writes more than SQLite keeps in memory, and dies: its journal is left, and has to be rolled
 * back. */
static void die_while_writing(void **state, const char *name) {
    pid_t child = fork();
    if (child == 0) {
        sqlite3 *db;
        sqlite3_open(scratch_path(state, name), &db);
        sqlite3_exec(db,
                     "PRAGMA journal_mode = TRUNCATE; PRAGMA cache_size = 2; BEGIN;"
                     "CREATE TABLE filling(text);"
                     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)"
                     " INSERT INTO filling SELECT zeroblob(1000) FROM n",
                     NULL, NULL, NULL);
        raise(SIGKILL);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
}

static int64_t size_of(void **state, const char *name) {
    struct stat info;
    return stat(scratch_path(state, name), &info) == 0 ? (int64_t)info.st_size : -1;
}

/* Another machine's journal may be that of a live writer, whose locks are not seen here. */
static void a_journal_of_another_machine_is_left_alone(void **state) {
    struct c4_store *store = open_study(state, "a b");
    c4_store_close(store);
    alter(state, "a b/study.db", "UPDATE writer SET pid = 7, host = 'elsewhere', boot = 'another'");
    die_while_writing(state, "a b/study.db");
    int64_t journal_bytes = size_of(state, "a b/study.db-journal");
    int64_t bytes = size_of(state, "a b/study.db");
    assert_true(journal_bytes > 0);
    assert_int_equal(c4_store_open_copy(scratch_path(state, "a b"), &store), C4_ERR_FAILED);
    assert_sentence("a process on another host was writing");
    assert_int_equal(size_of(state, "a b/study.db-journal"), journal_bytes);
    assert_int_equal(size_of(state, "a b/study.db"), bytes);

    store = open_study(state, "b");
    c4_store_close(store);
    char host[C4_LOCK_HOST_SIZE], sql[C4_LOCK_HOST_SIZE + 64];
    c4_lock_host(host, sizeof host);
    snprintf(sql, sizeof sql, "UPDATE writer SET pid = 7, host = '%s'", host);
    alter(state, "b/study.db", sql);
    die_while_writing(state, "b/study.db");
    assert_true(size_of(state, "b/study.db-journal") > 0);
    assert_int_equal(c4_store_open_copy(scratch_path(state, "b"), &store), C4_OK);
    c4_store_close(store);
    assert_true(size_of(state, "b/study.db-journal") <= 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_journal_of_another_machine_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
