/* Reading a study's tables, and comparing two of them; on databases made here. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/study/agree.h"
#include "tests/harness/unit.h"

#define RESULT                                                                                     \
    "CREATE TABLE result(run TEXT, epoch INTEGER, quantity TEXT, layer TEXT, reference TEXT,"      \
    " images TEXT, statistics TEXT, n INTEGER, value REAL);"

/* A pre-training and a fine-tuning of two epochs, and costs of runs and of none. */
static const char ours[] = RESULT
    "CREATE TABLE run(key TEXT, kind TEXT, data TEXT, label_rule TEXT, degree INTEGER,"
    " shift_rule TEXT, shift INTEGER, images INTEGER, epochs INTEGER, seed INTEGER, source TEXT);"
    "INSERT INTO run VALUES('a', 'pretrain', 'cifar10', 'random', 9, '', 0, 64, 2, 3, NULL),"
    "('b', 'finetune', 'svhn', 'shifted', 0, 'seed', 3, 32, 2, 3, 'a'),"
    "('c', 'scratch', 'svhn', 'shifted', 0, 'one', 1, 32, 2, 3, NULL);"
    "CREATE TABLE cost(run TEXT, what TEXT, seconds REAL, threads INTEGER);"
    "INSERT INTO cost VALUES('a', 'train', 2, 2), ('a', 'train_phase', 2, 2), ('a', 'features', 1, "
    "1),"
    "('b', 'control_running', 1, 1), ('b', 'test_accuracy', 1, 1), ('a', 'cka', 1, 2),"
    "(NULL, 'cka_reference', 1, 1), (NULL, 'reference_features', 3, 1), ('b', 'checkpoint', 1, 1),"
    "('b', 'gardening', 5, 1);"
    "CREATE TABLE setting(name TEXT, value TEXT); INSERT INTO setting VALUES('batch', '32');"
    "INSERT INTO result VALUES('a', 0, 'cka_biased', 'pool1', 'initialisation', 'x', 'batch', 9, "
    "1),"
    "('a', 0, 'train_accuracy', '', '', '', 'batch', 200, .25),"
    "('a', 1, 'loss', '', '', '', 'batch', 64, 2.5),"
    "('a', 2, 'cka_biased', 'pool1', 'initialisation', 'x', 'batch', 9, .5),"
    "('a', 2, 'cka_debiased', 'pool1', 'initialisation', 'x', 'batch', 9, NULL),"
    "('a', 2, 'test_accuracy', '', '', '', 'batch', 200, .75),"
    "('b', 0, 'cka_biased', 'pool1', 'initialisation', 'x', 'batch', 9, .5)";

static void make(const char *path, const char *sql) {
    sqlite3 *db;
    remove(path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static int in_folder(void **state) {
    static char folder[] = "/tmp/c4-study-XXXXXX";
    (void)state;
    if (!mkdtemp(folder) || chdir(folder) != 0) return -1;
    make("study.db", ours);
    return 0;
}

static int out_of_folder(void **state) {
    char folder[64];
    (void)state;
    remove("study.db");
    remove("peer.db");
    return getcwd(folder, sizeof folder) && chdir("/") == 0 ? rmdir(folder) : -1;
}

static void tables_are_read(void **state) {
    struct c4_study_tables tables;
    struct c4_text value = {0};
    (void)state;
    assert_int_equal(c4_study_tables_open(".", &tables), C4_OK);
    assert_int_equal(tables.runs, 3);
    assert_int_equal(tables.rows, 7);
    assert_int_equal(tables.run[0].labels.rule, C4_LABELS_RANDOM);
    assert_int_equal(tables.run[0].labels.degree, 9);
    assert_false(tables.run[0].tunes);
    assert_int_equal(tables.run[1].labels.rule, C4_LABELS_SHIFTED);
    assert_int_equal(tables.run[1].labels.shift, 0);
    assert_true(tables.run[1].tunes && tables.run[1].crosses);
    assert_int_equal(tables.run[2].labels.shift, 1);
    assert_true(tables.run[2].tunes && !tables.run[2].crosses);
    assert_float_equal(tables.core_seconds[C4_STUDY_TRAIN], 4, 0);
    assert_float_equal(tables.core_seconds[C4_STUDY_FORWARD], 6, 0);
    assert_float_equal(tables.core_seconds[C4_STUDY_CKA], 3, 0);
    assert_float_equal(tables.core_seconds[C4_STUDY_STORE], 1, 0);
    assert_float_equal(tables.other_seconds, 5, 0);
    assert_int_equal(c4_study_tables_setting(&tables, "batch", &value), C4_OK);
    assert_string_equal(c4_text_string(&value), "32");
    assert_int_equal(c4_study_tables_setting(&tables, "none", &value), C4_OK);
    assert_string_equal(c4_text_string(&value), "");
    c4_text_free(&value);
    c4_study_tables_close(&tables);
}

static void what_is_no_study_is_a_sentence(void **state) {
    struct c4_study_tables tables;
    (void)state;
    assert_int_equal(c4_study_tables_open("nowhere", &tables), C4_ERR_DATA);
    assert_non_null(strstr(c4_error(), "nowhere/study.db"));
    c4_study_tables_close(&tables);
    make("study.db", "CREATE TABLE other(x)");
    assert_int_equal(c4_study_tables_open(".", &tables), C4_ERR_DATA);
    c4_study_tables_close(&tables);
    make("study.db", ours);
}

/* The peer's table is ours after `change`. */
static void expect(const char *change, const char *words) {
    struct c4_study_tables tables;
    struct c4_study_agreement agreement;
    struct c4_text sql = {0}, reason = {0};
    remove("peer.db");
    assert_int_equal(c4_text_add(&sql,
                                 RESULT "ATTACH 'study.db' AS ours; INSERT INTO result"
                                        " SELECT * FROM ours.result; DETACH ours; %s",
                                 change),
                     C4_OK);
    make("peer.db", sql.bytes);
    assert_int_equal(c4_study_tables_open(".", &tables), C4_OK);
    assert_int_equal(c4_study_agree(&tables, "peer.db", &agreement), C4_OK);
    bool agrees = c4_study_agrees(&agreement, &reason);
    if (agrees != !words || (words && !strstr(c4_text_string(&reason), words)))
        print_error("%s: %s\n", change, c4_text_string(&reason));
    assert_true(agrees == !words);
    if (words) assert_non_null(strstr(c4_text_string(&reason), words));
    c4_study_tables_close(&tables);
    c4_text_free(&reason);
    c4_text_free(&sql);
}

static void peers_have_our_rows_and_nearly_our_values(void **state) {
    (void)state;
    expect("", NULL);
    expect("DELETE FROM result WHERE run = 'b'", "lacks 1 rows and has 0 others");
    expect("UPDATE result SET n = 10 WHERE run = 'b'", "lacks 1 rows and has 1 others");
    expect("UPDATE result SET value = value + 9e-5 WHERE quantity = 'cka_biased' AND epoch = 0",
           NULL);
    expect("UPDATE result SET value = 1.00011 WHERE epoch = 0 AND run = 'a' AND n = 9",
           "CKA of initial networks differ by up to 0.00011");
    expect("UPDATE result SET value = .2525 WHERE quantity = 'train_accuracy'", NULL);
    expect("UPDATE result SET value = .26 WHERE quantity = 'train_accuracy'",
           "accuracies of initial networks, in images differ by up to 2,");
    expect("UPDATE result SET value = 2.52 WHERE quantity = 'loss'", "loss of the first epoch");
    expect("UPDATE result SET value = .53 WHERE value = .5", "CKA after the last epoch differ");
    expect("UPDATE result SET value = .765 WHERE value = .75", "accuracies after the last epoch");
    expect("UPDATE result SET value = NULL WHERE run = 'a' AND value = .5",
           "1 are undefined on one side only");
    expect("UPDATE result SET value = 0 WHERE value IS NULL", "1 are undefined on one side only");
    expect("UPDATE result SET value = 9 WHERE run = 'b'", NULL); /* epoch 0 of fine-tuning */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_read),
        cmocka_unit_test(what_is_no_study_is_a_sentence),
        cmocka_unit_test(peers_have_our_rows_and_nearly_our_values),
    };
    return cmocka_run_group_tests(tests, in_folder, out_of_folder);
}
