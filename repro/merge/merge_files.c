/* The checkpoints' files of a merge. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file/file.h"
#include "core/file/leftovers.h"
#include "repro/merge/merge_inner.h"
#include "repro/store/sql.h"
#include "repro/store/store.h"

/* Whether a stored path stays inside its folder, as all that conv4 writes do. */
static bool is_inside(const char *path) {
    static const char first[] = "checkpoints/";
    return strncmp(path, first, strlen(first)) == 0 && !strstr(path, "/../") &&
           !strstr(path, "//") && path[strlen(path) - 1] != '/';
}

/* C4_ERR_DATA: the file is missing, or is not that whose hash the study knows. */
static enum c4_status check_file(const char *folder, const char *path, const char *sha256) {
    char file[C4_STORE_PATH_SIZE], hex[C4_SHA256_HEX_SIZE];
    if (!is_inside(path))
        return c4_fail(C4_ERR_DATA, "%s/study.db: names a checkpoint '%s', as no conv4 does",
                       folder, path);
    C4_TRY(c4_path_join(file, sizeof file, folder, path));
    C4_TRY(c4_sha256_file(file, hex));
    if (strcmp(hex, sha256) == 0) return C4_OK;
    return c4_fail(C4_ERR_DATA, "%s: is damaged: its SHA-256 is not the one in study.db", file);
}

/* One sentence for all of part's. */
static enum c4_status say_unsound(struct c4_merging *m, int unsound, int all,
                                  const struct c4_text *first) {
    struct c4_text sentence = {0};
    enum c4_status status =
        c4_text_add(&sentence, "%s: %d of %d networks are left out, the first because %s",
                    c4_merge_part(m), unsound, all, c4_text_string(first));
    if (status == C4_OK)
        status = c4_text_add_word(&m->outcome->left_out, "\n", c4_text_string(&sentence));
    if (status == C4_OK) m->request->report(m->request->context, c4_text_string(&sentence));
    c4_text_free(&sentence);
    return status;
}

static enum c4_status check_files(struct c4_merging *m, sqlite3_stmt *row, struct c4_text *first) {
    const char *folder = c4_merge_part(m);
    int found, unsound = 0, all = 0;
    enum c4_status status;
    while ((status = c4_sql_step(folder, row, &found)) == C4_OK && found) {
        C4_TRY(m->request->watch(m->request->context));
        all++;
        status = check_file(folder, c4_sql_text(row, 2), c4_sql_text(row, 3));
        if (status == C4_OK) continue;
        /* A file that cannot be read now may be sound. */
        if (status != C4_ERR_DATA) return status;
        if (unsound++ == 0) C4_TRY(c4_text_set(first, c4_error()));
        C4_TRY(c4_sql_do(folder, m->db, "INSERT INTO unsound VALUES(?, ?)", "ti",
                         c4_sql_text(row, 0), (int64_t)sqlite3_column_int64(row, 1)));
    }
    return status == C4_OK && unsound ? say_unsound(m, unsound, all, first) : status;
}

enum c4_status c4_merge_check_files(struct c4_merging *m) {
    sqlite3_stmt *row;
    struct c4_text first = {0};
    C4_TRY(c4_sql_prepare(c4_merge_part(m), m->db, &row,
                          "SELECT run, epoch, path, sha256 FROM part.checkpoint ORDER BY 1, 2",
                          ""));
    enum c4_status status = check_files(m, row, &first);
    sqlite3_finalize(row);
    c4_text_free(&first);
    C4_TRY(status);
    return c4_sql_run(c4_merge_part(m), m->db,
                      "DELETE FROM part.checkpoint"
                      " WHERE (run, epoch) IN (SELECT run, epoch FROM unsound)");
}

static enum c4_status copy_bytes(const char *from, const char *to, const char *sha256) {
    unsigned char *bytes = NULL;
    size_t size_bytes = 0;
    char hex[C4_SHA256_HEX_SIZE];
    C4_TRY(c4_file_read(from, &bytes, &size_bytes));
    enum c4_status status = c4_sha256_hex(bytes, size_bytes, hex);
    if (status == C4_OK && strcmp(hex, sha256) != 0)
        status = c4_fail(C4_ERR_DATA, "%s: has changed", from);
    if (status == C4_OK) status = c4_file_write_atomic(to, bytes, size_bytes);
    free(bytes);
    return status;
}

enum c4_status c4_merge_explain(const struct c4_merging *m, int64_t folder, enum c4_status status) {
    if (status != C4_ERR_DATA) return status;
    return c4_fail(C4_ERR_FAILED,
                   "%s: its study went on while it was merged (%s); the study in %s has not "
                   "changed, start again",
                   c4_merge_name(m, folder), c4_error(), m->name[0]);
}

/* From a path in a folder to one in OUT. */
static enum c4_status copy_file(struct c4_merging *m, int64_t folder, const char *old,
                                const char *path, const char *sha256) {
    const char *out = m->name[0];
    char from[C4_STORE_PATH_SIZE], to[C4_STORE_PATH_SIZE], inside[C4_STORE_PATH_SIZE],
        hex[C4_SHA256_HEX_SIZE];
    C4_TRY(c4_path_join(from, sizeof from, c4_merge_name(m, folder), old));
    C4_TRY(c4_path_join(to, sizeof to, out, path));
    C4_TRY(c4_path_join(inside, sizeof inside, "", path));
    *strrchr(inside, '/') = '\0';
    if (c4_path_exists(to) && c4_sha256_file(to, hex) == C4_OK && strcmp(hex, sha256) == 0)
        return C4_OK;
    C4_TRY(c4_dir_make_inside(out, inside));
    C4_TRY(c4_merge_explain(m, folder, copy_bytes(from, to, sha256)));
    m->outcome->copied++;
    return C4_OK;
}

enum c4_status c4_merge_copy_files(struct c4_merging *m) {
    sqlite3_stmt *row;
    int found;
    C4_TRY(c4_sql_prepare(m->name[0], m->db, &row,
                          "SELECT f.folder, f.path, c.path, c.sha256 FROM main.checkpoint AS c"
                          " JOIN file AS f ON f.run = c.run AND f.epoch = c.epoch"
                          " ORDER BY c.run, c.epoch",
                          ""));
    enum c4_status status;
    while ((status = c4_sql_step(m->name[0], row, &found)) == C4_OK && found) {
        status = m->request->watch(m->request->context);
        if (status == C4_OK)
            status = copy_file(m, sqlite3_column_int64(row, 0), c4_sql_text(row, 1),
                               c4_sql_text(row, 2), c4_sql_text(row, 3));
        if (status != C4_OK) break;
    }
    sqlite3_finalize(row);
    return status;
}

/* A merge that was killed leaves a temporary beside the checkpoint that it wrote, of a run that the
 * next 'conv4 repro' may not be about. */
static enum c4_status remove_leftovers(struct c4_merging *m, sqlite3 *out) {
    sqlite3_stmt *row;
    int found;
    C4_TRY(c4_sql_prepare(m->name[0], out, &row,
                          "SELECT min(path) FROM main.checkpoint GROUP BY run", ""));
    enum c4_status status;
    while ((status = c4_sql_step(m->name[0], row, &found)) == C4_OK && found) {
        char file[C4_STORE_PATH_SIZE];
        const char *path = c4_sql_text(row, 0);
        if (!is_inside(path) || c4_path_join(file, sizeof file, m->name[0], path) != C4_OK)
            continue;
        *strrchr(file, '/') = '\0';
        if ((status = c4_leftovers_remove(file)) != C4_OK) break;
    }
    sqlite3_finalize(row);
    return status;
}

enum c4_status c4_merge_note_files(struct c4_merging *m, sqlite3 *out) {
    return c4_sql_run(m->name[0], out,
                      "CREATE TEMP TABLE before AS SELECT path FROM main.checkpoint");
}

enum c4_status c4_merge_remove_files(struct c4_merging *m, sqlite3 *out) {
    sqlite3_stmt *row;
    int found;
    C4_TRY(c4_sql_prepare(m->name[0], out, &row,
                          "SELECT path FROM before EXCEPT SELECT path FROM main.checkpoint", ""));
    enum c4_status status;
    while ((status = c4_sql_step(m->name[0], row, &found)) == C4_OK && found) {
        char file[C4_STORE_PATH_SIZE];
        const char *path = c4_sql_text(row, 0);
        if (is_inside(path) && c4_path_join(file, sizeof file, m->name[0], path) == C4_OK)
            unlink(file); /* what stays is removed when the study goes on */
    }
    sqlite3_finalize(row);
    return status == C4_OK ? remove_leftovers(m, out) : status;
}
