#include "repro/results/study_reader.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/file/file.h"
#include "core/op/names.h"
#include "repro/results/study_reader_inner.h"
#include "repro/results/suspects.h"
#include "repro/store/database.h"
#include "repro/store/schema.h"
#include "repro/store/sql.h"

/* Six columns, shared by two queries, that decide with the quantity whether a row is suspect. */
#define FACTS "statistics, code_version, backend, n, block_order, curve_images"
#define FROM_RESULTS " FROM results JOIN run ON run.key = results.run "

static enum c4_status number_of(struct c4_study_reader *store, const char *sql, int64_t *number) {
    sqlite3_stmt *statement;
    int row;
    *number = -1;
    C4_TRY(c4_sql_prepare(store->path, store->db, &statement, sql, ""));
    enum c4_status status = c4_sql_step(store->path, statement, &row);
    if (status == C4_OK && row) *number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

static enum c4_status check_schema(struct c4_study_reader *store, int64_t *version) {
    int64_t tables;
    C4_TRY(number_of(store,
                     "SELECT count(*) FROM sqlite_master WHERE name IN ('schema', 'result', "
                     "'setting', 'run', 'cost', 'provenance')",
                     &tables));
    if (tables != 6)
        return c4_fail(C4_ERR_DATA, "%s: is not the database of a conv4 study", store->path);
    return c4_schema_version(store->path, store->db, version);
}

/* 1 if the setting is missing: the study has no rows yet. */
static enum c4_status number_setting(struct c4_study_reader *store, const char *name,
                                     uint32_t *number) {
    struct c4_text text = {0};
    enum c4_status status = c4_study_reader_setting(store, name, &text);
    unsigned long value = strtoul(c4_text_string(&text), NULL, 10);
    *number = value > 0 && value <= UINT32_MAX ? (uint32_t)value : 1;
    c4_text_free(&text);
    return status;
}

enum c4_status c4_study_reader_open(const char *folder, struct c4_study_reader **out) {
    struct c4_study_reader *store = calloc(1, sizeof *store);
    *out = store;
    if (!store) return c4_fail(C4_ERR_MEMORY, "out of memory for the study in %s", folder);
    C4_TRY(c4_path_join(store->path, sizeof store->path, folder, "study.db"));
    C4_TRY(c4_database_check_path(store->path));
    if (!c4_path_exists(store->path))
        return c4_fail(C4_ERR_DATA, "%s: there is no study; 'conv4 repro --out %s' makes one",
                       store->path, folder);
    /* Read-write, so that SQLite can roll back the journal of a killed writer before reading. */
    int code = sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE, NULL);
    if (code != SQLITE_OK) return c4_sql_fail(store->path, store->db, code);
    sqlite3_busy_timeout(store->db, 10000);
    int64_t version;
    C4_TRY(check_schema(store, &version));
    if (version < C4_STORE_SCHEMA) {
        sqlite3_close(store->db);
        C4_TRY(c4_database_open_copy(store->path, &store->db));
    }
    C4_TRY(c4_sql_run(store->path, store->db, "PRAGMA query_only = ON"));
    C4_TRY(number_setting(store, "batch", &store->batch));
    return number_setting(store, "cka_images", &store->cka_images);
}

static void free_series(struct c4_study_reader *store) {
    for (int i = 0; i < store->run_count; i++) c4_series_free(&store->runs[i]);
    free(store->runs);
    store->runs = NULL;
    store->run_count = 0;
}

void c4_study_reader_close(struct c4_study_reader *store) {
    if (!store) return;
    free_series(store);
    sqlite3_close(store->db);
    free(store);
}

/* Whether a row is suspect whose FACTS begin at column `at`. */
static bool is_suspect(const struct c4_study_reader *store, sqlite3_stmt *row, int at,
                       const char *quantity) {
    int64_t curve = sqlite3_column_int64(row, at + 5);
    int64_t rows = curve > store->cka_images ? curve : store->cka_images;
    const struct c4_row_facts facts = {
        .quantity = quantity,
        .statistics = c4_sql_text(row, at),
        .code_version = c4_sql_text(row, at + 1),
        .backend = c4_sql_text(row, at + 2),
        .n = sqlite3_column_int64(row, at + 3),
        .forwarded = c4_forwarded(store->batch, (uint32_t)rows, UINT32_MAX),
        .order = strcmp(c4_sql_text(row, at + 4), c4_order_names[C4_BN_RELU]) == 0 ? C4_BN_RELU
                                                                                   : C4_RELU_BN};
    return c4_row_is_suspect(&facts);
}

enum c4_status c4_study_reader_suspects(struct c4_study_reader *store,
                                        void (*take)(void *context, const char *run), void *context,
                                        struct c4_suspects *suspects) {
    sqlite3_stmt *statement;
    struct c4_text last = {0};
    int row;
    *suspects = (struct c4_suspects){0};
    C4_TRY(c4_sql_prepare(store->path, store->db, &statement,
                          "SELECT run, quantity, " FACTS FROM_RESULTS
                          "WHERE quantity IN (?, ?) ORDER BY run",
                          "tt", c4_quantity_names[C4_QUANTITY_TEST_ACCURACY],
                          c4_quantity_names[C4_QUANTITY_TEST_ACCURACY_CLEAN]));
    enum c4_status status;
    while ((status = c4_sql_step(store->path, statement, &row)) == C4_OK && row) {
        const char *run = c4_sql_text(statement, 0);
        if (!is_suspect(store, statement, 2, c4_sql_text(statement, 1))) continue;
        suspects->rows++;
        if (strcmp(run, c4_text_string(&last)) == 0) continue;
        suspects->runs++;
        if ((status = c4_text_set(&last, run)) != C4_OK) break;
        if (take) take(context, run);
    }
    sqlite3_finalize(statement);
    c4_text_free(&last);
    return status;
}

/* Reads all rows of a run. CKA is never suspect, so its facts are not examined. */
static enum c4_status read_run(struct c4_study_reader *store, struct c4_run_series *to) {
    sqlite3_stmt *statement;
    int row;
    C4_TRY(c4_sql_prepare(
        store->path, store->db, &statement,
        "SELECT epoch, value, quantity, layer, reference, results.images, " FACTS FROM_RESULTS
        "WHERE run = ? ORDER BY epoch",
        "t", to->run));
    enum c4_status status;
    while ((status = c4_sql_step(store->path, statement, &row)) == C4_OK && row) {
        const struct c4_row_query key = {.quantity = c4_sql_text(statement, 2),
                                         .layer = c4_sql_text(statement, 3),
                                         .reference = c4_sql_text(statement, 4),
                                         .images = c4_sql_text(statement, 5),
                                         .statistics = c4_sql_text(statement, 6),
                                         .n = sqlite3_column_int64(statement, 9)};
        bool suspect =
            !c4_rows_is_similarity(key.quantity) && is_suspect(store, statement, 6, key.quantity);
        bool is_null = sqlite3_column_type(statement, 1) == SQLITE_NULL;
        status =
            c4_series_add(to, &key, sqlite3_column_int64(statement, 0),
                          is_null ? (double)NAN : sqlite3_column_double(statement, 1), suspect);
        if (status != C4_OK) break;
    }
    sqlite3_finalize(statement);
    return status;
}

#define SAME_SIZE(m) (sizeof((struct c4_series *)0)->m == sizeof((struct c4_result_row *)0)->m)
_Static_assert(SAME_SIZE(quantity) && SAME_SIZE(layer) && SAME_SIZE(reference) &&
                   SAME_SIZE(images) && SAME_SIZE(statistics),
               "texts of a series have room for those of a row");

/* c4_rows.find. */
static enum c4_status find(void *context, const struct c4_rows_run *run,
                           const struct c4_row_query *query, double *value, bool *suspect) {
    struct c4_study_reader *store = context;
    struct c4_run_series *series = &store->runs[run - store->first];
    if (!series->run) {
        series->run = run->key;
        C4_TRY(read_run(store, series));
    }
    *value = c4_series_find(series, query, suspect);
    return C4_OK;
}

enum c4_status c4_study_reader_rows(struct c4_study_reader *store, const struct c4_study *study,
                                    const struct c4_scale *scale, struct c4_rows *rows) {
    struct c4_families families;
    c4_families_make(study, scale, &families);
    size_t most = 2 * (size_t)families.count * (size_t)scale->seeds.count;
    struct c4_rows_run *runs = calloc(most + 1, sizeof *runs);
    free_series(store);
    store->first = runs;
    store->runs = calloc(most + 1, sizeof *store->runs);
    store->run_count = store->runs ? (int)most : 0;
    struct c4_study *other = malloc(sizeof *other);
    *rows = (struct c4_rows){.run = runs,
                             .statistics =
                                 c4_statistics_names[study->protocol.statistics == C4_BN_RUNNING],
                             .cka_images = study->protocol.cka_images,
                             .batch = study->protocol.batch,
                             .find = find,
                             .context = store};
    if (!runs || !other || !store->runs) {
        free(other);
        return c4_fail(C4_ERR_MEMORY, "out of memory for the list of runs");
    }
    *other = *study;
    for (int order = 0; order < 2; order++) {
        other->protocol.order = (enum c4_order)order;
        for (int s = 0; s < scale->seeds.count; s++)
            for (int f = 0; f < families.count; f++) {
                struct c4_run run;
                if (!c4_run_describe(other, scale, families.name[f], scale->seeds.seed[s], &run))
                    continue;
                struct c4_rows_run *to = &runs[rows->runs++];
                const struct c4_family *section = c4_study_family(study, families.name[f], NULL);
                *to = (struct c4_rows_run){.section = (int)(section - study->family),
                                           .kind = run.kind,
                                           .data = run.data,
                                           .labels = run.labels,
                                           .seed = run.seed,
                                           .order = (enum c4_order)order,
                                           .epochs = run.epochs,
                                           .images = run.images};
                snprintf(to->family, sizeof to->family, "%s", families.name[f]);
                snprintf(to->key, sizeof to->key, "%s", run.key);
            }
    }
    free(other);
    return C4_OK;
}
