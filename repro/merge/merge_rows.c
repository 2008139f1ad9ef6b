/* Comparing the rows that two studies have in common, bit for bit. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "repro/merge/merge_inner.h"
#include "repro/store/sql.h"

/* Columns: the key after run, in the order of the table, then what is compared. */
enum {
    KEYS = 7,
    QUANTITY = 1,
    MEASURE = 7,
    VERSION = 8,
    VALUE = 9,
    COMPARED = 13,
    PROVENANCE = 13
};
#define ROWS_OF(database)                                                                          \
    "SELECT epoch, quantity, layer, reference, images, statistics, n, measure,"                    \
    " similarity_version, value, standard_error, null_mean, null_quantile, provenance "            \
    "FROM " database ".result WHERE run = ? AND epoch <= ? ORDER BY 1, 2, 3, 4, 5, 6, 7"

/* A run that main and part have, up to the epoch that both have reached. */
struct common {
    struct c4_merging *m;
    const char *run;
    sqlite3_stmt *row[2]; /* of main and of part */
    int found[2];
};

/* Name of the folder that main's rows of the run and epoch are from, or of part. */
static enum c4_status name_side(const struct common *c, int side, int64_t epoch,
                                const char **name) {
    sqlite3_stmt *row;
    int found;
    *name = c4_merge_part(c->m);
    if (side == 1) return C4_OK;
    C4_TRY(c4_sql_prepare(*name, c->m->db, &row,
                          "SELECT folder FROM taken WHERE run = ? AND epoch >= ?"
                          " ORDER BY epoch LIMIT 1",
                          "ti", c->run, epoch));
    enum c4_status status = c4_sql_step(*name, row, &found);
    if (status == C4_OK && found) *name = c4_merge_name(c->m, sqlite3_column_int64(row, 0));
    sqlite3_finalize(row);
    return status;
}

/* Appends "run KEY, epoch 3, cka_biased of pool1 to initialisation on cifar10-test". */
static enum c4_status describe(const struct common *c, sqlite3_stmt *row, struct c4_text *text) {
    static const char *const words[] = {" of ", " to ", " on "};
    C4_TRY(c4_text_add(text, "run %s, epoch %" PRId64 ", %s", c->run,
                       (int64_t)sqlite3_column_int64(row, 0), c4_sql_text(row, QUANTITY)));
    for (int i = 0; i < 3; i++) {
        const char *part = c4_sql_text(row, QUANTITY + 1 + i);
        if (part[0]) C4_TRY(c4_text_add(text, "%s%s", words[i], part));
    }
    return C4_OK;
}

static enum c4_status add_value(sqlite3_stmt *row, int column, struct c4_text *text) {
    if (sqlite3_column_type(row, column) == SQLITE_NULL) return c4_text_add(text, "NULL");
    if (column == MEASURE) return c4_text_add(text, "'%s'", c4_sql_text(row, column));
    if (column == VERSION)
        return c4_text_add(text, "%" PRId64, (int64_t)sqlite3_column_int64(row, column));
    return c4_text_add(text, "%.17g", sqlite3_column_double(row, column));
}

#define REMEDY                                                                                     \
    "studies of the same settings have the same rows: find out which machine is wrong ('conv4 "    \
    "doctor --selftest'), and leave its folder out"

static enum c4_status refuse_value(const struct common *c, int column) {
    struct c4_text what = {0}, value[2] = {{0}};
    const char *name[2] = {"", ""};
    int64_t epoch = sqlite3_column_int64(c->row[0], 0);
    enum c4_status status = describe(c, c->row[0], &what);
    for (int side = 0; side < 2 && status == C4_OK; side++) {
        status = add_value(c->row[side], column, &value[side]);
        if (status == C4_OK) status = name_side(c, side, epoch, &name[side]);
    }
    if (status == C4_OK)
        status = c4_fail(C4_ERR_RESULT, "%s: %s is %s in %s and %s in %s; " REMEDY,
                         c4_text_string(&what), sqlite3_column_name(c->row[0], column),
                         c4_text_string(&value[0]), name[0], c4_text_string(&value[1]), name[1]);
    c4_text_free(&what);
    c4_text_free(&value[0]);
    c4_text_free(&value[1]);
    return status;
}

/* `side` has a row that the other has not. */
static enum c4_status refuse_row(const struct common *c, int side) {
    struct c4_text what = {0};
    const char *name[2] = {"", ""};
    int64_t epoch = sqlite3_column_int64(c->row[side], 0);
    enum c4_status status = describe(c, c->row[side], &what);
    for (int i = 0; i < 2 && status == C4_OK; i++) status = name_side(c, i, epoch, &name[i]);
    if (status == C4_OK)
        status = c4_fail(C4_ERR_RESULT, "%s: there is a row in %s and none in %s; " REMEDY,
                         c4_text_string(&what), name[side], name[!side]);
    c4_text_free(&what);
    return status;
}

/* Negative, 0 or positive, as the rows are ordered; a side without a row is behind all others. */
static int compare_keys(const struct common *c) {
    if (!c->found[0] || !c->found[1]) return c->found[1] - c->found[0];
    for (int i = 0; i < KEYS; i++) {
        int order = 0;
        if (i == 0 || i == KEYS - 1) {
            int64_t a = sqlite3_column_int64(c->row[0], i), b = sqlite3_column_int64(c->row[1], i);
            order = (a > b) - (a < b);
        } else {
            order = strcmp(c4_sql_text(c->row[0], i), c4_sql_text(c->row[1], i));
        }
        if (order != 0) return order;
    }
    return 0;
}

static bool same(const struct common *c, int column) {
    sqlite3_stmt *a = c->row[0], *b = c->row[1];
    bool is_null = sqlite3_column_type(a, column) == SQLITE_NULL;
    if (is_null || sqlite3_column_type(b, column) == SQLITE_NULL)
        return is_null && sqlite3_column_type(b, column) == SQLITE_NULL;
    if (column == MEASURE || column == PROVENANCE)
        return strcmp(c4_sql_text(a, column), c4_sql_text(b, column)) == 0;
    if (column == VERSION)
        return sqlite3_column_int64(a, column) == sqlite3_column_int64(b, column);
    double value[2] = {sqlite3_column_double(a, column), sqlite3_column_double(b, column)};
    uint64_t bits[2];
    memcpy(bits, value, sizeof bits);
    return bits[0] == bits[1];
}

static enum c4_status compare_row(struct common *c) {
    int order = compare_keys(c);
    if (order != 0) return refuse_row(c, order > 0);
    for (int column = KEYS; column < COMPARED; column++)
        if (!same(c, column)) return refuse_value(c, column);
    c->m->mixed = c->m->mixed || !same(c, PROVENANCE);
    c->m->outcome->rows++;
    return C4_OK;
}

static enum c4_status step(struct common *c) {
    for (int side = 0; side < 2; side++)
        C4_TRY(c4_sql_step(c4_merge_part(c->m), c->row[side], &c->found[side]));
    return C4_OK;
}

static enum c4_status compare_run(struct c4_merging *m, const char *run, int64_t epoch) {
    struct common c = {.m = m, .run = run};
    const char *path = c4_merge_part(m);
    C4_TRY(m->request->watch(m->request->context));
    enum c4_status status =
        c4_sql_prepare(path, m->db, &c.row[0], ROWS_OF("main"), "ti", run, epoch);
    if (status == C4_OK)
        status = c4_sql_prepare(path, m->db, &c.row[1], ROWS_OF("part"), "ti", run, epoch);
    while (status == C4_OK && (status = step(&c)) == C4_OK && (c.found[0] || c.found[1]))
        status = compare_row(&c);
    sqlite3_finalize(c.row[0]);
    sqlite3_finalize(c.row[1]);
    return status;
}

/* Rows that are equal have one hash, unless a stored one is wrong. */
static enum c4_status compare_hashes(struct c4_merging *m) {
    sqlite3_stmt *row;
    int found;
    C4_TRY(c4_sql_prepare(
        c4_merge_part(m), m->db, &row,
        "SELECT a.key, a.rows_sha256, b.rows_sha256, (SELECT folder FROM taken AS t"
        " WHERE t.run = a.key ORDER BY epoch DESC LIMIT 1) FROM main.run AS a JOIN part.run AS b"
        " ON a.key = b.key WHERE a.rows_sha256 <> b.rows_sha256",
        ""));
    enum c4_status status = c4_sql_step(c4_merge_part(m), row, &found);
    if (status == C4_OK && found)
        status = c4_fail(C4_ERR_RESULT,
                         "run %s: its rows are the same, but rows_sha256 is %s in %s and %s in %s; "
                         "one of the studies was changed by hand: leave it out",
                         c4_sql_text(row, 0), c4_sql_text(row, 1),
                         c4_merge_name(m, sqlite3_column_int64(row, 3)), c4_sql_text(row, 2),
                         c4_merge_part(m));
    sqlite3_finalize(row);
    return status;
}

enum c4_status c4_merge_compare_rows(struct c4_merging *m) {
    const char *path = c4_merge_part(m);
    sqlite3_stmt *row;
    int found;
    C4_TRY(c4_sql_prepare(path, m->db, &row,
                          "SELECT a.run, min(a.epoch, max(t.epoch)) AS epoch FROM ahead AS a"
                          " JOIN taken AS t ON t.run = a.run GROUP BY a.run",
                          ""));
    enum c4_status status;
    while ((status = c4_sql_step(path, row, &found)) == C4_OK && found) {
        status = compare_run(m, c4_sql_text(row, 0), sqlite3_column_int64(row, 1));
        if (status != C4_OK) break;
    }
    sqlite3_finalize(row);
    C4_TRY(status);
    return compare_hashes(m);
}
