/* Reads the store's other tables: settings, runs, provenance, cost. */
#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/op/names.h"
#include "core/similarity/similarity.h"
#include "repro/results/study_reader.h"
#include "repro/results/study_reader_inner.h"
#include "repro/store/sql.h"

/* Calls take() for each row of a statement without parameters, or with one text (key). */
static enum c4_status each(struct c4_study_reader *store, const char *sql, const char *key,
                           enum c4_status (*take)(void *context, sqlite3_stmt *row),
                           void *context) {
    sqlite3_stmt *statement;
    int row;
    C4_TRY(c4_sql_prepare(store->path, store->db, &statement, sql, key ? "t" : "", key));
    enum c4_status status;
    while ((status = c4_sql_step(store->path, statement, &row)) == C4_OK && row)
        if ((status = take(context, statement)) != C4_OK) break;
    sqlite3_finalize(statement);
    return status;
}

static double real(sqlite3_stmt *row, int i) {
    return sqlite3_column_type(row, i) == SQLITE_NULL ? (double)NAN : sqlite3_column_double(row, i);
}

static enum c4_status take_text(void *context, sqlite3_stmt *row) {
    return c4_text_set(context, c4_sql_text(row, 0));
}

enum c4_status c4_study_reader_setting(struct c4_study_reader *store, const char *name,
                                       struct c4_text *value) {
    c4_text_clear(value);
    return each(store, "SELECT value FROM setting WHERE name = ?", name, take_text, value);
}

enum c4_status c4_study_reader_run_state(struct c4_study_reader *store, const char *run,
                                         bool *known, enum c4_run_state *state) {
    struct c4_text name = {0};
    *state = C4_RUN_PLANNED;
    enum c4_status status =
        each(store, "SELECT status FROM run WHERE key = ?", run, take_text, &name);
    *known = name.length > 0;
    for (int i = 0; c4_run_state_names[i]; i++)
        if (strcmp(c4_text_string(&name), c4_run_state_names[i]) == 0)
            *state = (enum c4_run_state)i;
    c4_text_free(&name);
    return status;
}

static enum c4_status take_seed(void *context, sqlite3_stmt *row) {
    struct c4_seeds *seeds = context;
    if (seeds->count == C4_SEEDS_MAX)
        return c4_fail(C4_ERR_DATA, "the study has more than %d seeds", C4_SEEDS_MAX);
    seeds->seed[seeds->count++] = (uint64_t)sqlite3_column_int64(row, 0);
    return C4_OK;
}

static enum c4_status take_number(void *context, sqlite3_stmt *row) {
    *(int64_t *)context = sqlite3_column_int64(row, 0);
    return C4_OK;
}

/* The number that a statement with one text parameter returns; 0 without a row. */
static enum c4_status number_of(struct c4_study_reader *store, const char *sql, const char *key,
                                int64_t *number) {
    *number = 0;
    return each(store, sql, key, take_number, number);
}

/* What all runs of the folder have in common, although it stands in each. */
static enum c4_status apply_runs(struct c4_study_reader *store, struct c4_protocol *protocol) {
    static const char by_order[] = "SELECT count(*) FROM run WHERE block_order = ?";
    static const char sizes_by_rule[] =
        "SELECT count(*) FROM run WHERE kind = 'size' AND label_rule = ?";
    int64_t bn_relu, relu_bn, true_sizes, random_sizes, by_one, curve_images;
    C4_TRY(number_of(store, by_order, c4_order_names[C4_BN_RELU], &bn_relu));
    C4_TRY(number_of(store, by_order, c4_order_names[C4_RELU_BN], &relu_bn));
    C4_TRY(number_of(store, sizes_by_rule, c4_label_rule_names[C4_LABELS_TRUE], &true_sizes));
    C4_TRY(number_of(store, sizes_by_rule, c4_label_rule_names[C4_LABELS_RANDOM], &random_sizes));
    C4_TRY(number_of(store, "SELECT count(*) FROM run WHERE shift_rule = ?",
                     c4_shift_rule_names[C4_SHIFT_ONE], &by_one));
    C4_TRY(number_of(store, "SELECT curve_images FROM run WHERE kind = ? LIMIT 1",
                     c4_run_kind_names[C4_KIND_PRETRAIN], &curve_images));
    if (bn_relu && !relu_bn) protocol->order = C4_BN_RELU;
    if (relu_bn && !bn_relu) protocol->order = C4_RELU_BN;
    if (true_sizes && !random_sizes) protocol->size_labels = C4_SIZE_LABELS_TRUE;
    if (random_sizes && !true_sizes) protocol->size_labels = C4_SIZE_LABELS_RANDOM;
    if (by_one) protocol->shift = C4_SHIFT_ONE;
    if (curve_images > 0) protocol->curve_images = (uint32_t)curve_images;
    return C4_OK;
}

/* Applies a stored setting, if there is one. */
static enum c4_status apply_setting(struct c4_study_reader *store, const struct c4_field *field,
                                    void *object) {
    struct c4_text value = {0};
    enum c4_status status = c4_study_reader_setting(store, field->key, &value);
    if (status == C4_OK && value.length > 0) {
        status = c4_field_read(field, c4_text_string(&value), object);
        if (status == C4_ERR_USAGE)
            status =
                c4_fail(C4_ERR_DATA, "%s: its setting %s: %s", store->path, field->key, c4_error());
    }
    c4_text_free(&value);
    return status;
}

/* Those of runs, and those of the setting: a part of a study has only some of its runs. Where 0.1.0
 * cut a setting after 255 bytes, its last seed is none. */
static enum c4_status apply_seeds(struct c4_study_reader *store, struct c4_scale *scale) {
    enum { CUT = 255 };
    const struct c4_field *field = c4_field_find(c4_scale_fields, "seeds");
    struct c4_scale stored = {0};
    struct c4_text text = {0};
    scale->seeds.count = 0;
    C4_TRY(
        each(store, "SELECT DISTINCT seed FROM run ORDER BY seed", NULL, take_seed, &scale->seeds));
    if (scale->seeds.count == 0) return C4_OK;
    enum c4_status status = c4_study_reader_setting(store, field->key, &text);
    if (status == C4_OK && text.length > 0 && text.length != CUT) {
        status = c4_field_read(field, c4_text_string(&text), &stored);
        if (status == C4_OK) status = c4_field_join(field, &stored, scale);
        if (status == C4_ERR_USAGE)
            status = c4_fail(C4_ERR_DATA, "%s: its seeds: %s", store->path, c4_error());
    }
    c4_text_free(&text);
    return status;
}

enum c4_status c4_study_reader_apply(struct c4_study_reader *store, struct c4_study *study,
                                     struct c4_scale *scale) {
    for (int table = 0; table < 2; table++) {
        void *object = table ? (void *)scale : (void *)&study->protocol;
        const struct c4_field *field = table ? c4_scale_fields : c4_protocol_fields;
        for (; field->key; field++) C4_TRY(apply_setting(store, field, object));
    }
    C4_TRY(apply_runs(store, &study->protocol));
    return apply_seeds(store, scale);
}

/* A copy of a column's text, or NULL and C4_ERR_MEMORY in *status. */
static char *copy_of(sqlite3_stmt *row, int column, enum c4_status *status) {
    char *copy = strdup(c4_sql_text(row, column));
    if (!copy) *status = c4_fail(C4_ERR_MEMORY, "out of memory for the rows of a study");
    return copy;
}

static enum c4_status take_origin(void *context, sqlite3_stmt *row) {
    struct c4_origins *to = context;
    enum c4_status status = C4_OK;
    struct c4_origin *grown =
        c4_array_reserve(to->origin, sizeof *grown, (size_t)to->count + 1, &to->capacity);
    if (!grown) return c4_fail(C4_ERR_MEMORY, "out of memory for the origins of rows");
    to->origin = grown;
    grown[to->count++] = (struct c4_origin){.data = copy_of(row, 0, &status),
                                            .data_sha256 = copy_of(row, 1, &status),
                                            .evaluation = copy_of(row, 2, &status),
                                            .evaluation_sha256 = copy_of(row, 3, &status),
                                            .code_version = copy_of(row, 4, &status),
                                            .backend = copy_of(row, 5, &status),
                                            .arithmetic = sqlite3_column_int(row, 6),
                                            .synthetic = sqlite3_column_int(row, 7),
                                            .substitute = sqlite3_column_int(row, 8)};
    return status;
}

enum c4_status c4_study_reader_origins(struct c4_study_reader *store, struct c4_origins *origins) {
    *origins = (struct c4_origins){0};
    return each(store,
                "SELECT data, data_sha256, evaluation, evaluation_sha256, code_version, backend, "
                "arithmetic, synthetic, substitute FROM provenance ORDER BY data, evaluation, id",
                NULL, take_origin, origins);
}

void c4_origins_free(struct c4_origins *origins) {
    for (int i = 0; i < origins->count; i++) {
        struct c4_origin *origin = &origins->origin[i];
        free(origin->data);
        free(origin->data_sha256);
        free(origin->evaluation);
        free(origin->evaluation_sha256);
        free(origin->code_version);
        free(origin->backend);
    }
    free(origins->origin);
    *origins = (struct c4_origins){0};
}

struct versions {
    struct c4_version_runs *version;
    int count;
    size_t capacity;
};

static enum c4_status take_version(void *context, sqlite3_stmt *row) {
    struct versions *to = context;
    struct c4_version_runs *grown =
        c4_array_reserve(to->version, sizeof *grown, (size_t)to->count + 1, &to->capacity);
    if (!grown) return c4_fail(C4_ERR_MEMORY, "out of memory for the versions of rows");
    to->version = grown;
    grown[to->count++] = (struct c4_version_runs){.version = sqlite3_column_int64(row, 0),
                                                  .runs = sqlite3_column_int(row, 1)};
    return C4_OK;
}

enum c4_status c4_study_reader_versions(struct c4_study_reader *store,
                                        struct c4_version_runs **versions, int *count) {
    struct versions to = {0};
    enum c4_status status = each(store,
                                 "SELECT similarity_version, count(DISTINCT run) FROM result "
                                 "WHERE similarity_version IS NOT NULL GROUP BY 1 ORDER BY 1",
                                 NULL, take_version, &to);
    *versions = to.version;
    *count = to.count;
    return status;
}

struct taker {
    void (*take)(void *context, const char *run);
    void *context;
};

static enum c4_status take_run(void *context, sqlite3_stmt *row) {
    const struct taker *to = context;
    to->take(to->context, c4_sql_text(row, 0));
    return C4_OK;
}

enum c4_status c4_study_reader_other_versions(struct c4_study_reader *store,
                                              void (*take)(void *context, const char *run),
                                              void *context) {
    struct taker to = {take, context};
    struct c4_text query = {0};
    enum c4_status status =
        c4_text_add(&query,
                    "SELECT DISTINCT run FROM result JOIN run ON run.key = run WHERE "
                    "similarity_version <> %d AND status = 'done' ORDER BY 1",
                    (int)C4_SIMILARITY_VERSION);
    if (status == C4_OK) status = each(store, c4_text_string(&query), NULL, take_run, &to);
    c4_text_free(&query);
    return status;
}

struct sums {
    const struct c4_study_reader *store;
    struct c4_cost_sum *sum;
    int count;
    size_t capacity;
};

static enum c4_status take_sum(void *context, sqlite3_stmt *row) {
    struct sums *to = context;
    struct c4_cost_sum *grown =
        c4_array_reserve(to->sum, sizeof *grown, (size_t)to->count + 1, &to->capacity);
    if (!grown) return c4_fail(C4_ERR_MEMORY, "out of memory for the times of the runs");
    to->sum = grown;
    struct c4_cost_sum *sum = &grown[to->count++];
    C4_TRY(c4_sql_copy(to->store->path, row, 0, sum->run, sizeof sum->run));
    sum->what = C4_COST_TRAIN;
    while (c4_cost_names[sum->what] && strcmp(c4_cost_names[sum->what], c4_sql_text(row, 1)) != 0)
        sum->what++;
    C4_TRY(c4_sql_copy(to->store->path, row, 2, sum->layer, sizeof sum->layer));
    C4_TRY(c4_sql_copy(to->store->path, row, 3, sum->method, sizeof sum->method));
    sum->count = sqlite3_column_int64(row, 4);
    sum->seconds = real(row, 5);
    sum->mean_seconds = real(row, 6);
    sum->images_per_s = real(row, 7);
    sum->flops = real(row, 8);
    sum->bytes = real(row, 9);
    return C4_OK;
}

enum c4_status c4_study_reader_costs(struct c4_study_reader *store, struct c4_cost_sum **sums,
                                     int *count) {
    struct sums to = {.store = store};
    enum c4_status status = each(
        store,
        "SELECT run, what, layer, method, count(*), sum(seconds), avg(seconds), "
        "avg(images_per_s), avg(flops), avg(bytes) FROM cost GROUP BY run, what, layer, method",
        NULL, take_sum, &to);
    *sums = to.sum;
    *count = to.count;
    return status;
}

static enum c4_status take_place(void *context, sqlite3_stmt *row) {
    struct c4_places *to = context;
    enum c4_status status = C4_OK;
    struct c4_place_sum *grown =
        c4_array_reserve(to->place, sizeof *grown, (size_t)to->count + 1, &to->capacity);
    if (!grown) return c4_fail(C4_ERR_MEMORY, "out of memory for the places of runs");
    to->place = grown;
    grown[to->count++] = (struct c4_place_sum){.host = copy_of(row, 0, &status),
                                               .place = copy_of(row, 1, &status),
                                               .threads = sqlite3_column_int(row, 2),
                                               .runs = sqlite3_column_int(row, 3),
                                               .seconds = real(row, 4)};
    return status;
}

enum c4_status c4_study_reader_places(struct c4_study_reader *store, struct c4_places *places) {
    *places = (struct c4_places){0};
    return each(store,
                "SELECT coalesce(host, 'unknown'), coalesce(place_read_back, place), threads, "
                "count(DISTINCT run), sum(seconds) "
                "FROM cost WHERE what <> ? GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
                c4_cost_names[C4_COST_TRAIN_PHASE], take_place, places);
}

void c4_places_free(struct c4_places *places) {
    for (int i = 0; i < places->count; i++) {
        free(places->place[i].host);
        free(places->place[i].place);
    }
    free(places->place);
    *places = (struct c4_places){0};
}
