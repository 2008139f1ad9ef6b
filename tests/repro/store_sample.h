/* Shared by the tests of the store: a study in a scratch folder, and rows for it. */
#ifndef C4_TESTS_REPRO_STORE_SAMPLE_H
#define C4_TESTS_REPRO_STORE_SAMPLE_H

#include "tests/core/test_file_scratch.h"

#include <math.h>
#include <sqlite3.h>

#include "repro/store/store.h"

#define RUN "pretrain-cifar10-d0-n64-e3-bn-relu-seed1"

/* Adds the run with so many images for its curves. */
static inline enum c4_status add_run(struct c4_store *store, uint32_t curve_images) {
    const struct c4_run run = {
        .key = RUN, .kind = C4_KIND_PRETRAIN, .seed = 1, .images = 64, .epochs = 3};
    const struct c4_protocol protocol = {.curve_images = curve_images,
                                         .similarities = 1u << C4_SIMILARITY_cka};
    return c4_store_run_add(store, &run, &protocol);
}

static const struct c4_provenance provenance = {.data = "a",
                                                .data_sha256 = "aa",
                                                .evaluation = "b",
                                                .evaluation_sha256 = "bb",
                                                .code_version = "1.0",
                                                .arithmetic = 1,
                                                .backend = "ref",
                                                .synthetic = true};

static inline struct c4_store *open_study(void **state, const char *name) {
    struct c4_store *store;
    assert_int_equal(c4_store_open(scratch_path(state, name), false, &store), C4_OK);
    return store;
}

/* Runs SQL on the database without the store. */
static inline void alter(void **state, const char *name, const char *sql) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(scratch_path(state, name), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static inline void assert_sentence(const char *part) {
    if (!strstr(c4_error(), part)) fail_msg("'%s' should hold '%s'", c4_error(), part);
}

static inline enum c4_status add_epoch(struct c4_store *store, uint32_t epoch, double value) {
    const struct c4_result_row rows[] = {
        {epoch, "cka_biased", "pool1", "initialisation", "cifar10-test", "batch", value, 500, 1},
        {epoch, "cka_biased", "pool1", "initialisation", "cifar10-test", "running", -1, 500, 1},
        {epoch, "cka_biased", "pool1", "initialisation", "cifar10-test", "batch", -2, 200, 1},
        {epoch, "cka_biased", "pool1", "initialisation", "svhn-heldout", "batch", -3, 500, 1},
        {epoch, "cka_biased", "pool2", "initialisation", "cifar10-test", "batch", NAN, 500, 1},
        {epoch, "loss", "", "", "", "batch", value / 3, 64, 0}};
    const struct c4_cost_row costs[] = {{epoch, C4_COST_TRAIN, "", "", 1.5, 100, 0, 0,
                                         "2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z"},
                                        {epoch, C4_COST_CKA, "pool1", "gram", 0.1, 0, 1e9, 1e6,
                                         "2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z"}};
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
                                           .place_read_back = "0",
                                           .program = "1.0",
                                           .checkpoint = "checkpoints/x/epoch.safetensors",
                                           .checkpoint_sha256 = "cc"};
    return c4_store_segment(store, &transaction);
}

/* The columns of `result` that select values; NULL statistics and n 0 match any. */
struct sample_key {
    const char *quantity, *layer, *reference, *images, *statistics;
    int64_t n;
};
static const struct sample_key loss = {.quantity = "loss"};

/* values[e] = what the database has after epoch e, for e = 0..epochs; NaN where there is no row.
 * *synthetic (may be NULL): whether any value came from synthetic images. */
static inline void sample_series(const char *database, const struct sample_key *key,
                                 uint32_t epochs, double *values, bool *synthetic) {
    static const char sql[] = "SELECT epoch, value, synthetic FROM results WHERE quantity = ?1 AND "
                              "layer = ?2 AND reference = ?3 AND images = ?4 AND "
                              "(?5 = '' OR statistics = ?5) AND (?6 = 0 OR n = ?6)";
    const char *const texts[] = {key->quantity, key->layer, key->reference, key->images,
                                 key->statistics};
    sqlite3 *db;
    sqlite3_stmt *statement;
    int code;
    for (uint32_t e = 0; e <= epochs; e++) values[e] = NAN;
    if (synthetic) *synthetic = false;
    assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    for (int i = 0; i < 5; i++)
        assert_int_equal(
            sqlite3_bind_text(statement, i + 1, texts[i] ? texts[i] : "", -1, SQLITE_STATIC),
            SQLITE_OK);
    assert_int_equal(sqlite3_bind_int64(statement, 6, key->n), SQLITE_OK);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t epoch = sqlite3_column_int64(statement, 0);
        if (epoch > epochs) continue;
        if (sqlite3_column_type(statement, 1) != SQLITE_NULL)
            values[epoch] = sqlite3_column_double(statement, 1);
        if (synthetic && sqlite3_column_int(statement, 2)) *synthetic = true;
    }
    assert_int_equal(code, SQLITE_DONE);
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

#endif
