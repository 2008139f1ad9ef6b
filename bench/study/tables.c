#include "bench/study/tables.h"

#include <stdlib.h>
#include <string.h>

const char *const c4_study_kind_names[C4_STUDY_KINDS] = {"train", "forward", "cka",
                                                         "store", "report",  "other"};

static bool begins(const char *word, const char *with) {
    return strncmp(word, with, strlen(with)) == 0;
}

enum c4_study_kind c4_study_kind_of(const char *what) {
    if (strcmp(what, "train_phase") == 0) return C4_STUDY_KINDS;
    if (strcmp(what, "train") == 0) return C4_STUDY_TRAIN;
    if (strstr(what, "checkpoint") || strstr(what, "database")) return C4_STUDY_STORE;
    if (strstr(what, "features") || strstr(what, "accuracy") || strstr(what, "forward") ||
        begins(what, "control"))
        return C4_STUDY_FORWARD;
    return strstr(what, "cka") || strstr(what, "reference") ? C4_STUDY_CKA : C4_STUDY_OTHER;
}

static enum c4_status fail(const struct c4_study_tables *tables) {
    int code = sqlite3_errcode(tables->db);
    return c4_fail(code == SQLITE_NOMEM ? C4_ERR_MEMORY : C4_ERR_DATA, "%s: %s",
                   c4_text_string(&tables->path), sqlite3_errmsg(tables->db));
}

/* Calls take() for each row; `text` (may be NULL) is the query's parameter. */
static enum c4_status each(struct c4_study_tables *tables, const char *query, const char *text,
                           enum c4_status (*take)(void *context, sqlite3_stmt *row),
                           void *context) {
    sqlite3_stmt *rows = NULL;
    enum c4_status status = C4_OK;
    int step = SQLITE_ERROR;
    if (sqlite3_prepare_v2(tables->db, query, -1, &rows, NULL) == SQLITE_OK &&
        (!text || sqlite3_bind_text(rows, 1, text, -1, SQLITE_STATIC) == SQLITE_OK))
        while (status == C4_OK && (step = sqlite3_step(rows)) == SQLITE_ROW)
            status = take(context, rows);
    if (status == C4_OK && step != SQLITE_DONE) status = fail(tables);
    sqlite3_finalize(rows);
    return status;
}

static const char *word(sqlite3_stmt *row, int column) {
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? text : "";
}

static enum c4_status copy(sqlite3_stmt *row, int column, char **to) {
    *to = strdup(word(row, column));
    return *to ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory for the tables of a study");
}

static enum c4_status take_run(void *context, sqlite3_stmt *row) {
    struct c4_study_tables *tables = context;
    const char *kind = word(row, 1), *rule = word(row, 3);
    struct c4_study_run *run = realloc(tables->run, (size_t)(tables->runs + 1) * sizeof *run);
    if (!run) return c4_fail(C4_ERR_MEMORY, "out of memory for the runs of a study");
    tables->run = run;
    run += tables->runs++;
    *run = (struct c4_study_run){.crosses = strcmp(kind, "finetune") == 0,
                                 .labels.degree = sqlite3_column_int(row, 4),
                                 .labels.shift =
                                     strcmp(word(row, 5), "seed") ? sqlite3_column_int(row, 6) : 0,
                                 .images = (uint32_t)sqlite3_column_int64(row, 7),
                                 .epochs = (uint32_t)sqlite3_column_int64(row, 8),
                                 .seed = (uint64_t)sqlite3_column_int64(row, 9)};
    run->tunes = run->crosses || strcmp(kind, "scratch") == 0;
    while (c4_label_rule_names[run->labels.rule] &&
           strcmp(c4_label_rule_names[run->labels.rule], rule) != 0)
        run->labels.rule++;
    C4_TRY(copy(row, 0, &run->key));
    C4_TRY(copy(row, 2, &run->data));
    if (c4_label_rule_names[run->labels.rule]) return C4_OK;
    return c4_fail(C4_ERR_DATA, "%s: run %s has labels that this program does not know, '%s'",
                   c4_text_string(&tables->path), run->key, rule);
}

static enum c4_status take_cost(void *context, sqlite3_stmt *row) {
    struct c4_study_tables *tables = context;
    enum c4_study_kind kind = c4_study_kind_of(word(row, 0));
    double seconds = sqlite3_column_double(row, 1);
    if (kind == C4_STUDY_KINDS) return C4_OK;
    struct c4_study_cost *cost = realloc(tables->cost, (size_t)(tables->costs + 1) * sizeof *cost);
    if (!cost) return c4_fail(C4_ERR_MEMORY, "out of memory for the costs of a study");
    tables->cost = cost;
    cost += tables->costs++;
    *cost = (struct c4_study_cost){.core_seconds = seconds};
    *(kind < C4_STUDY_WORK ? &tables->core_seconds[kind] : &tables->other_seconds) += seconds;
    return copy(row, 0, &cost->what);
}

static enum c4_status take_count(void *context, sqlite3_stmt *row) {
    *(int64_t *)context = sqlite3_column_int64(row, 0);
    return C4_OK;
}

static enum c4_status take_text(void *context, sqlite3_stmt *row) {
    return c4_text_set(context, word(row, 0));
}

enum c4_status c4_study_tables_open(const char *folder, struct c4_study_tables *tables) {
    *tables = (struct c4_study_tables){0};
    C4_TRY(c4_text_add(&tables->path, "%s/study.db", folder));
    if (sqlite3_open_v2(tables->path.bytes, &tables->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        return fail(tables);
    C4_TRY(each(tables,
                "SELECT key, kind, data, label_rule, degree, shift_rule, shift, images, epochs,"
                " seed FROM run ORDER BY key",
                NULL, take_run, tables));
    C4_TRY(each(tables, "SELECT what, sum(seconds * threads) FROM cost GROUP BY what ORDER BY what",
                NULL, take_cost, tables));
    return each(tables, "SELECT count(*) FROM result", NULL, take_count, &tables->rows);
}

enum c4_status c4_study_tables_setting(struct c4_study_tables *tables, const char *name,
                                       struct c4_text *value) {
    c4_text_clear(value);
    return each(tables, "SELECT value FROM setting WHERE name = ?", name, take_text, value);
}

void c4_study_tables_close(struct c4_study_tables *tables) {
    for (int i = 0; i < tables->runs; i++) {
        free(tables->run[i].key);
        free(tables->run[i].data);
    }
    for (int i = 0; i < tables->costs; i++) free(tables->cost[i].what);
    free(tables->run);
    free(tables->cost);
    c4_text_free(&tables->path);
    sqlite3_close(tables->db);
    *tables = (struct c4_study_tables){0};
}
