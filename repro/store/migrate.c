#include "repro/store/migrate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/similarity/similarity.h"
#include "repro/store/hash_rows.h"
#include "repro/store/run_columns.h"
#include "repro/store/schema.h"
#include "repro/store/sql.h"

/* From schemas 2 and 3, in which a run was described by words: "phase=pretrain data=cifar10
 * labels=d9 images=8000 epochs=6 order=bn-relu seed=1 from=initialisation curve_images=500 +name".
 * They differ only in rows: 2 had no times of phases. */
static const char begin[] = "DROP VIEW IF EXISTS results;"
                            "ALTER TABLE result RENAME TO old_result;"
                            "ALTER TABLE cost RENAME TO old_cost;"
                            "ALTER TABLE checkpoint RENAME TO old_checkpoint;"
                            "ALTER TABLE run RENAME TO old_run;"
                            "ALTER TABLE writer RENAME TO old_writer;";

static const char copy[] =
    "INSERT INTO result SELECT run, epoch, quantity, layer, reference, images, statistics, n,"
    " value, '', NULL, NULL, NULL, NULL, provenance FROM old_result;"
    "INSERT INTO cost(run, epoch, what, layer, method, seconds, images_per_s, flops, bytes,"
    " threads, host, place, started, ended) SELECT run, epoch, what, layer, method, seconds,"
    " images_per_s, flops, bytes, threads, nullif(host, 'unknown'), place, started, ended FROM "
    "old_cost;"
    "INSERT INTO checkpoint SELECT run, epoch, path, sha256 FROM old_checkpoint;";

static const char finish[] =
    "INSERT INTO writer SELECT one, lease, host, '', pid, since FROM old_writer;"
    "DROP TABLE old_writer;DROP TABLE old_result;DROP TABLE old_cost;DROP TABLE "
    "old_checkpoint;DROP TABLE old_run;";

/* From schemas 4, which did not say where memory was, and 5, in which a host was always known: that
 * of the coordinator, whose workers were its children. */
static const char copy_cost[] =
    "INSERT INTO cost SELECT id, run, epoch, what, layer, method, seconds, images_per_s, flops,"
    " bytes, threads, nullif(host, 'unknown'), place, place_read_back, node, program, started,"
    " ended, memory_node FROM old_cost; DROP TABLE old_cost;";

/* Copies the value of `name` in a description to *value; "" if it is missing. */
static enum c4_status word_of(const char *description, const char *name, struct c4_text *value) {
    size_t length = strlen(name);
    c4_text_clear(value);
    for (const char *at = description; *at; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");
        if (word > length && at[length] == '=' && strncmp(at, name, length) == 0)
            return c4_text_add_bytes(value, at + length + 1, word - length - 1);
        at += word;
    }
    return C4_OK;
}

static enum c4_status number_of(const char *description, const char *name, uint64_t *number,
                                bool *found) {
    struct c4_text value = {0};
    enum c4_status status = word_of(description, name, &value);
    char *end = NULL;
    if (status == C4_OK) {
        *number = strtoull(c4_text_string(&value), &end, 10);
        *found = *found && value.length > 0 && *end == '\0';
    }
    c4_text_free(&value);
    return status;
}

/* "d0" to "d9", "shifted" or "shifted1"; of the latter, the shift is 1 for all seeds. */
static bool take_labels(const char *labels, struct c4_run_columns *run) {
    run->shift_rule = "";
    if (strcmp(labels, "shifted") == 0 || strcmp(labels, "shifted1") == 0) {
        run->label_rule = c4_label_rule_names[C4_LABELS_SHIFTED];
        run->shift_rule =
            c4_shift_rule_names[labels[strlen("shifted")] ? C4_SHIFT_ONE : C4_SHIFT_SEED];
        run->shift = labels[strlen("shifted")] ? 1 : c4_labels_shift(run->seed);
        return true;
    }
    if (labels[0] != 'd' || labels[1] < '0' || labels[1] > '9' || labels[2]) return false;
    run->degree = labels[1] - '0';
    run->label_rule = c4_label_rule_names[run->degree ? C4_LABELS_RANDOM : C4_LABELS_TRUE];
    return true;
}

/* CKA, and the measures that are added with "+name". */
static enum c4_status take_measures(const char *description, struct c4_text *measures) {
    C4_TRY(c4_text_set(measures, c4_similarities[C4_SIMILARITY_cka]->name));
    for (const char *at = strchr(description, '+'); at; at = strchr(at + 1, '+')) {
        C4_TRY(c4_text_add(measures, ","));
        C4_TRY(c4_text_add_bytes(measures, at + 1, strcspn(at + 1, " ")));
    }
    return C4_OK;
}

struct words {
    struct c4_text kind, data, labels, order, source, measures;
};

static enum c4_status add_run(const char *path, sqlite3 *db, const char *key,
                              const char *description, const char *status_word,
                              struct words *words) {
    struct c4_run_columns run = {.key = key};
    uint64_t images, epochs, curve_images;
    bool known = true;
    C4_TRY(word_of(description, "phase", &words->kind));
    C4_TRY(word_of(description, "data", &words->data));
    C4_TRY(word_of(description, "labels", &words->labels));
    C4_TRY(word_of(description, "order", &words->order));
    C4_TRY(word_of(description, "from", &words->source));
    C4_TRY(take_measures(description, &words->measures));
    C4_TRY(number_of(description, "images", &images, &known));
    C4_TRY(number_of(description, "epochs", &epochs, &known));
    C4_TRY(number_of(description, "seed", &run.seed, &known));
    C4_TRY(number_of(description, "curve_images", &curve_images, &known));
    if (!known || !take_labels(c4_text_string(&words->labels), &run))
        return c4_fail(C4_ERR_DATA,
                       "%s: run %s is described as '%s', which cannot be understood; --fresh keeps "
                       "the old files aside, and other rows can be read with SQLite",
                       path, key, description);
    run.kind = c4_text_string(&words->kind);
    run.data = c4_text_string(&words->data);
    run.block_order = c4_text_string(&words->order);
    run.source = strcmp(c4_text_string(&words->source), "initialisation") == 0
                     ? NULL
                     : c4_text_string(&words->source);
    run.measures = c4_text_string(&words->measures);
    run.images = (int64_t)images;
    run.epochs = (int64_t)epochs;
    run.curve_images = (int64_t)curve_images;
    return c4_run_columns_insert(path, db, &run, status_word);
}

static enum c4_status add_runs(const char *path, sqlite3 *db) {
    sqlite3_stmt *statement;
    struct words words = {0};
    int row;
    C4_TRY(c4_sql_prepare(path, db, &statement, "SELECT key, spec, status FROM old_run", ""));
    enum c4_status status;
    while ((status = c4_sql_step(path, statement, &row)) == C4_OK && row) {
        status = add_run(path, db, c4_sql_text(statement, 0), c4_sql_text(statement, 1),
                         c4_sql_text(statement, 2), &words);
        if (status != C4_OK) break;
    }
    sqlite3_finalize(statement);
    c4_text_free(&words.kind);
    c4_text_free(&words.data);
    c4_text_free(&words.labels);
    c4_text_free(&words.order);
    c4_text_free(&words.source);
    c4_text_free(&words.measures);
    return status;
}

/* Older versions measured all similarities by version 1. */
static enum c4_status name_measures(const char *path, sqlite3 *db) {
    for (int i = 0; i < C4_SIMILARITIES; i++)
        for (int k = 0; c4_similarities[i]->quantity[k]; k++)
            C4_TRY(c4_sql_do(path, db,
                             "UPDATE result SET measure = ?, similarity_version = 1 "
                             "WHERE quantity = ?",
                             "tt", c4_similarities[i]->name, c4_similarities[i]->quantity[k]));
    return C4_OK;
}

static enum c4_status hash_runs(const char *path, sqlite3 *db) {
    sqlite3_stmt *statement;
    int row;
    C4_TRY(
        c4_sql_prepare(path, db, &statement, "SELECT key FROM old_run WHERE status = 'done'", ""));
    enum c4_status status;
    while ((status = c4_sql_step(path, statement, &row)) == C4_OK && row)
        if ((status = c4_hash_rows(path, db, c4_sql_text(statement, 0))) != C4_OK) break;
    sqlite3_finalize(statement);
    return status;
}

static enum c4_status set_version(const char *path, sqlite3 *db) {
    return c4_sql_do(path, db, "UPDATE schema SET version = ?", "i", (int64_t)C4_STORE_SCHEMA);
}

static enum c4_status renew_cost(const char *path, sqlite3 *db, int64_t version) {
    if (version == 4)
        C4_TRY(c4_sql_run(path, db, "ALTER TABLE cost ADD COLUMN memory_node INTEGER"));
    C4_TRY(c4_sql_run(path, db, "ALTER TABLE cost RENAME TO old_cost"));
    C4_TRY(c4_schema_make_cost(path, db));
    C4_TRY(c4_sql_run(path, db, copy_cost));
    return set_version(path, db);
}

enum c4_status c4_migrate(const char *path, sqlite3 *db) {
    int64_t version;
    C4_TRY(c4_schema_version(path, db, &version));
    if (version >= 4) return renew_cost(path, db, version);
    C4_TRY(c4_sql_run(path, db, begin));
    C4_TRY(c4_schema_make_changed(path, db));
    C4_TRY(add_runs(path, db));
    C4_TRY(c4_sql_run(path, db, copy));
    C4_TRY(name_measures(path, db));
    C4_TRY(hash_runs(path, db));
    C4_TRY(c4_sql_run(path, db, finish));
    return set_version(path, db);
}
