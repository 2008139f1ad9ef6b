/* The study's database: rows, transactions, refusals. */
#include "tests/repro/store_sample.h"

#include <signal.h>
#include <sys/wait.h>

#include "repro/run/resume.h"

static const struct sample_key pool1 = {.quantity = "cka_biased",
                                        .layer = "pool1",
                                        .reference = "initialisation",
                                        .images = "cifar10-test",
                                        .statistics = "batch",
                                        .n = 500};
/* The value after epoch 1. */
static double sample_value(void **state, const struct sample_key *key) {
    double values[2];
    sample_series(scratch_path(state, "a/study.db"), key, 1, values, NULL);
    return values[1];
}

static void rows_round_trip(void **state) {
    struct c4_store *store = open_study(state, "a");
    assert_int_equal(add_run(store, 500), C4_OK);
    for (uint32_t e = 0; e < 4; e++) assert_int_equal(add_epoch(store, e, 1.0 / (e + 3)), C4_OK);
    c4_store_close(store);

    store = open_study(state, "a");
    double values[6];
    bool synthetic;
    sample_series(scratch_path(state, "a/study.db"), &pool1, 5, values, &synthetic);
    assert_true(synthetic);
    for (int e = 0; e < 4; e++) assert_true(values[e] == 1.0 / (e + 3));
    assert_true(isnan(values[4]) && isnan(values[5]));
    struct sample_key key = pool1;
    key.layer = "pool2";
    sample_series(scratch_path(state, "a/study.db"), &key, 2, values, NULL);
    assert_true(isnan(values[0]));
    /* Every part of the key counts. */
    double value;
    key = pool1;
    value = sample_value(state, &key);
    assert_true(value == 0.25);
    key.statistics = "running";
    value = sample_value(state, &key);
    assert_true(value == -1);
    key = pool1;
    key.n = 200;
    value = sample_value(state, &key);
    assert_true(value == -2);
    key = pool1;
    key.images = "svhn-heldout";
    sample_series(scratch_path(state, "a/study.db"), &key, 5, values, &synthetic);
    assert_true(values[1] == -3 && !synthetic);
    key.reference = "pretrained";
    value = sample_value(state, &key);
    assert_true(isnan(value));

    struct c4_store_checkpoint known[8];
    int count;
    assert_int_equal(c4_store_checkpoints(store, RUN, known, 8, &count), C4_OK);
    assert_int_equal(count, 2);
    assert_int_equal(known[0].epoch, 3);
    assert_int_equal(known[1].epoch, 2);
    assert_string_equal(known[0].sha256, "cc");

    assert_int_equal(c4_store_rewind(store, RUN, 1), C4_OK);
    sample_series(scratch_path(state, "a/study.db"), &loss, 5, values, NULL);
    assert_true(values[1] == 0.25 / 3 && isnan(values[2]) && isnan(values[3]));
    assert_int_equal(c4_store_checkpoints(store, RUN, known, 8, &count), C4_OK);
    assert_int_equal(count, 0);
    c4_store_close(store);
}

/* The hash of the run's rows; "" without. */
static void hash_of(void **state, char hash[C4_SHA256_HEX_SIZE]) {
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(scratch_path(state, "a/study.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT rows_sha256 FROM run", -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    snprintf(hash, C4_SHA256_HEX_SIZE, "%s", text ? text : "");
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

/* A finished run has a hash of its rows, which any value changes and provenance does not. */
static void finished_rows_have_a_hash(void **state) {
    char first[C4_SHA256_HEX_SIZE], hash[C4_SHA256_HEX_SIZE];
    struct c4_store *store = open_study(state, "a");
    assert_int_equal(add_run(store, 500), C4_OK);
    assert_int_equal(add_epoch(store, 0, 1), C4_OK);
    hash_of(state, hash);
    assert_string_equal(hash, "");
    struct c4_store_segment last = {.run = RUN,
                                    .epoch = 3,
                                    .state = C4_RUN_DONE,
                                    .provenance = &provenance,
                                    .place = "0",
                                    .program = "1.0",
                                    .checkpoint = "c",
                                    .checkpoint_sha256 = "cc"};
    assert_int_equal(c4_store_segment(store, &last), C4_OK);
    hash_of(state, first);
    /* Made by tests/reference/make_rows_hash.py. */
    assert_string_equal(first, "0db3a13ec4e453a2f19d6ea7f63854fc2b4735f2ab5306e55aadda5de6d448b2");
    alter(state, "a/study.db", "UPDATE result SET provenance = (SELECT max(id) FROM provenance)");
    assert_int_equal(c4_store_rewind(store, RUN, 2), C4_OK);
    hash_of(state, hash);
    assert_string_equal(hash, "");
    assert_int_equal(c4_store_segment(store, &last), C4_OK);
    hash_of(state, hash);
    assert_string_equal(hash, first);
    assert_int_equal(c4_store_rewind(store, RUN, 2), C4_OK);
    alter(state, "a/study.db", "UPDATE result SET value = value + 1e-9 WHERE quantity = 'loss'");
    assert_int_equal(c4_store_segment(store, &last), C4_OK);
    hash_of(state, hash);
    assert_string_not_equal(hash, first);
    c4_store_close(store);
}

/* The number that a query of the database returns. */
static int number_of(void **state, const char *sql) {
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(scratch_path(state, "a/study.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const int number = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

static void keep_sentence(void *context, const char *sentence) {
    assert_int_equal(c4_text_set(context, sentence), C4_OK);
}

/* An unfinished run with rows of another version of similarity starts over; a finished one stays.
 */
static void no_run_mixes_versions(void **state) {
    const struct c4_run run = {.key = RUN, .epochs = 3};
    struct c4_known_checkpoint last = {.epoch = 1, .path = "p"};
    struct c4_text said = {0};
    int64_t version, done = 1;
    bool over;
    struct c4_store *store = open_study(state, "a");
    assert_int_equal(add_run(store, 500), C4_OK);
    for (uint32_t e = 0; e < 2; e++) assert_int_equal(add_epoch(store, e, 1), C4_OK);
    assert_int_equal(
        c4_resume_check_version(store, &run, keep_sentence, &said, &done, &last, &over), C4_OK);
    assert_true(!over && done == 1 && last.epoch == 1 && said.length == 0);

    alter(state, "a/study.db",
          "UPDATE result SET similarity_version = 1 WHERE measure <> '' AND epoch = 0");
    assert_int_equal(c4_store_other_similarity(store, RUN, &version), C4_OK);
    assert_int_equal(version, 1);
    assert_int_equal(c4_store_other_similarity(store, "another", &version), C4_OK);
    assert_int_equal(version, 0);
    done = 3; /* finished */
    assert_int_equal(
        c4_resume_check_version(store, &run, keep_sentence, &said, &done, &last, &over), C4_OK);
    assert_true(!over && done == 3 && said.length == 0);
    done = 1;
    assert_int_equal(
        c4_resume_check_version(store, &run, keep_sentence, &said, &done, &last, &over), C4_OK);
    assert_true(over && done == -1 && last.epoch == 0 && last.path[0] == '\0');
    assert_string_equal(c4_text_string(&said),
                        "run " RUN " starts over: its CKA is of version 1 of the similarity, this "
                        "conv4 measures by version 2, and no run mixes them");
    /* Only c4_store_restart() removes rows. */
    assert_int_equal(number_of(state, "SELECT count(*) FROM result"), 12);
    assert_int_equal(c4_store_restart(store, RUN), C4_OK);
    assert_int_equal(number_of(state, "SELECT count(*) FROM result"), 0);
    assert_int_equal(number_of(state, "SELECT count(*) FROM checkpoint"), 0);
    assert_int_equal(c4_store_other_similarity(store, RUN, &version), C4_OK);
    assert_int_equal(version, 0);
    c4_text_free(&said);
    c4_store_close(store);
}

/* What runs share stays when one of them goes back or starts over, and may be there twice. */
static void shared_costs_stay(void **state) {
    static const struct c4_cost_row costs[] = {
        {.epoch = 1, .what = C4_COST_REFERENCE_FEATURES, .seconds = 1},
        {.epoch = 1, .what = C4_COST_CKA_REFERENCE, .layer = "pool1", .seconds = 1},
        {.epoch = 1, .what = C4_COST_CKA_REFERENCE, .layer = "pool1", .seconds = 1},
        {.epoch = 1, .what = C4_COST_CKA_OWN, .layer = "pool1", .seconds = 1}};
    const struct c4_store_segment segment = {.run = RUN,
                                             .epoch = 1,
                                             .state = C4_RUN_RUNNING,
                                             .provenance = &provenance,
                                             .costs = costs,
                                             .cost_count = 4,
                                             .place = "0",
                                             .program = "1.0",
                                             .checkpoint = "c",
                                             .checkpoint_sha256 = "cc"};
    struct c4_store *store = open_study(state, "a");
    assert_int_equal(add_run(store, 500), C4_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(c4_store_segment(store, &segment), C4_OK);
        assert_int_equal(number_of(state, "SELECT count(*) FROM cost"), 3 * (i + 1) + 1);
        assert_int_equal(i ? c4_store_restart(store, RUN) : c4_store_rewind(store, RUN, 0), C4_OK);
        assert_int_equal(number_of(state, "SELECT count(*) FROM cost WHERE run IS NULL"),
                         3 * (i + 1));
        assert_int_equal(number_of(state, "SELECT count(*) FROM cost WHERE run IS NOT NULL"), 0);
    }
    c4_store_close(store);
}

/* An epoch that cannot be stored completely leaves nothing. */
static void all_or_nothing(void **state) {
    struct c4_store *store = open_study(state, "a");
    double values[3];
    assert_int_equal(add_run(store, 500), C4_OK);
    assert_int_equal(add_epoch(store, 0, 1), C4_OK);
    /* The checkpoint of epoch 1 exists already, so the last insertion of the transaction fails. */
    alter(state, "a/study.db", "INSERT INTO checkpoint VALUES('" RUN "', 1, 'p', 'h')");
    assert_int_equal(add_epoch(store, 1, 1), C4_ERR_FAILED);
    sample_series(scratch_path(state, "a/study.db"), &loss, 2, values, NULL);
    assert_false(isnan(values[0]));
    assert_true(isnan(values[1]));
    alter(state, "a/study.db", "DELETE FROM checkpoint WHERE epoch = 1");
    assert_int_equal(add_epoch(store, 1, 1), C4_OK);
    c4_store_close(store);
}

/* The setting "batch"; valid until the next call. */
static const char *setting_of(struct c4_store *store) {
    static struct c4_text text;
    assert_int_equal(c4_store_setting_read(store, "batch", &text), C4_OK);
    return c4_text_string(&text);
}

static void settings_bind(void **state) {
    struct c4_store *store = open_study(state, "a");
    assert_string_equal(setting_of(store), "");
    assert_int_equal(c4_store_setting(store, "batch", "32"), C4_OK);
    assert_int_equal(c4_store_setting(store, "batch", "32"), C4_OK);
    assert_int_equal(c4_store_setting(store, "batch", "64"), C4_ERR_FAILED);
    assert_sentence("made with batch = 32, not 64; repeat its options, use another --out");
    assert_string_equal(setting_of(store), "32");
    assert_int_equal(c4_store_setting_put(store, "batch", "64"), C4_OK);
    assert_string_equal(setting_of(store), "64");
    assert_int_equal(add_run(store, 500), C4_OK);
    assert_int_equal(add_run(store, 200), C4_ERR_FAILED);
    assert_sentence("is stored with curve_images = 500, not 200; use another --out");
    c4_store_close(store);
}

/* A plan of several settings and runs is stored completely or, after a failure or a kill, not at
 * all. */
static void a_plan_is_kept_whole(void **state) {
    enum c4_run_state status;
    struct c4_store *store = open_study(state, "a");
    assert_int_equal(c4_store_begin(store), C4_OK);
    assert_int_equal(c4_store_setting(store, "batch", "32"), C4_OK);
    assert_int_equal(add_run(store, 500), C4_OK);
    assert_int_equal(add_run(store, 200), C4_ERR_FAILED);
    assert_int_equal(c4_store_end(store, C4_ERR_FAILED), C4_ERR_FAILED);
    assert_string_equal(setting_of(store), "");
    assert_int_equal(add_run(store, 200), C4_OK);

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
    assert_string_equal(setting_of(store), "");
    assert_int_equal(c4_store_run_state(store, RUN, &status), C4_OK);
    assert_int_equal(status, C4_RUN_PLANNED);
    assert_int_equal(c4_store_begin(store), C4_OK);
    assert_int_equal(c4_store_setting(store, "batch", "64"), C4_OK);
    assert_int_equal(c4_store_end(store, C4_OK), C4_OK);
    assert_string_equal(setting_of(store), "64");
    c4_store_close(store);
}

static void foreign_files(void **state) {
    struct c4_store *store = open_study(state, "a");
    c4_store_close(store);
    alter(state, "a/study.db", "UPDATE schema SET version = 1");
    assert_int_equal(c4_store_open(scratch_path(state, "a"), false, &store), C4_ERR_DATA);
    assert_sentence("written by an older conv4 (schema 1, this one writes 6)");
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

/* Schema 4 had no memory_node, and before 6 a host was always known. Rows stay. */
static void schemas_4_and_5_are_migrated(void **state) {
    for (int version = 4; version <= 5; version++) {
        struct c4_store *store = open_study(state, "a");
        c4_store_close(store);
        alter(state, "a/study.db",
              "DELETE FROM cost; DROP TABLE cost;"
              "CREATE TABLE cost(id INTEGER PRIMARY KEY, run TEXT REFERENCES run(key),"
              " epoch INTEGER NOT NULL, what TEXT NOT NULL, layer TEXT NOT NULL,"
              " method TEXT NOT NULL, seconds REAL NOT NULL, images_per_s REAL, flops REAL,"
              " bytes REAL, threads INTEGER NOT NULL, host TEXT NOT NULL, place TEXT NOT NULL,"
              " place_read_back TEXT, node INTEGER, program TEXT, started TEXT NOT NULL,"
              " ended TEXT NOT NULL, memory_node INTEGER, UNIQUE(run, epoch, what, layer));"
              "INSERT INTO cost VALUES(7, NULL, 0, 'cka_reference', '', '', 1, NULL, NULL, NULL,"
              " 1, 'h', 'any', NULL, 3, '0', 'a', 'b', 5),"
              " (8, NULL, 0, 'cka_reference', '', '', 1, NULL, NULL, NULL, 1, 'unknown', 'any',"
              " NULL, 3, '0', 'a', 'b', 5); UPDATE schema SET version = 5");
        if (version == 4)
            alter(state, "a/study.db",
                  "ALTER TABLE cost DROP COLUMN memory_node; UPDATE schema SET version = 4");
        store = open_study(state, "a");
        c4_store_close(store);
        assert_int_equal(number_of(state, "SELECT version FROM schema"), 6);
        assert_int_equal(number_of(state, "SELECT count(*) FROM cost"), 2);
        assert_int_equal(number_of(state, "SELECT count(memory_node) FROM cost"),
                         version == 4 ? 0 : 2);
        assert_int_equal(number_of(state, "SELECT host = 'h' AND node = 3 AND place = 'any' AND"
                                          " started = 'a' AND ended = 'b' FROM cost"
                                          " WHERE id = 7"),
                         1);
        assert_int_equal(number_of(state, "SELECT host IS NULL FROM cost WHERE id = 8"), 1);
        assert_int_equal(number_of(state, "SELECT count(*) FROM pragma_foreign_key_list('cost')"),
                         1);
    }
}

/* The machine of a segment's worker is stored with all of its costs, also with those of no run. */
static void costs_name_the_worker_s_machine(void **state) {
    static const struct c4_cost_row costs[] = {
        {.epoch = 1, .what = C4_COST_REFERENCE_FEATURES, .seconds = 1},
        {.epoch = 1, .what = C4_COST_CKA_OWN, .layer = "pool1", .seconds = 1}};
    static const char *const hosts[] = {"elsewhere", NULL};
    struct c4_store_segment segment = {.run = RUN,
                                       .epoch = 1,
                                       .state = C4_RUN_RUNNING,
                                       .provenance = &provenance,
                                       .costs = costs,
                                       .cost_count = 2,
                                       .place = "0",
                                       .program = "1.0",
                                       .checkpoint = "c",
                                       .checkpoint_sha256 = "cc"};
    struct c4_store *store = open_study(state, "a");
    assert_int_equal(add_run(store, 500), C4_OK);
    for (int i = 0; i < 2; i++) {
        segment.host = hosts[i];
        assert_int_equal(c4_store_segment(store, &segment), C4_OK);
        assert_int_equal(number_of(state, "SELECT count(*) FROM cost WHERE host = 'elsewhere'"),
                         i ? 1 : 2);
        assert_int_equal(number_of(state, "SELECT count(*) FROM cost WHERE host IS NULL"),
                         i ? 2 : 0);
        assert_int_equal(c4_store_rewind(store, RUN, 0), C4_OK);
    }
    c4_store_close(store);
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
    assert_sentence("study.db: no permission to write it");
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
    assert_int_equal(add_run(store, 500), C4_OK);
    file_size_limit_begin(64 * 1024, &old);
    uint32_t epoch = 0;
    enum c4_status status = C4_OK;
    while (status == C4_OK && epoch < 400) status = add_epoch(store, epoch++, 1);
    file_size_limit_end(&old);
    assert_int_equal(status, C4_ERR_FAILED);
    epoch--;
    sample_series(scratch_path(state, "a/study.db"), &loss, 399, values, NULL);
    assert_false(isnan(values[epoch - 1]));
    assert_true(isnan(values[epoch]));
    assert_int_equal(add_epoch(store, epoch, 1), C4_OK);
    c4_store_close(store);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(rows_round_trip),
        TEST(finished_rows_have_a_hash),
        TEST(all_or_nothing),
        TEST(settings_bind),
        TEST(foreign_files),
        TEST(schemas_4_and_5_are_migrated),
        TEST(costs_name_the_worker_s_machine),
        TEST(set_aside),
        TEST(no_permission),
        TEST(full_disk),
        TEST(a_plan_is_kept_whole),
        TEST(no_run_mixes_versions),
        TEST(shared_costs_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
