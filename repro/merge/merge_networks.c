/* Comparing the networks that two studies have in common. Their files also name backend and
 * version, so that equal networks may have different hashes. */
#include <inttypes.h>
#include <string.h>

#include "core/file/file.h"
#include "core/net/checkpoint.h"
#include "repro/merge/merge_inner.h"
#include "repro/store/sql.h"
#include "repro/store/store.h"

#define BOTH                                                                                       \
    " FROM main.checkpoint AS a JOIN part.checkpoint AS b ON a.run = b.run AND a.epoch = b.epoch"  \
    " JOIN file AS f ON f.run = a.run AND f.epoch = a.epoch"

/* How many values differ, bit for bit. */
static int count_different(const double *a, const double *b, int count) {
    int different = 0;
    for (int i = 0; i < count; i++) {
        uint64_t bits[2];
        memcpy(&bits[0], &a[i], sizeof *bits);
        memcpy(&bits[1], &b[i], sizeof *bits);
        different += bits[0] != bits[1];
    }
    return different;
}

static bool same_training(const struct c4_checkpoint *a, const struct c4_checkpoint *b) {
    return a->has_momentum == b->has_momentum && a->wide == b->wide && a->order == b->order &&
           a->seed == b->seed && a->epoch == b->epoch && a->batches == b->batches &&
           strcmp(a->data_sha256, b->data_sha256) == 0;
}

static enum c4_status compare(const char *run, int64_t epoch, char path[2][C4_STORE_PATH_SIZE],
                              struct c4_checkpoint *const read[2]) {
    const struct c4_checkpoint *a = read[0], *b = read[1];
    int different = count_different(a->state, b->state, C4_STATE_COUNT);
    if (a->has_momentum && b->has_momentum)
        different += count_different(a->momentum, b->momentum, C4_LEARNED_COUNT);
    if (different == 0 && same_training(a, b)) return C4_OK;
    return c4_fail(C4_ERR_RESULT,
                   "run %s, epoch %" PRId64 ": the networks in %s and %s differ in %d values%s; "
                   "studies of the same settings have the same networks: find out which machine is "
                   "wrong ('conv4 doctor --selftest'), and leave its folder out",
                   run, epoch, path[0], path[1], different,
                   same_training(a, b) ? "" : " and in how they say they were trained");
}

/* A row: run, epoch, folder of main's file, its path, path of part's. */
static enum c4_status compare_row(struct c4_merging *m, sqlite3_stmt *row,
                                  struct c4_checkpoint *const read[2]) {
    int64_t folder[2] = {sqlite3_column_int64(row, 2), m->part};
    char path[2][C4_STORE_PATH_SIZE];
    C4_TRY(m->request->watch(m->request->context));
    for (int side = 0; side < 2; side++) {
        C4_TRY(c4_path_join(path[side], sizeof path[side], c4_merge_name(m, folder[side]),
                            c4_sql_text(row, 3 + side)));
        enum c4_status status = c4_checkpoint_read(path[side], read[side]);
        /* It was what its study knows a moment ago, so it is missing now, or never was a network.
         */
        if (status == C4_ERR_DATA && c4_path_exists(path[side])) return status;
        C4_TRY(c4_merge_explain(m, folder[side], status));
    }
    return compare(c4_sql_text(row, 0), sqlite3_column_int64(row, 1), path, read);
}

static enum c4_status compare_all(struct c4_merging *m, struct c4_checkpoint *const read[2]) {
    sqlite3_stmt *row;
    int found;
    C4_TRY(c4_sql_prepare(c4_merge_part(m), m->db, &row,
                          "SELECT a.run, a.epoch, f.folder, f.path, b.path" BOTH
                          " WHERE a.sha256 <> b.sha256 ORDER BY 1, 2",
                          ""));
    enum c4_status status;
    while ((status = c4_sql_step(c4_merge_part(m), row, &found)) == C4_OK && found)
        if ((status = compare_row(m, row, read)) != C4_OK) break;
    sqlite3_finalize(row);
    return status;
}

enum c4_status c4_merge_compare_networks(struct c4_merging *m) {
    struct c4_checkpoint *const read[2] = {c4_checkpoint_new(), c4_checkpoint_new()};
    int64_t both = 0;
    enum c4_status status = read[0] && read[1] ? C4_OK : C4_ERR_MEMORY;
    if (status == C4_OK) status = compare_all(m, read);
    c4_checkpoint_free(read[0]);
    c4_checkpoint_free(read[1]);
    C4_TRY(status);
    C4_TRY(c4_sql_integer(c4_merge_part(m), m->db, "SELECT count(*)" BOTH, 0, &both));
    m->outcome->networks += both;
    return C4_OK;
}
