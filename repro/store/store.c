#include "repro/store/store.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/file.h"
#include "core/host/clock.h"
#include "repro/store/database.h"
#include "repro/store/hash_rows.h"
#include "repro/store/run_columns.h"
#include "repro/store/sql.h"
#include "repro/store/store_inner.h"

const char *const c4_run_state_names[] = {[C4_RUN_PLANNED] = "planned",
                                          [C4_RUN_RUNNING] = "running",
                                          [C4_RUN_DONE] = "done",
                                          [C4_RUN_FAILED] = "failed",
                                          NULL};
_Static_assert(sizeof c4_run_state_names / sizeof *c4_run_state_names == C4_RUN_FAILED + 2,
               "a name for each state, and NULL");

static enum c4_status new_store(const char *folder, struct c4_store **out) {
    struct c4_store *store = calloc(1, sizeof *store);
    *out = store;
    if (!store) return c4_fail(C4_ERR_MEMORY, "out of memory for the study in %s", folder);
    store->lock.descriptor = store->folder.descriptor = -1;
    return c4_path_join(store->path, sizeof store->path, folder, "study.db");
}

static void free_store(struct c4_store *store) {
    if (!store) return;
    sqlite3_close(store->db);
    c4_folder_close(&store->folder);
    free(store);
}

enum c4_status c4_store_folder(const struct c4_store *store, struct c4_folder_identity *identity) {
    return c4_folder_identify(&store->folder, identity);
}

enum c4_status c4_store_check_folder(const struct c4_store *store) {
    return c4_folder_check(&store->folder);
}

/* Hands out the store, or releases it after a failure. */
static enum c4_status hand_out(struct c4_store *store, enum c4_status status,
                               struct c4_store **out) {
    *out = status == C4_OK ? store : NULL;
    if (status != C4_OK) free_store(store);
    return status;
}

enum c4_status c4_store_open(const char *folder, bool take_over, struct c4_store **out) {
    struct c4_store *store = NULL;
    *out = NULL;
    enum c4_status status = new_store(folder, &store);
    if (status == C4_OK) status = c4_database_check_path(store->path);
    if (status == C4_OK) status = c4_dir_make(folder);
    if (status == C4_OK) status = c4_folder_open(folder, &store->folder);
    if (status == C4_OK) status = c4_database_open(store->path, &store->db);
    if (status == C4_OK)
        status = c4_lock_take(store->path, store->db, folder, take_over, &store->lock);
    return hand_out(store, status, out);
}

/* The copy has its own lock, whoever has that of the file. */
enum c4_status c4_store_open_copy(const char *folder, struct c4_store **out) {
    struct c4_store *store = NULL;
    enum c4_status status = new_store(folder, &store);
    if (status == C4_OK) status = c4_database_check_path(store->path);
    if (status == C4_OK && !c4_path_exists(store->path)) {
        free_store(store);
        *out = NULL;
        return C4_OK;
    }
    if (status == C4_OK) status = c4_folder_open(folder, &store->folder);
    if (status == C4_OK) status = c4_database_open_copy(store->path, &store->db);
    if (status == C4_OK)
        status = c4_sql_run(store->path, store->db, "UPDATE writer SET host = '', pid = 0");
    if (status == C4_OK) status = c4_lock_take(store->path, store->db, NULL, false, &store->lock);
    return hand_out(store, status, out);
}

void c4_store_close(struct c4_store *store) {
    if (!store) return;
    /* A row that is not cleared is taken over later: without the kernel's lock it means nothing. */
    if (c4_store_check_folder(store) == C4_OK)
        c4_lock_release(store->path, store->db, &store->lock);
    c4_lock_drop(&store->lock);
    free_store(store);
}

enum c4_status c4_store_note(const struct c4_store *store, struct c4_text *note) {
    if (!store->lock.missing) return C4_OK;
    return c4_text_add(note,
                       "%s: this file system has no locks (%s); if this process is killed, the "
                       "study goes on only with --take-over",
                       store->path, strerror(store->lock.missing));
}

/* Moves folder/name to into/name if it exists. */
static enum c4_status move_one(const char *folder, const char *into, const char *name) {
    char from[C4_STORE_PATH_SIZE], to[C4_STORE_PATH_SIZE];
    C4_TRY(c4_path_join(from, sizeof from, folder, name));
    C4_TRY(c4_path_join(to, sizeof to, into, name));
    if (!c4_path_exists(from)) return C4_OK;
    return rename(from, to) == 0 ? C4_OK : c4_fail_write(from, errno);
}

/* The lock of a study to be moved. An unreadable one may be moved, but none that is being written.
 */
static enum c4_status lock_to_move(const char *folder, bool take_over, struct c4_lock *lock) {
    struct c4_store *store;
    enum c4_status status = c4_store_open(folder, take_over, &store);
    if (status == C4_ERR_DATA) return c4_lock_take_file(folder, lock);
    C4_TRY(status);
    *lock = store->lock;
    status = c4_lock_clear(store->path, store->db, lock);
    if (status != C4_OK) c4_lock_drop(lock);
    free_store(store);
    return status;
}

static enum c4_status move_all(const char *folder, char moved[C4_STORE_PATH_SIZE]) {
    /* The journal first: without its hot journal, a damaged database would look intact. */
    static const char *const names[] = {"study.db-journal", "study.db", "checkpoints", "figures"};
    char date[C4_CLOCK_UTC_BYTES], name[48];
    c4_clock_utc(date);
    for (char *at = date, *to = date;; at++)
        if (*at != ':' && (*to++ = *at) == '\0') break;
    for (int i = 1; i <= 1000; i++) {
        snprintf(name, sizeof name, i > 1 ? "previous-%s-%d" : "previous-%s", date, i);
        C4_TRY(c4_path_join(moved, C4_STORE_PATH_SIZE, folder, name));
        if (!c4_path_exists(moved)) break;
    }
    C4_TRY(c4_dir_make(moved));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        C4_TRY(move_one(folder, moved, names[i]));
    return C4_OK;
}

enum c4_status c4_store_set_aside(const char *folder, bool take_over,
                                  char moved[C4_STORE_PATH_SIZE]) {
    char path[C4_STORE_PATH_SIZE];
    struct c4_lock lock;
    moved[0] = '\0';
    C4_TRY(c4_path_join(path, sizeof path, folder, "study.db"));
    if (!c4_path_exists(path)) return C4_OK;
    C4_TRY(lock_to_move(folder, take_over, &lock));
    enum c4_status status = move_all(folder, moved);
    c4_lock_drop(&lock);
    return status;
}

/* What fails in a folder that is gone, fails because of that. */
static enum c4_status explain(const struct c4_store *store, enum c4_status status) {
    if (status != C4_OK) C4_TRY(c4_store_check_folder(store));
    return status;
}

/* Begins a transaction after checking that folder and lock are still ours. */
static enum c4_status begin(struct c4_store *store) {
    if (store->whole) return C4_OK;
    C4_TRY(c4_store_check_folder(store));
    enum c4_status status = c4_sql_run(store->path, store->db, "BEGIN IMMEDIATE");
    if (status == C4_OK) {
        status = c4_lock_check(store->path, store->db, &store->lock);
        if (status != C4_OK) status = c4_sql_end(store->path, store->db, status);
    }
    return explain(store, status);
}

static enum c4_status end(struct c4_store *store, enum c4_status status) {
    if (store->whole) return status;
    return explain(store, c4_sql_end(store->path, store->db, status));
}

enum c4_status c4_store_begin(struct c4_store *store) {
    C4_TRY(begin(store));
    store->whole = true;
    return C4_OK;
}

enum c4_status c4_store_end(struct c4_store *store, enum c4_status status) {
    store->whole = false;
    return end(store, status);
}

/* Sets *text to what a statement with one text parameter returns; "" if there is no row. */
static enum c4_status text_of(struct c4_store *store, const char *sql, const char *key,
                              struct c4_text *text, int *found) {
    sqlite3_stmt *statement;
    c4_text_clear(text);
    C4_TRY(c4_sql_prepare(store->path, store->db, &statement, sql, "t", key));
    enum c4_status status = c4_sql_step(store->path, statement, found);
    if (status == C4_OK && *found) status = c4_text_set(text, c4_sql_text(statement, 0));
    sqlite3_finalize(statement);
    return status;
}

static enum c4_status compare_setting(const struct c4_store *store, const char *name,
                                      const char *old, const char *value) {
    if (strcmp(old, value) == 0) return C4_OK;
    return c4_fail(C4_ERR_FAILED,
                   "%s: this study was made with %s = %s, not %s; repeat its options, use another "
                   "--out, or --fresh to start over (the old files are moved aside)",
                   store->path, name, old, value);
}

static enum c4_status setting(struct c4_store *store, const char *name, const char *value) {
    struct c4_text old = {0};
    int found = 0;
    enum c4_status status =
        text_of(store, "SELECT value FROM setting WHERE name = ?", name, &old, &found);
    if (status == C4_OK && found)
        status = compare_setting(store, name, c4_text_string(&old), value);
    else if (status == C4_OK)
        status = c4_sql_do(store->path, store->db, "INSERT INTO setting VALUES(?, ?)", "tt", name,
                           value);
    c4_text_free(&old);
    return status;
}

enum c4_status c4_store_setting(struct c4_store *store, const char *name, const char *value) {
    C4_TRY(begin(store));
    return end(store, setting(store, name, value));
}

enum c4_status c4_store_setting_put(struct c4_store *store, const char *name, const char *value) {
    C4_TRY(begin(store));
    return end(store, c4_sql_do(store->path, store->db,
                                "INSERT OR REPLACE INTO setting VALUES(?, ?)", "tt", name, value));
}

enum c4_status c4_store_setting_read(struct c4_store *store, const char *name,
                                     struct c4_text *value) {
    int found;
    return text_of(store, "SELECT value FROM setting WHERE name = ?", name, value, &found);
}

static enum c4_status run_add(struct c4_store *store, const struct c4_run_columns *columns) {
    bool known = false;
    C4_TRY(c4_run_columns_compare(store->path, store->db, columns, &known));
    return known ? C4_OK
                 : c4_run_columns_insert(store->path, store->db, columns,
                                         c4_run_state_names[C4_RUN_PLANNED]);
}

enum c4_status c4_store_run_add(struct c4_store *store, const struct c4_run *run,
                                const struct c4_protocol *protocol) {
    struct c4_text measures = {0};
    struct c4_run_columns columns;
    enum c4_status status = c4_run_columns_of(run, protocol, &measures, &columns);
    if (status == C4_OK) status = begin(store);
    if (status == C4_OK) status = end(store, run_add(store, &columns));
    c4_text_free(&measures);
    return status;
}

static enum c4_status set_state(struct c4_store *store, const char *run, enum c4_run_state state) {
    return c4_sql_do(store->path, store->db, "UPDATE run SET status = ? WHERE key = ?", "tt",
                     c4_run_state_names[state], run);
}

enum c4_status c4_store_run_set_state(struct c4_store *store, const char *run,
                                      enum c4_run_state state) {
    C4_TRY(begin(store));
    return end(store, set_state(store, run, state));
}

enum c4_status c4_store_run_state(struct c4_store *store, const char *run,
                                  enum c4_run_state *state) {
    struct c4_text text = {0};
    int found = 0;
    *state = C4_RUN_PLANNED;
    enum c4_status status =
        text_of(store, "SELECT status FROM run WHERE key = ?", run, &text, &found);
    for (int i = 0; found && c4_run_state_names[i]; i++)
        if (strcmp(c4_text_string(&text), c4_run_state_names[i]) == 0)
            *state = (enum c4_run_state)i;
    c4_text_free(&text);
    return status;
}

enum c4_status c4_store_other_similarity(struct c4_store *store, const char *run,
                                         int64_t *version) {
    sqlite3_stmt *statement;
    int row;
    *version = 0;
    C4_TRY(c4_sql_prepare(store->path, store->db, &statement,
                          "SELECT coalesce(min(similarity_version), 0) FROM result "
                          "WHERE run = ? AND similarity_version <> ?",
                          "ti", run, (int64_t)C4_SIMILARITY_VERSION));
    enum c4_status status = c4_sql_step(store->path, statement, &row);
    if (status == C4_OK && row) *version = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

enum c4_status c4_provenance_name(const struct c4_provenance *from, char id[C4_SHA256_HEX_SIZE]) {
    struct c4_text text = {0};
    enum c4_status status =
        c4_text_add(&text, "%s %s %s %s %s %d %s %d %d", from->data, from->data_sha256,
                    from->evaluation, from->evaluation_sha256, from->code_version, from->arithmetic,
                    from->backend, from->synthetic, from->substitute);
    if (status == C4_OK) status = c4_sha256_hex(c4_text_string(&text), text.length, id);
    c4_text_free(&text);
    id[12] = '\0';
    return status;
}

static enum c4_status add_provenance(struct c4_store *store, const struct c4_provenance *from,
                                     char id[C4_SHA256_HEX_SIZE]) {
    C4_TRY(c4_provenance_name(from, id));
    return c4_sql_do(store->path, store->db,
                     "INSERT OR IGNORE INTO provenance VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     "ttttttitii", id, from->data, from->data_sha256, from->evaluation,
                     from->evaluation_sha256, from->code_version, (int64_t)from->arithmetic,
                     from->backend, (int64_t)from->synthetic, (int64_t)from->substitute);
}

/* One row after the other by one statement: preparing it takes longer than a row. */
static enum c4_status add_result_rows(struct c4_store *store,
                                      const struct c4_store_segment *segment, const char *own,
                                      const char *cross, sqlite3_stmt *insert) {
    for (int i = 0; i < segment->result_count; i++) {
        const struct c4_result_row *row = &segment->results[i];
        bool crosses = segment->cross_images && strcmp(row->images, segment->cross_images) == 0;
        const char *measure = row->measure ? c4_similarities[row->measure - 1]->name : "";
        C4_TRY(c4_sql_again(store->path, insert, "titttttirtit", segment->run, row->epoch,
                            row->quantity, row->layer, row->reference, row->images, row->statistics,
                            row->n, row->value, measure, (int64_t)C4_SIMILARITY_VERSION,
                            crosses ? cross : own));
    }
    return C4_OK;
}

static enum c4_status add_results(struct c4_store *store, const struct c4_store_segment *segment) {
    char own[C4_SHA256_HEX_SIZE], cross[C4_SHA256_HEX_SIZE] = "";
    sqlite3_stmt *insert;
    C4_TRY(add_provenance(store, segment->provenance, own));
    if (segment->cross_images) C4_TRY(add_provenance(store, segment->cross_provenance, cross));
    C4_TRY(c4_sql_prepare(store->path, store->db, &insert,
                          "INSERT INTO result VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?10,"
                          " CASE ?10 WHEN '' THEN NULL ELSE ?11 END, NULL, NULL, NULL, ?12)",
                          ""));
    enum c4_status status = add_result_rows(store, segment, own, cross, insert);
    sqlite3_finalize(insert);
    return status;
}

static enum c4_status add_cost_rows(struct c4_store *store, const struct c4_store_segment *segment,
                                    sqlite3_stmt *insert) {
    for (int i = 0; i < segment->cost_count; i++) {
        const struct c4_cost_row *row = &segment->costs[i];
        C4_TRY(c4_sql_again(store->path, insert,
                            "titttrrrrittt"
                            "ittti",
                            c4_cost_is_shared(row->what) ? NULL : segment->run, row->epoch,
                            c4_cost_names[row->what], row->layer, row->method, row->seconds,
                            row->images_per_s > 0 ? row->images_per_s : NAN,
                            row->flops > 0 ? row->flops : NAN, row->bytes > 0 ? row->bytes : NAN,
                            (int64_t)segment->threads, segment->host, segment->place,
                            segment->place_read_back, (int64_t)segment->node, segment->program,
                            row->started, row->ended, (int64_t)segment->memory_node));
    }
    return C4_OK;
}

static enum c4_status add_costs(struct c4_store *store, const struct c4_store_segment *segment) {
    sqlite3_stmt *insert;
    C4_TRY(c4_sql_prepare(store->path, store->db, &insert,
                          "INSERT INTO cost VALUES(NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                          " nullif(?, -1), ?, ?, ?, nullif(?, -1))",
                          ""));
    enum c4_status status = add_cost_rows(store, segment, insert);
    sqlite3_finalize(insert);
    return status;
}

static enum c4_status add_segment(struct c4_store *store, const struct c4_store_segment *segment) {
    C4_TRY(add_results(store, segment));
    C4_TRY(add_costs(store, segment));
    C4_TRY(c4_sql_do(store->path, store->db, "INSERT INTO checkpoint VALUES(?, ?, ?, ?)", "titt",
                     segment->run, (int64_t)segment->epoch, segment->checkpoint,
                     segment->checkpoint_sha256));
    C4_TRY(c4_sql_do(store->path, store->db,
                     "DELETE FROM checkpoint WHERE run = ?1 AND epoch NOT IN (SELECT epoch FROM "
                     "checkpoint WHERE run = ?1 ORDER BY epoch DESC LIMIT ?2)",
                     "ti", segment->run, (int64_t)C4_STORE_KEPT));
    C4_TRY(set_state(store, segment->run, segment->state));
    return segment->state == C4_RUN_DONE ? c4_hash_rows(store->path, store->db, segment->run)
                                         : C4_OK;
}

enum c4_status c4_store_segment(struct c4_store *store, const struct c4_store_segment *segment) {
    C4_TRY(begin(store));
    return end(store, add_segment(store, segment));
}

enum c4_status c4_store_checkpoints(struct c4_store *store, const char *run,
                                    struct c4_store_checkpoint *checkpoints, int capacity,
                                    int *count) {
    sqlite3_stmt *statement;
    *count = 0;
    C4_TRY(c4_sql_prepare(store->path, store->db, &statement,
                          "SELECT epoch, path, sha256 FROM checkpoint WHERE run = ? "
                          "ORDER BY epoch DESC LIMIT ?",
                          "ti", run, (int64_t)capacity));
    enum c4_status status;
    int row;
    while ((status = c4_sql_step(store->path, statement, &row)) == C4_OK && row) {
        struct c4_store_checkpoint *checkpoint = &checkpoints[(*count)++];
        checkpoint->epoch = (uint32_t)sqlite3_column_int64(statement, 0);
        status = c4_sql_copy(store->path, statement, 1, checkpoint->path, sizeof checkpoint->path);
        if (status == C4_OK)
            status = c4_sql_copy(store->path, statement, 2, checkpoint->sha256,
                                 sizeof checkpoint->sha256);
        if (status != C4_OK) break;
    }
    sqlite3_finalize(statement);
    return status;
}

enum c4_status c4_store_last_epoch(struct c4_store *store, const char *run, int64_t *epoch) {
    sqlite3_stmt *statement;
    int row;
    *epoch = -1;
    C4_TRY(c4_sql_prepare(store->path, store->db, &statement,
                          "SELECT coalesce(max(epoch), -1) FROM result WHERE run = ?", "t", run));
    enum c4_status status = c4_sql_step(store->path, statement, &row);
    if (status == C4_OK && row) *epoch = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

static enum c4_status rewind_run(struct c4_store *store, const char *run, int64_t epoch) {
    static const char *const tables[] = {"result", "cost", "checkpoint"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct c4_text sql = {0};
        enum c4_status status =
            c4_text_add(&sql, "DELETE FROM %s WHERE run = ? AND epoch > ?", tables[i]);
        if (status == C4_OK)
            status = c4_sql_do(store->path, store->db, c4_text_string(&sql), "ti", run, epoch);
        c4_text_free(&sql);
        C4_TRY(status);
    }
    return c4_sql_do(store->path, store->db,
                     "UPDATE run SET status = ?, rows_sha256 = NULL WHERE key = ?", "tt",
                     c4_run_state_names[C4_RUN_PLANNED], run);
}

enum c4_status c4_store_rewind(struct c4_store *store, const char *run, int64_t epoch) {
    C4_TRY(begin(store));
    return end(store, rewind_run(store, run, epoch));
}

static enum c4_status restart(struct c4_store *store, const char *run) {
    C4_TRY(rewind_run(store, run, -1));
    /* A provenance without rows would still be listed as an origin. */
    return c4_sql_run(store->path, store->db,
                      "DELETE FROM provenance WHERE id NOT IN (SELECT provenance FROM result)");
}

enum c4_status c4_store_restart(struct c4_store *store, const char *run) {
    C4_TRY(begin(store));
    return end(store, restart(store, run));
}
