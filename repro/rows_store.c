#include "repro/rows_store.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/file.h"
#include "repro/rows_store_inner.h"
#include "repro/store_sql.h"
#include "repro/suspects.h"

static enum c4_status number_of(struct c4_rows_store *store, const char *sql, int64_t *number) {
    sqlite3_stmt *statement;
    int row;
    *number = -1;
    C4_TRY(c4_sql_prepare(store->path, store->db, &statement, sql, ""));
    enum c4_status status = c4_sql_step(store->path, statement, &row);
    if (status == C4_OK && row) *number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

static enum c4_status check_schema(struct c4_rows_store *store) {
    int64_t tables, version;
    C4_TRY(number_of(store,
                     "SELECT count(*) FROM sqlite_master WHERE name IN ('schema', 'result', "
                     "'setting', 'run', 'cost', 'provenance')",
                     &tables));
    if (tables != 6)
        return c4_fail(C4_ERR_DATA, "%s: is not the database of a conv4 study", store->path);
    C4_TRY(number_of(store, "SELECT version FROM schema", &version));
    return c4_sql_check_version(store->path, version);
}

enum c4_status c4_rows_store_open(const char *folder, struct c4_rows_store **out) {
    struct c4_rows_store *store = calloc(1, sizeof *store);
    *out = store;
    if (!store) return c4_fail(C4_ERR_MEMORY, "out of memory for the study in %s", folder);
    C4_TRY(c4_path_join(store->path, sizeof store->path, folder, "study.db"));
    if (!c4_path_exists(store->path))
        return c4_fail(C4_ERR_DATA, "%s: there is no study; 'conv4 repro --out %s' makes one",
                       store->path, folder);
    /* Writable if possible: a journal that a killed writer left is rolled back before reading. */
    int code = sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE, NULL);
    if (code != SQLITE_OK) return c4_sql_fail(store->path, store->db, code);
    sqlite3_busy_timeout(store->db, 10000);
    C4_TRY(c4_sql_run(store->path, store->db, "PRAGMA query_only = ON"));
    C4_TRY(check_schema(store));
    C4_TRY(c4_sql_prepare(store->path, store->db, &store->cka,
                          "SELECT value FROM result WHERE run = ? AND epoch = ? AND quantity = ? "
                          "AND layer = ? AND reference = ? AND images = ? AND statistics = ? AND "
                          "n = ?",
                          ""));
    return c4_sql_prepare(store->path, store->db, &store->plain,
                          "SELECT value, statistics, code_version, backend, n FROM results WHERE "
                          "run = ? AND epoch = ? AND quantity = ?",
                          "");
}

void c4_rows_store_close(struct c4_rows_store *store) {
    if (!store) return;
    sqlite3_finalize(store->cka);
    sqlite3_finalize(store->plain);
    sqlite3_close(store->db);
    free(store);
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text) {
    sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
}

static const char *text_at(sqlite3_stmt *row, int i) {
    const unsigned char *text = sqlite3_column_text(row, i);
    return text ? (const char *)text : "";
}

/* Whether a row of statistics, code_version, backend and n, from column `at` on, is suspect. */
static bool is_suspect(sqlite3_stmt *row, int at, const char *quantity,
                       const struct c4_rows_run *run) {
    const struct c4_row_facts facts = {.quantity = quantity,
                                       .statistics = text_at(row, at),
                                       .code_version = text_at(row, at + 1),
                                       .backend = text_at(row, at + 2),
                                       .n = sqlite3_column_int64(row, at + 3),
                                       .forwarded = run->forwarded,
                                       .order = run->order};
    return c4_row_is_suspect(&facts);
}

enum c4_status c4_rows_store_suspects(struct c4_rows_store *store, const struct c4_rows_run *run,
                                      int64_t *rows) {
    sqlite3_stmt *statement;
    int row;
    *rows = 0;
    C4_TRY(c4_sql_prepare(store->path, store->db, &statement,
                          "SELECT quantity, statistics, code_version, backend, n FROM results "
                          "WHERE run = ? AND quantity GLOB 'test_accuracy*'",
                          "t", run->key));
    enum c4_status status;
    while ((status = c4_sql_step(store->path, statement, &row)) == C4_OK && row)
        *rows += is_suspect(statement, 1, text_at(statement, 0), run);
    sqlite3_finalize(statement);
    return status;
}

enum c4_status c4_rows_store_count_suspects(struct c4_rows_store *store, const struct c4_rows *rows,
                                            struct c4_suspects *suspects) {
    *suspects = (struct c4_suspects){0};
    for (int i = 0; i < rows->runs; i++) {
        int64_t count;
        C4_TRY(c4_rows_store_suspects(store, &rows->run[i], &count));
        suspects->rows += count;
        suspects->runs += count > 0;
    }
    return C4_OK;
}

/* c4_rows.find. */
static enum c4_status find(void *context, const struct c4_rows_run *run,
                           const struct c4_row_query *query, double *value, bool *suspect) {
    struct c4_rows_store *store = context;
    bool is_cka = c4_rows_is_cka(query->quantity);
    sqlite3_stmt *statement = is_cka ? store->cka : store->plain;
    int row;
    sqlite3_reset(statement);
    bind_text(statement, 1, run->key);
    sqlite3_bind_int64(statement, 2, query->epoch);
    bind_text(statement, 3, query->quantity);
    if (is_cka) {
        bind_text(statement, 4, query->layer);
        bind_text(statement, 5, query->reference);
        bind_text(statement, 6, query->images);
        bind_text(statement, 7, query->statistics);
        sqlite3_bind_int64(statement, 8, query->n);
    }
    enum c4_status status = c4_sql_step(store->path, statement, &row);
    *value = (double)NAN;
    if (status == C4_OK && row && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        *value = sqlite3_column_double(statement, 0);
    if (status == C4_OK && row && !is_cka)
        *suspect = is_suspect(statement, 1, query->quantity, run);
    sqlite3_reset(statement);
    return status;
}

struct c4_rows_run c4_rows_run_make(const struct c4_run *run, const struct c4_protocol *protocol) {
    struct c4_rows_run made = {
        .seed = run->seed,
        .order = run->order,
        .epochs = run->epochs,
        .images = run->images,
        .forwarded = c4_forwarded(protocol->batch, c4_run_cka_rows(run, protocol), UINT32_MAX)};
    snprintf(made.family, sizeof made.family, "%s", run->family);
    snprintf(made.key, sizeof made.key, "%s", run->key);
    return made;
}

enum c4_status c4_rows_store_rows(struct c4_rows_store *store, const struct c4_study *study,
                                  const struct c4_scale *scale, struct c4_rows *rows) {
    static const char *const statistics[] = {"batch", "running"};
    struct c4_families families;
    c4_families_make(study, scale, &families);
    size_t most = 2 * (size_t)families.count * (size_t)scale->seeds.count;
    struct c4_rows_run *runs = calloc(most + 1, sizeof *runs);
    struct c4_study *other = malloc(sizeof *other);
    *rows = (struct c4_rows){.run = runs,
                             .statistics = statistics[study->protocol.statistics == C4_BN_RUNNING],
                             .cka_images = study->protocol.cka_images,
                             .batch = study->protocol.batch,
                             .find = find,
                             .context = store};
    if (!runs || !other) {
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
                runs[rows->runs++] = c4_rows_run_make(&run, &study->protocol);
            }
    }
    free(other);
    return C4_OK;
}
