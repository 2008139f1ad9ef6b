#include "repro/store/schema.h"

#include "core/base/text.h"
#include "repro/store/sql.h"

enum { APPLICATION = 0x63347374 }; /* "c4st" */

/* As in every version. */
static const char tables_kept[] =
    "CREATE TABLE schema(version INTEGER NOT NULL);"
    "CREATE TABLE setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE provenance(id TEXT PRIMARY KEY, data TEXT NOT NULL, data_sha256 TEXT NOT NULL,"
    " evaluation TEXT NOT NULL, evaluation_sha256 TEXT NOT NULL, code_version TEXT NOT NULL,"
    " arithmetic INTEGER NOT NULL, backend TEXT NOT NULL, synthetic INTEGER NOT NULL,"
    " substitute INTEGER NOT NULL) WITHOUT ROWID;";

#define TABLE_COST                                                                                 \
    "CREATE TABLE cost(id INTEGER PRIMARY KEY, run TEXT REFERENCES run(key),"                      \
    " epoch INTEGER NOT NULL, what TEXT NOT NULL, layer TEXT NOT NULL, method TEXT NOT NULL,"      \
    " seconds REAL NOT NULL, images_per_s REAL, flops REAL, bytes REAL,"                           \
    " threads INTEGER NOT NULL, host TEXT, place TEXT NOT NULL, place_read_back TEXT,"             \
    " node INTEGER, program TEXT, started TEXT NOT NULL, ended TEXT NOT NULL,"                     \
    " memory_node INTEGER, UNIQUE(run, epoch, what, layer));"

static const char tables_changed[] =
    "CREATE TABLE writer(one INTEGER PRIMARY KEY CHECK(one = 1), lease INTEGER NOT NULL,"
    " host TEXT NOT NULL, boot TEXT NOT NULL, pid INTEGER NOT NULL, since TEXT NOT NULL);"
    "CREATE TABLE run(key TEXT PRIMARY KEY, kind TEXT NOT NULL"
    " CHECK(kind IN ('pretrain', 'size', 'finetune', 'scratch')), data TEXT NOT NULL,"
    " label_rule TEXT NOT NULL CHECK(label_rule IN ('true', 'random', 'shifted')),"
    " degree INTEGER NOT NULL, shift_rule TEXT NOT NULL CHECK(shift_rule IN ('', 'seed', 'one')),"
    " shift INTEGER NOT NULL, images INTEGER NOT NULL, epochs INTEGER NOT NULL,"
    " block_order TEXT NOT NULL CHECK(block_order IN ('bn-relu', 'relu-bn')),"
    " seed INTEGER NOT NULL, source TEXT REFERENCES run(key), curve_images INTEGER NOT NULL,"
    " measures TEXT NOT NULL, status TEXT NOT NULL"
    " CHECK(status IN ('planned', 'running', 'done', 'failed')), rows_sha256 TEXT,"
    " UNIQUE(kind, data, label_rule, degree, shift_rule, shift, images, epochs, block_order, seed))"
    " WITHOUT ROWID;"
    "CREATE TABLE result(run TEXT NOT NULL REFERENCES run(key), epoch INTEGER NOT NULL,"
    " quantity TEXT NOT NULL, layer TEXT NOT NULL, reference TEXT NOT NULL,"
    " images TEXT NOT NULL, statistics TEXT NOT NULL, n INTEGER NOT NULL, value REAL,"
    " measure TEXT NOT NULL, similarity_version INTEGER, standard_error REAL, null_mean REAL,"
    " null_quantile REAL, provenance TEXT NOT NULL REFERENCES provenance(id),"
    " PRIMARY KEY(run, epoch, quantity, layer, reference, images, statistics, n)) WITHOUT "
    "ROWID;" TABLE_COST
    "CREATE TABLE checkpoint(run TEXT NOT NULL REFERENCES run(key), epoch INTEGER NOT NULL,"
    " path TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY(run, epoch)) WITHOUT ROWID;"
    "CREATE VIEW results AS SELECT * FROM result JOIN provenance ON provenance.id = provenance;";

enum c4_status c4_schema_version(const char *path, sqlite3 *db, int64_t *version) {
    C4_TRY(c4_sql_integer(path, db, "SELECT version FROM schema", 0, version));
    if (*version > C4_STORE_SCHEMA)
        return c4_fail(C4_ERR_DATA,
                       "%s: was written by a newer conv4 (schema %lld, this one knows %d); use "
                       "that conv4, or another --out",
                       path, (long long)*version, C4_STORE_SCHEMA);
    if (*version < C4_STORE_SCHEMA_OLDEST)
        return c4_fail(C4_ERR_DATA,
                       "%s: was written by an older conv4 (schema %lld, this one writes %d), "
                       "whose rows hold less; use another --out, or --fresh to start over (the old "
                       "files are moved aside)",
                       path, (long long)*version, C4_STORE_SCHEMA);
    return C4_OK;
}

enum c4_status c4_schema_make_changed(const char *path, sqlite3 *db) {
    return c4_sql_run(path, db, tables_changed);
}

enum c4_status c4_schema_make_cost(const char *path, sqlite3 *db) {
    return c4_sql_run(path, db, TABLE_COST);
}

enum c4_status c4_schema_make(const char *path, sqlite3 *db) {
    struct c4_text sql = {0};
    enum c4_status status =
        c4_text_add(&sql,
                    "PRAGMA application_id = %d;%s%sINSERT INTO schema VALUES(%d);"
                    "INSERT INTO writer VALUES(1, 0, '', '', 0, '')",
                    APPLICATION, tables_kept, tables_changed, C4_STORE_SCHEMA);
    if (status == C4_OK) status = c4_sql_run(path, db, c4_text_string(&sql));
    c4_text_free(&sql);
    return status;
}

enum c4_status c4_schema_check(const char *path, sqlite3 *db) {
    int64_t application;
    C4_TRY(c4_sql_integer(path, db, "PRAGMA application_id", 0, &application));
    if (application == APPLICATION) return C4_OK;
    /* Not C4_ERR_DATA, which c4_store_set_aside() moves away. */
    return c4_fail(C4_ERR_FAILED, "%s: is a database of another program; use another --out", path);
}
