#define _XOPEN_SOURCE 700 /* scandir */
#include "core/fetch/verify.h"

#include "core/base/text.h"
#include "core/data/digest.h"
#include "core/fetch/sums.h"
#include "core/file/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *const c4_file_verdict_names[] = {"ok", "differs", "unknown", "missing"};

_Static_assert(sizeof c4_file_verdict_names / sizeof *c4_file_verdict_names ==
                   C4_VERDICT_MISSING + 1,
               "a name for each verdict");

struct verifying {
    const char *folder;
    const struct c4_sources *sources;
    struct c4_sums sums;
    struct c4_data_found found;
    struct c4_verification *out;
};

static struct c4_verified *add(struct verifying *work, const char *path) {
    struct c4_verification *out = work->out;
    if (out->count == C4_VERIFIED_MAX) return NULL;
    struct c4_verified *file = &out->file[out->count++];
    *file = (struct c4_verified){.verdict = C4_VERDICT_UNKNOWN};
    snprintf(file->path, sizeof file->path, "%s", path);
    return file;
}

__attribute__((format(printf, 3, 4))) static void
judge(struct c4_verified *file, enum c4_file_verdict verdict, const char *format, ...) {
    struct c4_text why = {0};
    va_list args;
    va_start(args, format);
    c4_text_add_list(&why, format, args);
    va_end(args);
    c4_text_fit(file->why, sizeof file->why, why.lost ? c4_error() : why.bytes);
    c4_text_free(&why);
    file->verdict = verdict;
}

/* The path relative to the folder, without slashes and dots in front. */
static const char *below(const struct verifying *work, const char *path) {
    path += strlen(work->folder);
    while (*path == '/' || (*path == '.' && path[1] == '/')) path++;
    return path;
}

static const struct c4_data_info *described(const struct verifying *work, const char *name) {
    for (uint32_t i = 0; i < work->found.count; i++)
        if (strcmp(below(work, work->found.info[i].path), name) == 0) return &work->found.info[i];
    return NULL;
}

static void judge_records(struct c4_verified *file, const struct c4_source *source,
                          const struct c4_data_info *info) {
    uint32_t official = info->most;
    bool labels = source != NULL && c4_source_has_labels(source) && info->records == official;
    if (info->synthetic)
        judge(file, C4_VERDICT_UNKNOWN, "%u synthetic images", info->records);
    else if (labels && memcmp(source->labels, info->histogram, sizeof info->histogram) != 0)
        judge(file, C4_VERDICT_DIFFERS,
              "its label counts differ from the official file's; get the file again");
    else if (info->standing == C4_STANDING_DIFFERS)
        judge(file, C4_VERDICT_DIFFERS, "it %s; get the file again", info->why);
    else if (labels)
        judge(file, C4_VERDICT_UNKNOWN,
              "%u images with the official label counts; no hash of this file is known",
              info->records);
    else
        judge(file, C4_VERDICT_UNKNOWN, "%u of %u images; no hash of this file is known",
              info->records, official);
}

/* Fails only with C4_ERR_MEMORY, which says nothing about the file. */
static enum c4_status judge_file(struct verifying *work, struct c4_verified *file,
                                 const char *name) {
    struct c4_digest digest;
    const struct c4_source *source = c4_sources_find_name(work->sources, name);
    const struct c4_data_info *info = described(work, name);
    const char *listed = c4_sums_find(&work->sums, name);
    enum c4_status status = c4_digest_file(file->path, &digest);
    if (status == C4_ERR_MEMORY) return status;
    if (status != C4_OK) {
        judge(file, C4_VERDICT_DIFFERS, "%s", c4_error());
        return C4_OK;
    }
    snprintf(file->sha256, sizeof file->sha256, "%s", digest.sha256);
    bool synthetic = info != NULL && info->synthetic;
    bool official = source != NULL && !synthetic && c4_digest_is_known(&digest, source);
    if (source != NULL && !synthetic && c4_digest_check(file->path, &digest, source) != C4_OK)
        judge(file, C4_VERDICT_DIFFERS, "%s", c4_error());
    else if (listed != NULL && strcmp(listed, digest.sha256) != 0)
        judge(file, C4_VERDICT_DIFFERS, "%s: has SHA-256 %s, but " C4_SUMS_NAME " lists %s",
              file->path, digest.sha256, listed);
    else if (info != NULL && info->problem[0] != '\0')
        judge(file, official ? C4_VERDICT_OK : C4_VERDICT_DIFFERS, "%s%s",
              official ? "official hash, but " : "", info->problem);
    else if (official)
        judge(file, C4_VERDICT_OK, "official hash");
    else if (listed != NULL)
        judge(file, C4_VERDICT_OK, "the same hash as when it was unpacked or fetched");
    else if (info != NULL)
        judge_records(file, source, info);
    else if (source != NULL)
        judge(file, C4_VERDICT_UNKNOWN, "not read, because other files take precedence");
    else
        judge(file, C4_VERDICT_UNKNOWN, "not a file of these data sets");
    return C4_OK;
}

/* Files that accompany others. */
static bool is_beside(const char *name) {
    size_t length = strlen(name);
    return name[0] == '.' || strcmp(name, C4_SUMS_NAME) == 0 || strcmp(name, "SYNTHETIC") == 0 ||
           strcmp(name, C4_UNOFFICIAL_MARK) == 0 ||
           (length > 10 && strcmp(name + length - 10, ".part.from") == 0);
}

static enum c4_status look_at(struct verifying *work, const char *folder, const char *name) {
    char path[C4_PATH_BYTES];
    struct stat info;
    size_t length = strlen(name);
    C4_TRY(c4_path_join(path, sizeof path, folder, name));
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode) || is_beside(name)) return C4_OK;
    struct c4_verified *file = add(work, path);
    if (file != NULL && length > 5 && strcmp(name + length - 5, ".part") == 0)
        judge(file, C4_VERDICT_UNKNOWN, "an unfinished download");
    else if (file != NULL)
        return judge_file(work, file, below(work, path));
    return C4_OK;
}

static enum c4_status look_into(struct verifying *work, const char *inner) {
    char folder[C4_PATH_BYTES];
    struct dirent **entries;
    C4_TRY(c4_path_join(folder, sizeof folder, work->folder, inner));
    int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0 && errno == ENOMEM)
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory for its list of files", folder);
    enum c4_status status = C4_OK;
    for (int i = 0; i < count; i++) {
        if (status == C4_OK) status = look_at(work, folder, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0) free(entries);
    return status;
}

/* The data folder, and in it those of all sets' layouts, each once. */
static enum c4_status look_into_all(struct verifying *work) {
    const char *looked[1 + 2 * C4_LAYOUTS_MAX * C4_SETS_MAX] = {""};
    int count = 1;
    C4_TRY(look_into(work, ""));
    for (int i = 0; i < 2 * C4_LAYOUTS_MAX * c4_set_count; i++) {
        const struct c4_set *set = &c4_sets[i / (2 * C4_LAYOUTS_MAX)];
        const char *place = set->files.layout[i / 2 % C4_LAYOUTS_MAX].place[i % 2];
        int k = 0;
        if (place == NULL) continue;
        while (k < count && strcmp(looked[k], place) != 0) k++;
        if (k < count) continue;
        looked[count++] = place;
        C4_TRY(look_into(work, place));
    }
    return C4_OK;
}

static bool is_reported(const struct verifying *work, const char *name) {
    for (uint32_t i = 0; i < work->out->count; i++)
        if (strcmp(below(work, work->out->file[i].path), name) == 0) return true;
    return false;
}

/* What should be there: the other files of a partly present data set, and what is listed. */
static enum c4_status look_for_missing(struct verifying *work) {
    for (uint32_t i = 0; i < work->found.count; i++) {
        const struct c4_data_info *info = &work->found.info[i];
        const char *name = below(work, info->path);
        if (info->problem[0] == '\0' || is_reported(work, name)) continue;
        struct c4_verified *file = add(work, info->path);
        if (file != NULL) judge(file, C4_VERDICT_MISSING, "%s", info->problem);
    }
    for (uint32_t i = 0; i < work->sums.count; i++) {
        const char *name = work->sums.line[i].path;
        const struct c4_source *source = c4_sources_find(work->sources, name);
        char path[C4_PATH_BYTES];
        /* An archive may be deleted once it is unpacked. */
        if (is_reported(work, name) || (source != NULL && source->unpack[0] != '\0')) continue;
        C4_TRY(c4_path_join(path, sizeof path, work->folder, name));
        struct c4_verified *file = add(work, path);
        if (file != NULL)
            judge(file, C4_VERDICT_MISSING, C4_SUMS_NAME " lists it, but it is missing");
    }
    return C4_OK;
}

static enum c4_status verify(struct verifying *work) {
    struct c4_verification *out = work->out;
    C4_TRY(c4_sums_load(work->folder, &work->sums));
    (void)c4_data_describe(work->folder, &work->found); /* fails if the folder has only archives */
    C4_TRY(look_into_all(work));
    C4_TRY(look_for_missing(work));
    for (uint32_t i = 0; i < out->count; i++)
        out->wrong += out->file[i].verdict == C4_VERDICT_DIFFERS ||
                      out->file[i].verdict == C4_VERDICT_MISSING;
    if (out->count > 0) return C4_OK;
    return c4_fail(C4_ERR_DATA, "%s: holds no files; get them with 'conv4 data fetch --data %s'",
                   work->folder, work->folder);
}

enum c4_status c4_verify_folder(const char *folder, const struct c4_sources *sources,
                                struct c4_verification *out) {
    struct stat info;
    *out = (struct c4_verification){0};
    if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode))
        return c4_fail(C4_ERR_DATA,
                       "%s: is not a folder; get the data with 'conv4 data fetch --data %s'",
                       folder, folder);
    struct verifying *work = calloc(1, sizeof *work);
    if (work == NULL) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", folder);
    work->folder = folder;
    work->sources = sources;
    work->out = out;
    enum c4_status status = verify(work);
    free(work);
    return status;
}
