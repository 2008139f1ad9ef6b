#include "repro/merge/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file/file.h"
#include "repro/merge/merge_inner.h"
#include "repro/store/sql.h"
#include "repro/store/store_inner.h"

const char *c4_merge_name(const struct c4_merging *m, int64_t folder) {
    return m->name[folder];
}

const char *c4_merge_part(const struct c4_merging *m) {
    return m->name[m->part];
}

static bool has_study(const char *folder, enum c4_status *status) {
    char path[C4_STORE_PATH_SIZE];
    if (*status == C4_OK) *status = c4_path_join(path, sizeof path, folder, "study.db");
    return *status == C4_OK && c4_path_exists(path);
}

static enum c4_status no_study(const char *folder, const char *why) {
    return c4_fail(C4_ERR_DATA,
                   "%s: there is no study (%s); give folders that 'conv4 repro --out' made", folder,
                   why);
}

/* Refuses folders without a study, and those that are OUT or each other. */
static enum c4_status check_folders(const struct c4_merging *m, struct stat *info) {
    const struct c4_merge_request *request = m->request;
    enum c4_status status = C4_OK;
    bool made = stat(request->out, &info[0]) == 0;
    for (int i = 1; i <= request->folders; i++) {
        const char *folder = m->name[i];
        if (stat(folder, &info[i]) != 0 && errno != ENOENT && errno != ENOTDIR)
            return c4_fail_read(folder, errno);
        if (!c4_path_exists(folder)) return no_study(folder, "there is no such folder");
        for (int k = made ? 0 : 1; k < i; k++) {
            if (info[k].st_dev != info[i].st_dev || info[k].st_ino != info[i].st_ino) continue;
            if (k == 0)
                return c4_fail(C4_ERR_USAGE,
                               "%s: is OUT itself, whose study takes part anyway; name it once",
                               folder);
            return c4_fail(C4_ERR_USAGE, "%s: is the same folder as %s; name each folder once",
                           folder, m->name[k]);
        }
        if (!has_study(folder, &status))
            return status == C4_OK ? no_study(folder, "study.db is missing") : status;
    }
    return C4_OK;
}

/* A start that was killed at once leaves tables without rows. */
static enum c4_status is_empty(const char *path, sqlite3 *db, bool *empty) {
    int64_t rows = 0;
    enum c4_status status = c4_sql_integer(
        path, db, "SELECT (SELECT count(*) FROM setting) + (SELECT count(*) FROM run)", 0, &rows);
    *empty = rows == 0;
    return status;
}

static enum c4_status join(struct c4_merging *m, sqlite3 *from) {
    C4_TRY(c4_merge_attach(m, from));
    enum c4_status status = c4_merge_compare(m);
    if (status == C4_OK) status = c4_merge_prepare(m);
    if (status == C4_OK) status = c4_merge_compare_networks(m);
    if (status == C4_OK) status = c4_merge_compare_rows(m);
    if (status == C4_OK) status = c4_merge_join(m);
    if (status != C4_OK) return status; /* the whole database is given up */
    return c4_merge_detach(m);
}

static enum c4_status join_folder(struct c4_merging *m) {
    const char *folder = c4_merge_part(m);
    struct c4_store *store = NULL;
    bool empty = false;
    C4_TRY(m->request->watch(m->request->context));
    C4_TRY(c4_store_open_copy(folder, &store));
    if (!store) return no_study(folder, "study.db has gone");
    enum c4_status status = is_empty(folder, store->db, &empty);
    if (status == C4_OK && empty) status = no_study(folder, "it has no runs");
    if (status == C4_OK) status = join(m, store->db);
    c4_store_close(store);
    return status;
}

static enum c4_status open_out(const struct c4_merging *m, struct c4_store **out) {
    struct c4_text note = {0};
    C4_TRY(c4_store_open(m->request->out, m->request->take_over, out));
    enum c4_status status = c4_store_note(*out, &note);
    if (status == C4_OK && note.length > 0)
        m->request->report(m->request->context, c4_text_string(&note));
    c4_text_free(&note);
    return status;
}

/* The whole of every table; what OUT had is part of it. */
static const char replace_rows[] =
    "DELETE FROM main.checkpoint; DELETE FROM main.cost; DELETE FROM main.result;"
    "DELETE FROM main.provenance; DELETE FROM main.run; DELETE FROM main.setting;"
    "INSERT INTO main.setting SELECT * FROM merged.setting;"
    "INSERT INTO main.run SELECT * FROM merged.run;"
    "INSERT INTO main.provenance SELECT * FROM merged.provenance;"
    "INSERT INTO main.result SELECT * FROM merged.result;"
    "INSERT INTO main.cost SELECT * FROM merged.cost;"
    "INSERT INTO main.checkpoint SELECT * FROM merged.checkpoint;";

static enum c4_status write_rows(struct c4_merging *m, struct c4_store *out) {
    C4_TRY(c4_sql_run(out->path, out->db, "ATTACH ':memory:' AS merged"));
    enum c4_status status = c4_merge_copy(out->path, out->db, "merged", m->db);
    if (status == C4_OK) status = c4_merge_note_files(m, out->db);
    if (status == C4_OK) status = c4_store_begin(out);
    if (status == C4_OK) status = c4_store_end(out, c4_sql_run(out->path, out->db, replace_rows));
    if (status == C4_OK) status = c4_merge_remove_files(m, out->db);
    if (status != C4_OK) return status;
    return c4_sql_run(out->path, out->db, "DETACH merged");
}

/* `out`: OUT's study, or NULL until there is one. */
static enum c4_status merge(struct c4_merging *m, struct c4_store **out) {
    enum c4_status status = C4_OK;
    bool empty = true;
    if (has_study(m->request->out, &status)) {
        C4_TRY(open_out(m, out));
        C4_TRY(is_empty((*out)->path, (*out)->db, &empty));
    }
    C4_TRY(status);
    C4_TRY(c4_merge_begin(m));
    if (!empty) C4_TRY(join(m, (*out)->db));
    for (m->part = 1; m->part <= m->request->folders; m->part++) C4_TRY(join_folder(m));
    C4_TRY(c4_merge_finish(m));
    if (!*out) {
        C4_TRY(open_out(m, out));
        C4_TRY(is_empty((*out)->path, (*out)->db, &empty));
        if (!empty)
            return c4_fail(C4_ERR_FAILED,
                           "%s: another process has made a study there meanwhile; start again",
                           m->request->out);
    }
    C4_TRY(c4_merge_copy_files(m));
    return write_rows(m, *out);
}

enum c4_status c4_merge(const struct c4_merge_request *request, struct c4_merge_outcome *outcome) {
    struct c4_store *out = NULL;
    struct c4_merging m = {.request = request, .outcome = outcome};
    *outcome = (struct c4_merge_outcome){0};
    m.name = calloc((size_t)request->folders + 1, sizeof *m.name);
    struct stat *info = calloc((size_t)request->folders + 1, sizeof *info);
    enum c4_status status =
        m.name && info ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory for the list of folders");
    if (status == C4_OK) {
        m.name[0] = request->out;
        for (int i = 0; i < request->folders; i++) m.name[i + 1] = request->folder[i];
        status = check_folders(&m, info);
    }
    if (status == C4_OK) status = merge(&m, &out);
    c4_store_close(out);
    sqlite3_close(m.db);
    free(info);
    free(m.name);
    return status;
}

void c4_merge_outcome_free(struct c4_merge_outcome *outcome) {
    c4_text_free(&outcome->programs);
    c4_text_free(&outcome->left_out);
}
