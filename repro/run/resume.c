#include "repro/run/resume.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/file/file.h"
#include "core/file/temporary.h"
#include "core/similarity/similarity.h"
#include "repro/run/known_checkpoint.h"

_Static_assert(sizeof((struct c4_store_checkpoint *)0)->path == C4_CHECKPOINT_PATH_SIZE,
               "a path of the store is copied");

static enum c4_status check(const char *folder, const struct c4_run *run,
                            const struct c4_known_checkpoint *known,
                            struct c4_checkpoint *scratch) {
    if (known->epoch <= run->epochs)
        return c4_run_read_checkpoint(folder, known, run->seed, scratch);
    return c4_fail(C4_ERR_DATA, "%s/%s: is of a later epoch than the run's last, %" PRIu32, folder,
                   known->path, run->epochs);
}

/* A study that was merged without a run's last network has rows behind the one before: *bad. */
static enum c4_status check_rows(struct c4_store *store, const struct c4_run *run, int64_t done,
                                 void (*report)(void *context, const char *sentence), void *context,
                                 int *bad) {
    int64_t rows;
    C4_TRY(c4_store_last_epoch(store, run->key, &rows));
    if (rows <= done) return C4_OK;
    c4_fail(C4_ERR_DATA,
            "run %s: the study has no network of its epoch %" PRId64 "; the run goes on from %s",
            run->key, rows, done >= 0 ? "the checkpoint before it" : "its beginning");
    report(context, c4_error());
    *bad = 1;
    return C4_OK;
}

static enum c4_status find_sound(struct c4_store *store, const char *folder,
                                 const struct c4_run *run, struct c4_checkpoint *scratch,
                                 void (*report)(void *context, const char *sentence), void *context,
                                 int64_t *done, struct c4_known_checkpoint *last) {
    struct c4_store_checkpoint known[C4_STORE_KEPT];
    int count, bad = 0;
    C4_TRY(c4_store_checkpoints(store, run->key, known, C4_STORE_KEPT, &count));
    for (; bad < count; bad++) {
        *last = (struct c4_known_checkpoint){.epoch = known[bad].epoch};
        memcpy(last->path, known[bad].path, sizeof last->path);
        memcpy(last->sha256, known[bad].sha256, sizeof last->sha256);
        enum c4_status status = check(folder, run, last, scratch);
        if (status == C4_OK) break;
        /* Only what is missing or damaged is given up; a file that cannot be read now may be sound.
         */
        if (status != C4_ERR_DATA) return status;
        c4_fail(status, "%s; the run goes on from %s", c4_error(),
                bad + 1 < count ? "the checkpoint before it" : "its beginning");
        report(context, c4_error());
    }
    if (bad < count)
        *done = last->epoch;
    else
        *last = (struct c4_known_checkpoint){0};
    if (bad == 0) C4_TRY(check_rows(store, run, *done, report, context, &bad));
    return bad ? c4_store_rewind(store, run->key, *done) : C4_OK;
}

enum c4_status c4_resume_find(struct c4_store *store, const char *folder, const struct c4_run *run,
                              void (*report)(void *context, const char *sentence), void *context,
                              int64_t *done, struct c4_known_checkpoint *last) {
    struct c4_checkpoint *scratch = c4_checkpoint_new();
    *done = -1;
    if (!scratch) return C4_ERR_MEMORY;
    enum c4_status status = find_sound(store, folder, run, scratch, report, context, done, last);
    c4_checkpoint_free(scratch);
    return status;
}

enum c4_status c4_resume_check_version(struct c4_store *store, const struct c4_run *run,
                                       void (*report)(void *context, const char *sentence),
                                       void *context, int64_t *done,
                                       struct c4_known_checkpoint *last, bool *starts_over) {
    int64_t version;
    struct c4_text sentence = {0};
    *starts_over = false;
    if (*done < 0 || *done >= run->epochs) return C4_OK;
    C4_TRY(c4_store_other_similarity(store, run->key, &version));
    if (version == 0) return C4_OK;
    enum c4_status status =
        c4_text_add(&sentence,
                    "run %s starts over: its CKA is of version %" PRId64
                    " of the similarity, this conv4 measures by version %d, and no run mixes them",
                    run->key, version, (int)C4_SIMILARITY_VERSION);
    if (status == C4_OK) {
        report(context, c4_text_string(&sentence));
        *done = -1;
        *last = (struct c4_known_checkpoint){0};
        *starts_over = true;
    }
    c4_text_free(&sentence);
    return status;
}

/* Whether a whole name is that of one of the run's checkpoints, or of a temporary of one, which
 * only a writer that was killed leaves; anything else is the user's. */
static bool is_ours(const char *name, const struct c4_run *run) {
    char path[C4_CHECKPOINT_PATH_SIZE];
    uint32_t epoch;
    if (sscanf(name, "epoch-%" SCNu32, &epoch) != 1) return false;
    c4_run_checkpoint_path(run->key, epoch, path);
    const char *own = strrchr(path, '/') + 1, *extension = strrchr(own, '.');
    size_t length =
        c4_temporary_writer(name, NULL) > 0 ? c4_temporary_target_length(name) : strlen(name);
    size_t stem = (size_t)(extension - own), hash = 0;
    if (strncmp(name, own, stem) != 0) return false;
    /* The name of a merged one goes on with digits of its hash (repro/merge/merge.h). */
    if (name[stem] == '-') hash = 1 + strspn(name + stem + 1, "0123456789abcdef");
    return (hash == 0 || hash == 1 + C4_STORE_HASH_DIGITS) && length == strlen(own) + hash &&
           strncmp(name + stem + hash, extension, length - stem - hash) == 0;
}

enum c4_status c4_resume_sweep(struct c4_store *store, const char *folder,
                               const struct c4_run *run) {
    struct c4_store_checkpoint known[C4_STORE_KEPT];
    char path[C4_STORE_PATH_SIZE], inside[C4_CHECKPOINT_PATH_SIZE];
    int count;
    C4_TRY(c4_store_checkpoints(store, run->key, known, C4_STORE_KEPT, &count));
    snprintf(inside, sizeof inside, "checkpoints/%s", run->key);
    C4_TRY(c4_path_join(path, sizeof path, folder, inside));
    DIR *entries = opendir(path);
    if (!entries) return errno == ENOENT ? C4_OK : c4_fail_read(path, errno);
    for (struct dirent *entry; (entry = readdir(entries));) {
        bool keep = !is_ours(entry->d_name, run);
        for (int i = 0; i < count && !keep; i++)
            keep = strcmp(strrchr(known[i].path, '/') + 1, entry->d_name) == 0;
        if (!keep) unlinkat(dirfd(entries), entry->d_name, 0);
    }
    closedir(entries);
    return C4_OK;
}
