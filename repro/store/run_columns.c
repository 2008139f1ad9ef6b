#include "repro/store/run_columns.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/op/names.h"
#include "core/similarity/similarity.h"
#include "repro/store/sql.h"

enum c4_status c4_run_columns_of(const struct c4_run *run, const struct c4_protocol *protocol,
                                 struct c4_text *measures, struct c4_run_columns *columns) {
    const struct c4_label_spec *labels = &run->labels;
    bool is_random = labels->rule == C4_LABELS_RANDOM, shifts = labels->rule == C4_LABELS_SHIFTED;
    c4_text_clear(measures);
    for (int i = 0; i < C4_SIMILARITIES; i++)
        if (i == C4_SIMILARITY_cka || protocol->similarities >> i & 1)
            C4_TRY(c4_text_add_word(measures, ",", c4_similarities[i]->name));
    *columns = (struct c4_run_columns){
        .key = run->key,
        .kind = c4_run_kind_names[run->kind],
        .data = c4_sets[run->data].word,
        .label_rule = c4_label_rule_names[labels->rule],
        .degree = is_random ? labels->degree : 0,
        .shift_rule =
            shifts ? c4_shift_rule_names[labels->shift ? C4_SHIFT_ONE : C4_SHIFT_SEED] : "",
        .shift = !shifts         ? 0
                 : labels->shift ? labels->shift
                                 : c4_labels_shift(run->seed),
        .images = run->images,
        .epochs = run->epochs,
        .block_order = c4_order_names[run->order],
        .seed = run->seed,
        .source = run->from[0] ? run->from : NULL,
        .curve_images = c4_run_is_curve(run) ? protocol->curve_images : 0,
        .measures = c4_text_string(measures)};
    return C4_OK;
}

enum c4_status c4_run_columns_insert(const char *path, sqlite3 *db, const struct c4_run_columns *c,
                                     const char *status) {
    return c4_sql_do(path, db,
                     "INSERT INTO run VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                     "ttttitiiititi"
                     "tt",
                     c->key, c->kind, c->data, c->label_rule, (int64_t)c->degree, c->shift_rule,
                     (int64_t)c->shift, c->images, c->epochs, c->block_order, (int64_t)c->seed,
                     c->source, c->curve_images, c->measures, status);
}

/* What the stored row says of the columns below, beside what is planned. */
enum { COLUMNS = 13, DIGITS = 24 };
static const char select_columns[] =
    "SELECT kind, data, label_rule, degree, shift_rule, shift, images, epochs, block_order, seed, "
    "source, curve_images, measures FROM run WHERE key = ?";

static enum c4_status compare(const char *path, sqlite3_stmt *row, const struct c4_run_columns *c) {
    const char *planned[COLUMNS] = {c->kind,
                                    c->data,
                                    c->label_rule,
                                    NULL,
                                    c->shift_rule,
                                    NULL,
                                    NULL,
                                    NULL,
                                    c->block_order,
                                    NULL,
                                    c->source ? c->source : "",
                                    NULL,
                                    c->measures};
    const int64_t number[COLUMNS] = {
        [3] = c->degree, [5] = c->shift,         [6] = c->images,
        [7] = c->epochs, [9] = (int64_t)c->seed, [11] = c->curve_images};
    for (int i = 0; i < COLUMNS; i++) {
        char digits[DIGITS];
        const char *stored = c4_sql_text(row, i), *now = planned[i];
        if (!now) {
            snprintf(digits, sizeof digits, "%" PRId64, number[i]);
            now = digits;
        }
        if (strcmp(stored, now) == 0) continue;
        return c4_fail(C4_ERR_FAILED,
                       "%s: run %s is stored with %s = %s, not %s; use another --out or --fresh",
                       path, c->key, sqlite3_column_name(row, i), stored[0] ? stored : "none",
                       now[0] ? now : "none");
    }
    return C4_OK;
}

enum c4_status c4_run_columns_compare(const char *path, sqlite3 *db, const struct c4_run_columns *c,
                                      bool *known) {
    sqlite3_stmt *statement;
    int row;
    C4_TRY(c4_sql_prepare(path, db, &statement, select_columns, "t", c->key));
    enum c4_status status = c4_sql_step(path, statement, &row);
    *known = status == C4_OK && row;
    if (*known) status = compare(path, statement, c);
    sqlite3_finalize(statement);
    return status;
}
