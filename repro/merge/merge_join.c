/* The database of a merge: how a study joins what is merged so far. */
#include <string.h>

#include "repro/merge/merge_inner.h"
#include "repro/store/schema.h"
#include "repro/store/sql.h"
#include "repro/store/store_inner.h"

static const char tables[] =
    "PRAGMA temp_store = MEMORY;"
    "CREATE TEMP TABLE taken(run TEXT, epoch INTEGER, folder INTEGER, PRIMARY KEY(run, epoch))"
    " WITHOUT ROWID;"
    "CREATE TEMP TABLE ahead(run TEXT PRIMARY KEY, epoch INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TEMP TABLE file(run TEXT, epoch INTEGER, folder INTEGER, path TEXT,"
    " PRIMARY KEY(run, epoch)) WITHOUT ROWID;"
    "CREATE TEMP TABLE origin(what TEXT, key TEXT, folder INTEGER, PRIMARY KEY(what, key))"
    " WITHOUT ROWID;"
    "CREATE TEMP TABLE costs AS SELECT " C4_COST_COLUMNS ", 0 AS folder FROM cost;"
    "CREATE TEMP TABLE unsound(run TEXT, epoch INTEGER, PRIMARY KEY(run, epoch)) WITHOUT ROWID;";

enum c4_status c4_merge_begin(struct c4_merging *m) {
    int code = sqlite3_open_v2(":memory:", &m->db, SQLITE_OPEN_READWRITE, NULL);
    if (code != SQLITE_OK) return c4_sql_fail(m->name[0], m->db, code);
    C4_TRY(c4_schema_make(m->name[0], m->db));
    return c4_sql_run(m->name[0], m->db, tables);
}

enum c4_status c4_merge_copy(const char *path, sqlite3 *to, const char *name, sqlite3 *from) {
    sqlite3_backup *backup = sqlite3_backup_init(to, name, from, "main");
    if (backup) sqlite3_backup_step(backup, -1);
    int code = backup ? sqlite3_backup_finish(backup) : sqlite3_errcode(to);
    return code == SQLITE_OK ? C4_OK : c4_sql_fail(path, to, code);
}

enum c4_status c4_merge_attach(struct c4_merging *m, sqlite3 *from) {
    const char *path = c4_merge_part(m);
    m->mixed = false;
    C4_TRY(c4_sql_run(path, m->db, "ATTACH ':memory:' AS part"));
    C4_TRY(c4_merge_copy(path, m->db, "part", from));
    return c4_sql_run(path, m->db, "DELETE FROM ahead; DELETE FROM unsound;");
}

enum c4_status c4_merge_detach(struct c4_merging *m) {
    return c4_sql_run(c4_merge_part(m), m->db, "DETACH part");
}

/* Runs statements of which each may use ?1, a number. */
static enum c4_status run_all(struct c4_merging *m, const char *const *sql, int64_t number) {
    for (; *sql; sql++) {
        C4_TRY(m->request->watch(m->request->context));
        C4_TRY(c4_sql_do(c4_merge_part(m), m->db, *sql, strstr(*sql, "?1") ? "i" : "", number));
    }
    return C4_OK;
}

/* Gives a row of part's provenance the id that its content has in this version. */
static enum c4_status rename_provenance(struct c4_merging *m, const char *old, const char *id) {
    const char *path = c4_merge_part(m);
    if (strcmp(old, id) == 0) return C4_OK;
    C4_TRY(c4_sql_do(path, m->db,
                     "INSERT OR IGNORE INTO part.provenance SELECT ?1, data, data_sha256,"
                     " evaluation, evaluation_sha256, code_version, arithmetic, backend, synthetic,"
                     " substitute FROM part.provenance WHERE id = ?2",
                     "tt", id, old));
    C4_TRY(c4_sql_do(path, m->db, "UPDATE part.result SET provenance = ?1 WHERE provenance = ?2",
                     "tt", id, old));
    return c4_sql_do(path, m->db, "DELETE FROM part.provenance WHERE id = ?1", "t", old);
}

/* Read from a copy, since the table is changed meanwhile. */
static enum c4_status name_provenances(struct c4_merging *m) {
    const char *path = c4_merge_part(m);
    sqlite3_stmt *row;
    int found;
    C4_TRY(c4_sql_run(path, m->db, "CREATE TEMP TABLE old AS SELECT * FROM part.provenance"));
    C4_TRY(c4_sql_prepare(path, m->db, &row,
                          "SELECT data, data_sha256, evaluation, evaluation_sha256, code_version,"
                          " arithmetic, backend, synthetic, substitute, id FROM old",
                          ""));
    enum c4_status status;
    while ((status = c4_sql_step(path, row, &found)) == C4_OK && found) {
        char id[C4_SHA256_HEX_SIZE];
        const struct c4_provenance from = {.data = c4_sql_text(row, 0),
                                           .data_sha256 = c4_sql_text(row, 1),
                                           .evaluation = c4_sql_text(row, 2),
                                           .evaluation_sha256 = c4_sql_text(row, 3),
                                           .code_version = c4_sql_text(row, 4),
                                           .arithmetic = sqlite3_column_int(row, 5),
                                           .backend = c4_sql_text(row, 6),
                                           .synthetic = sqlite3_column_int(row, 7),
                                           .substitute = sqlite3_column_int(row, 8)};
        status = c4_provenance_name(&from, id);
        if (status == C4_OK) status = rename_provenance(m, c4_sql_text(row, 9), id);
        if (status != C4_OK) break;
    }
    sqlite3_finalize(row);
    return status == C4_OK ? c4_sql_run(path, m->db, "DROP TABLE old") : status;
}

enum c4_status c4_merge_prepare(struct c4_merging *m) {
    static const char *const statements[] = {
        "UPDATE part.run SET status = 'planned' WHERE status = 'running'",
        "INSERT INTO ahead SELECT key, CASE status WHEN 'done' THEN epochs ELSE"
        " coalesce((SELECT max(epoch) FROM part.checkpoint AS c WHERE c.run = key), -1) END"
        " FROM part.run",
        "DELETE FROM part.result WHERE epoch > (SELECT epoch FROM ahead AS a"
        " WHERE a.run = result.run)",
        "DELETE FROM part.cost WHERE epoch > (SELECT epoch FROM ahead AS a WHERE a.run = cost.run)",
        NULL};
    C4_TRY(name_provenances(m));
    C4_TRY(c4_merge_check_files(m));
    return run_all(m, statements, m->part);
}

/* Of rows that both have: main's provenance becomes part's where that is smaller by content. */
static const char choose_provenance[] =
    "UPDATE main.result AS a SET provenance = b.provenance FROM part.result AS b"
    " JOIN part.provenance AS y ON y.id = b.provenance, main.provenance AS x"
    " WHERE a.run = b.run AND a.epoch = b.epoch AND a.quantity = b.quantity AND a.layer = b.layer"
    " AND a.reference = b.reference AND a.images = b.images AND a.statistics = b.statistics"
    " AND a.n = b.n AND x.id = a.provenance AND a.provenance <> b.provenance"
    " AND (y.data, y.data_sha256, y.evaluation, y.evaluation_sha256, y.code_version, y.arithmetic,"
    " y.backend, y.synthetic, y.substitute) < (x.data, x.data_sha256, x.evaluation,"
    " x.evaluation_sha256, x.code_version, x.arithmetic, x.backend, x.synthetic, x.substitute)";

/* Of two checkpoints with one network the smaller hash stays; a path with a hash says that others
 * were seen, and stays, too. Paths are those of c4_run_checkpoint_path(). */
#define DIGITS "12"
_Static_assert(C4_STORE_HASH_DIGITS == 12, "as in DIGITS");
#define BOTH "FROM part.checkpoint AS b WHERE a.run = b.run AND a.epoch = b.epoch"
#define TAKEN "coalesce((SELECT max(t.epoch) FROM taken AS t WHERE t.run = a.run), -1)"

enum c4_status c4_merge_join(struct c4_merging *m) {
    static const char *const statements[] = {
        "INSERT OR IGNORE INTO main.setting SELECT * FROM part.setting",
        "UPDATE main.setting SET value = min(value, (SELECT value FROM part.setting WHERE name ="
        " 'segment_work')) WHERE name = 'segment_work' AND EXISTS(SELECT 1 FROM part.setting"
        " WHERE name = 'segment_work')",
        "INSERT OR IGNORE INTO origin SELECT 'setting', name, ?1 FROM part.setting",
        "INSERT OR IGNORE INTO origin SELECT 'run', key, ?1 FROM part.run",
        "INSERT OR IGNORE INTO origin SELECT DISTINCT 'version', similarity_version, ?1"
        " FROM part.result WHERE similarity_version IS NOT NULL",
        "UPDATE main.run AS a SET rows_sha256 = coalesce(a.rows_sha256, b.rows_sha256), status ="
        " CASE WHEN 'done' IN (a.status, b.status) THEN 'done'"
        " WHEN a.status = 'failed' AND b.status = 'failed' THEN 'failed' ELSE 'planned' END"
        " FROM part.run AS b WHERE a.key = b.key",
        "INSERT OR IGNORE INTO main.run SELECT * FROM part.run",
        "INSERT INTO main.result SELECT b.* FROM ahead AS a CROSS JOIN part.result AS b"
        " ON b.run = a.run WHERE a.epoch > " TAKEN " AND b.epoch > " TAKEN,
        "INSERT OR IGNORE INTO taken SELECT run, epoch, ?1 FROM ahead AS a WHERE epoch > " TAKEN,
        "UPDATE file AS f SET folder = ?1, path = b.path FROM part.checkpoint AS b,"
        " main.checkpoint AS a WHERE f.run = b.run AND f.epoch = b.epoch AND a.run = b.run"
        " AND a.epoch = b.epoch AND b.sha256 < a.sha256",
        "INSERT OR IGNORE INTO file SELECT run, epoch, ?1, path FROM part.checkpoint",
        "UPDATE main.checkpoint AS a SET sha256 = min(a.sha256, b.sha256), path = CASE"
        " WHEN a.sha256 <> b.sha256 THEN printf('checkpoints/%s/epoch-%04d-%s.safetensors', a.run,"
        " a.epoch, substr(min(a.sha256, b.sha256), 1, " DIGITS "))"
        " WHEN length(b.path) > length(a.path) THEN b.path ELSE a.path END " BOTH,
        "INSERT OR IGNORE INTO main.checkpoint SELECT * FROM part.checkpoint",
        "INSERT INTO costs SELECT " C4_COST_COLUMNS ", ?1 FROM part.cost",
        NULL};
    const char *path = c4_merge_part(m);
    C4_TRY(c4_sql_run(path, m->db,
                      "INSERT OR IGNORE INTO main.provenance SELECT * FROM part.provenance"));
    if (m->mixed) C4_TRY(c4_sql_run(path, m->db, choose_provenance));
    return run_all(m, statements, m->part);
}

/* Sets *list to the texts that a statement returns, separated by commas. */
static enum c4_status list(struct c4_merging *m, const char *sql, struct c4_text *list) {
    sqlite3_stmt *row;
    int found;
    C4_TRY(c4_sql_prepare(m->name[0], m->db, &row, sql, ""));
    enum c4_status status;
    while ((status = c4_sql_step(m->name[0], row, &found)) == C4_OK && found)
        if ((status = c4_text_add_word(list, ", ", c4_sql_text(row, 0))) != C4_OK) break;
    sqlite3_finalize(row);
    return status;
}

/* Finished runs whose last network no study has: their rows stay. */
static enum c4_status say_lost(struct c4_merging *m) {
    struct c4_text sentence = {0};
    int64_t lost;
    C4_TRY(c4_sql_integer(m->name[0], m->db,
                          "SELECT count(*) FROM run WHERE status = 'done' AND NOT EXISTS(SELECT 1"
                          " FROM checkpoint AS c WHERE c.run = key AND c.epoch = epochs)",
                          0, &lost));
    if (lost == 0) return C4_OK;
    enum c4_status status = c4_text_add(
        &sentence,
        "%lld finished run%s without a last network: 'conv4 report' draws %s, 'conv4 repro' trains "
        "%s again",
        (long long)lost, lost == 1 ? " is" : "s are", lost == 1 ? "it" : "them",
        lost == 1 ? "it" : "them");
    if (status == C4_OK)
        status = c4_text_add_word(&m->outcome->left_out, "\n", c4_text_string(&sentence));
    if (status == C4_OK) m->request->report(m->request->context, c4_text_string(&sentence));
    c4_text_free(&sentence);
    return status;
}

enum c4_status c4_merge_finish(struct c4_merging *m) {
    static const char *const statements[] = {
        "DELETE FROM provenance WHERE id NOT IN (SELECT provenance FROM result)",
        "INSERT INTO unsound SELECT run, epoch FROM (SELECT run, epoch, row_number() OVER"
        " (PARTITION BY run ORDER BY epoch DESC) AS nth FROM main.checkpoint) WHERE nth > ?1",
        "DELETE FROM main.checkpoint WHERE (run, epoch) IN (SELECT run, epoch FROM unsound)",
        "INSERT INTO main.cost(" C4_COST_COLUMNS ") SELECT * FROM (SELECT " C4_COST_COLUMNS
        " FROM (SELECT " C4_COST_COLUMNS ", row_number() OVER (PARTITION BY run, epoch, what, layer"
        " ORDER BY started, " C4_COST_COLUMNS ") AS nth FROM costs WHERE run IS NOT NULL)"
        " WHERE nth = 1 UNION ALL SELECT " C4_COST_COLUMNS " FROM (SELECT DISTINCT " C4_COST_COLUMNS
        ", nth FROM (SELECT " C4_COST_COLUMNS ", row_number() OVER (PARTITION BY folder,"
        " " C4_COST_COLUMNS ") AS nth FROM costs WHERE run IS NULL)))"
        " ORDER BY " C4_COST_COLUMNS,
        NULL};
    m->part = 0;
    C4_TRY(c4_sql_run(m->name[0], m->db, "DELETE FROM unsound"));
    C4_TRY(run_all(m, statements, C4_STORE_KEPT));
    C4_TRY(say_lost(m));
    return list(m,
                "SELECT code_version FROM provenance UNION SELECT program FROM cost"
                " WHERE program IS NOT NULL ORDER BY 1",
                &m->outcome->programs);
}
