/* Reads the store's other tables: settings, runs, provenance, cost. */
#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repro/results/study_reader.h"
#include "repro/results/study_reader_inner.h"
#include "repro/store/sql.h"

/* Calls take() for each row until it returns false. */
static enum c4_status each(struct c4_study_reader *store, const char *sql, const char *key,
                           bool (*take)(void *context, sqlite3_stmt *row), void *context) {
    sqlite3_stmt *statement;
    int row;
    C4_TRY(c4_sql_prepare(store->path, store->db, &statement, sql, key ? "t" : "", key));
    enum c4_status status;
    while ((status = c4_sql_step(store->path, statement, &row)) == C4_OK && row)
        if (!take(context, statement)) break;
    sqlite3_finalize(statement);
    return status;
}

static void column(sqlite3_stmt *row, int i, char *text, size_t size) {
    const unsigned char *value = sqlite3_column_text(row, i);
    snprintf(text, size, "%s", value ? (const char *)value : "");
}

static double real(sqlite3_stmt *row, int i) {
    return sqlite3_column_type(row, i) == SQLITE_NULL ? (double)NAN : sqlite3_column_double(row, i);
}

struct text {
    char *text;
    size_t size;
};

static bool take_text(void *context, sqlite3_stmt *row) {
    struct text *to = context;
    column(row, 0, to->text, to->size);
    return false;
}

enum c4_status c4_study_reader_setting(struct c4_study_reader *store, const char *name, char *value,
                                       size_t size) {
    struct text to = {value, size};
    value[0] = '\0';
    return each(store, "SELECT value FROM setting WHERE name = ?", name, take_text, &to);
}

enum c4_status c4_study_reader_run_state(struct c4_study_reader *store, const char *run,
                                         bool *known, enum c4_run_state *state) {
    char name[16] = "";
    struct text to = {name, sizeof name};
    *state = C4_RUN_PLANNED;
    C4_TRY(each(store, "SELECT status FROM run WHERE key = ?", run, take_text, &to));
    *known = name[0] != '\0';
    for (int i = 0; c4_run_state_names[i]; i++)
        if (strcmp(name, c4_run_state_names[i]) == 0) *state = (enum c4_run_state)i;
    return C4_OK;
}

/* Run keys end in "-seed<number>". */
static bool take_seed(void *context, sqlite3_stmt *row) {
    struct c4_seeds *seeds = context;
    const char *key = (const char *)sqlite3_column_text(row, 0), *at = NULL;
    for (const char *next = key; next && (next = strstr(next, "-seed")); next += 5) at = next + 5;
    uint64_t seed;
    if (!at || sscanf(at, "%" SCNu64, &seed) != 1) return true;
    int i = 0;
    for (; i < seeds->count; i++)
        if (seeds->seed[i] >= seed) break;
    if ((i < seeds->count && seeds->seed[i] == seed) || seeds->count == C4_SEEDS_MAX) return true;
    memmove(&seeds->seed[i + 1], &seeds->seed[i], (size_t)(seeds->count - i) * sizeof *seeds->seed);
    seeds->seed[i] = seed;
    seeds->count++;
    return true;
}

static bool take_count(void *context, sqlite3_stmt *row) {
    *(int64_t *)context = sqlite3_column_int64(row, 0);
    return false;
}

/* Number of runs whose key matches an SQL pattern. */
static enum c4_status count_like(struct c4_study_reader *store, const char *pattern,
                                 int64_t *count) {
    *count = 0;
    return each(store, "SELECT count(*) FROM run WHERE key LIKE ?", pattern, take_count, count);
}

static enum c4_status apply_names(struct c4_study_reader *store, struct c4_protocol *protocol) {
    int64_t bn_relu, relu_bn, true_sizes, random_sizes, by_one, curve_images = 0;
    C4_TRY(count_like(store, "%-bn-relu-seed%", &bn_relu));
    C4_TRY(count_like(store, "%-relu-bn-seed%", &relu_bn));
    C4_TRY(count_like(store, "size-%-d0-n%", &true_sizes));
    C4_TRY(count_like(store, "size-%-d9-n%", &random_sizes));
    C4_TRY(count_like(store, "%-shifted1-n%", &by_one));
    if (bn_relu && !relu_bn) protocol->order = C4_BN_RELU;
    if (relu_bn && !bn_relu) protocol->order = C4_RELU_BN;
    if (true_sizes && !random_sizes) protocol->size_labels = C4_SIZE_LABELS_TRUE;
    if (random_sizes && !true_sizes) protocol->size_labels = C4_SIZE_LABELS_RANDOM;
    if (by_one) protocol->shift = C4_SHIFT_ONE;
    C4_TRY(each(store,
                "SELECT CAST(substr(spec, instr(spec, ?) + 13) AS INTEGER) FROM run WHERE key LIKE "
                "'pretrain-%' LIMIT 1",
                "curve_images=", take_count, &curve_images));
    if (curve_images > 0) protocol->curve_images = (uint32_t)curve_images;
    return C4_OK;
}

enum c4_status c4_study_reader_apply(struct c4_study_reader *store, struct c4_study *study,
                                     struct c4_scale *scale) {
    for (int table = 0; table < 2; table++) {
        void *object = table ? (void *)scale : (void *)&study->protocol;
        const struct c4_field *field = table ? c4_scale_fields : c4_protocol_fields;
        for (; field->key; field++) {
            char value[512];
            C4_TRY(c4_study_reader_setting(store, field->key, value, sizeof value));
            if (value[0]) C4_TRY(c4_field_read(field, value, object));
        }
    }
    C4_TRY(apply_names(store, &study->protocol));
    scale->seeds.count = 0;
    return each(store, "SELECT key FROM run", NULL, take_seed, &scale->seeds);
}

struct origins {
    struct c4_origin *origin;
    int *count;
};

static bool take_origin(void *context, sqlite3_stmt *row) {
    struct origins *to = context;
    if (*to->count == C4_ORIGINS_MAX) return false;
    struct c4_origin *o = &to->origin[(*to->count)++];
    column(row, 0, o->data, sizeof o->data);
    column(row, 1, o->data_sha256, sizeof o->data_sha256);
    column(row, 2, o->evaluation, sizeof o->evaluation);
    column(row, 3, o->evaluation_sha256, sizeof o->evaluation_sha256);
    column(row, 4, o->code_version, sizeof o->code_version);
    column(row, 5, o->backend, sizeof o->backend);
    o->arithmetic = sqlite3_column_int(row, 6);
    o->synthetic = sqlite3_column_int(row, 7);
    o->substitute = sqlite3_column_int(row, 8);
    return true;
}

enum c4_status c4_study_reader_origins(struct c4_study_reader *store,
                                       struct c4_origin origin[C4_ORIGINS_MAX], int *count) {
    struct origins to = {origin, count};
    *count = 0;
    return each(store,
                "SELECT data, data_sha256, evaluation, evaluation_sha256, code_version, backend, "
                "arithmetic, synthetic, substitute FROM provenance ORDER BY data, evaluation, id",
                NULL, take_origin, &to);
}

struct sums {
    struct c4_cost_sum *sum;
    int count, capacity;
    bool full;
};

static bool take_sum(void *context, sqlite3_stmt *row) {
    struct sums *to = context;
    if (to->count == to->capacity) {
        int capacity = 2 * to->capacity + 64;
        struct c4_cost_sum *larger = realloc(to->sum, (size_t)capacity * sizeof *larger);
        to->full = !larger;
        if (!larger) return false;
        to->sum = larger;
        to->capacity = capacity;
    }
    struct c4_cost_sum *sum = &to->sum[to->count++];
    column(row, 0, sum->run, sizeof sum->run);
    column(row, 1, sum->what, sizeof sum->what);
    column(row, 2, sum->layer, sizeof sum->layer);
    column(row, 3, sum->method, sizeof sum->method);
    sum->count = sqlite3_column_int64(row, 4);
    sum->seconds = real(row, 5);
    sum->mean_seconds = real(row, 6);
    sum->images_per_s = real(row, 7);
    sum->flops = real(row, 8);
    sum->bytes = real(row, 9);
    return true;
}

enum c4_status c4_study_reader_costs(struct c4_study_reader *store, struct c4_cost_sum **sums,
                                     int *count) {
    struct sums to = {0};
    enum c4_status status = each(
        store,
        "SELECT run, what, layer, method, count(*), sum(seconds), avg(seconds), "
        "avg(images_per_s), avg(flops), avg(bytes) FROM cost GROUP BY run, what, layer, method",
        NULL, take_sum, &to);
    if (status == C4_OK && to.full)
        status = c4_fail(C4_ERR_MEMORY, "out of memory for the times of the runs");
    *sums = to.sum;
    *count = to.count;
    return status;
}

struct places {
    struct c4_place_sum *place;
    int *count;
};

static bool take_place(void *context, sqlite3_stmt *row) {
    struct places *to = context;
    if (*to->count == C4_PLACES_MAX) return false;
    struct c4_place_sum *place = &to->place[(*to->count)++];
    column(row, 0, place->host, sizeof place->host);
    column(row, 1, place->place, sizeof place->place);
    place->threads = sqlite3_column_int(row, 2);
    place->runs = sqlite3_column_int(row, 3);
    place->seconds = real(row, 4);
    return true;
}

enum c4_status c4_study_reader_places(struct c4_study_reader *store,
                                      struct c4_place_sum place[C4_PLACES_MAX], int *count) {
    struct places to = {place, count};
    *count = 0;
    return each(
        store,
        "SELECT host, place, threads, count(DISTINCT run), sum(seconds) FROM cost WHERE what <> "
        "'train_phase' GROUP BY host, place, threads ORDER BY 1, 2, 3",
        NULL, take_place, &to);
}
