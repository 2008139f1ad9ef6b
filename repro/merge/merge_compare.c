/* What keeps studies from being merged: settings, runs and versions that differ. */
#include <inttypes.h>
#include <stdio.h>

#include "repro/merge/merge_inner.h"
#include "repro/store/sql.h"

/* Calls refuse() with the first row of a query, if there is one, and returns its status. */
static enum c4_status refuse_row(struct c4_merging *m, const char *sql,
                                 enum c4_status (*refuse)(struct c4_merging *, sqlite3_stmt *)) {
    sqlite3_stmt *row;
    int found;
    C4_TRY(c4_sql_prepare(c4_merge_part(m), m->db, &row, sql, ""));
    enum c4_status status = c4_sql_step(c4_merge_part(m), row, &found);
    if (status == C4_OK && found) status = refuse(m, row);
    sqlite3_finalize(row);
    return status;
}

/* The folder whose index is in a column. */
static const char *name_of(const struct c4_merging *m, sqlite3_stmt *row, int column) {
    return c4_merge_name(m, sqlite3_column_int64(row, column));
}

static enum c4_status refuse_setting(struct c4_merging *m, sqlite3_stmt *row) {
    return c4_fail(C4_ERR_FAILED,
                   "%s: was made with %s = %s, %s with %s; only studies of the same settings can "
                   "be merged: leave one out, or make it again with the other's",
                   c4_merge_part(m), c4_sql_text(row, 0), c4_sql_text(row, 2), name_of(m, row, 3),
                   c4_sql_text(row, 1));
}

/* That which decides the others is told first. */
static const char settings_that_differ[] =
    "SELECT a.name, a.value, b.value, o.folder FROM main.setting AS a"
    " JOIN part.setting AS b ON a.name = b.name"
    " JOIN origin AS o ON o.what = 'setting' AND o.key = a.name"
    " WHERE a.value <> b.value AND a.name <> 'segment_work'"
    " ORDER BY a.name <> 'scale', a.name <> 'arithmetic', a.name NOT GLOB '* images*', a.name";

static enum c4_status refuse_run(struct c4_merging *m, sqlite3_stmt *row) {
    return c4_fail(C4_ERR_FAILED,
                   "%s: run %s has %s = %s, and in %s %s; these are different runs of one name: "
                   "leave one of the folders out",
                   c4_merge_part(m), c4_sql_text(row, 0), sqlite3_column_name(row, 2),
                   c4_sql_text(row, 2), name_of(m, row, 3), c4_sql_text(row, 1));
}

static enum c4_status refuse_key(struct c4_merging *m, sqlite3_stmt *row) {
    return c4_fail(C4_ERR_FAILED,
                   "%s: run %s is the same run as %s in %s; runs of different names cannot be "
                   "merged: leave one of the folders out",
                   c4_merge_part(m), c4_sql_text(row, 0), c4_sql_text(row, 1), name_of(m, row, 2));
}

static const char keys_that_differ[] =
    "SELECT b.key, a.key, o.folder FROM main.run AS a JOIN part.run AS b USING(kind, data,"
    " label_rule, degree, shift_rule, shift, images, epochs, block_order, seed)"
    " JOIN origin AS o ON o.what = 'run' AND o.key = a.key WHERE a.key <> b.key ORDER BY b.key";

static enum c4_status compare_runs(struct c4_merging *m) {
    static const char *const columns[] = {
        "kind",   "data", "label_rule",  "degree", "shift_rule",   "shift",   "images",
        "epochs", "seed", "block_order", "source", "curve_images", "measures"};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        struct c4_text sql = {0};
        const char *name = columns[i];
        enum c4_status status = c4_text_add(
            &sql,
            "SELECT a.key, coalesce(a.%s, 'none'), coalesce(b.%s, 'none') AS %s, o.folder"
            " FROM main.run AS a JOIN part.run AS b ON a.key = b.key"
            " JOIN origin AS o ON o.what = 'run' AND o.key = a.key"
            " WHERE a.%s IS NOT b.%s ORDER BY a.key",
            name, name, name, name, name);
        if (status == C4_OK) status = refuse_row(m, c4_text_string(&sql), refuse_run);
        c4_text_free(&sql);
        C4_TRY(status);
    }
    return refuse_row(m, keys_that_differ, refuse_key);
}

static enum c4_status refuse_version(struct c4_merging *m, sqlite3_stmt *row) {
    int64_t with = sqlite3_column_int64(row, 1), without = sqlite3_column_int64(row, 2);
    return c4_fail(C4_ERR_FAILED,
                   "%s: has CKA of version %" PRId64 " of the similarity, %s has none of it; "
                   "'conv4 repro --redo' measures again by this conv4's version, or leave one out",
                   c4_merge_name(m, with < 0 ? m->part : with),
                   (int64_t)sqlite3_column_int64(row, 0),
                   c4_merge_name(m, without < 0 ? m->part : without));
}

/* -1 stands for part. Studies without CKA have no version that could differ. */
static const char versions_that_differ[] =
    "WITH b AS (SELECT DISTINCT similarity_version AS v FROM part.result WHERE v IS NOT NULL),"
    " a AS (SELECT CAST(key AS INTEGER) AS v, folder FROM origin WHERE what = 'version')"
    " SELECT v, -1, (SELECT min(folder) FROM a) FROM b"
    " WHERE v NOT IN (SELECT v FROM a) AND EXISTS(SELECT 1 FROM a)"
    " UNION ALL SELECT v, folder, -1 FROM a WHERE v NOT IN (SELECT v FROM b)"
    " AND EXISTS(SELECT 1 FROM b)";

enum c4_status c4_merge_compare(struct c4_merging *m) {
    C4_TRY(refuse_row(m, settings_that_differ, refuse_setting));
    C4_TRY(compare_runs(m));
    return refuse_row(m, versions_that_differ, refuse_version);
}
