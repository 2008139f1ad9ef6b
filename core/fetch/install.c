#include "core/fetch/install.h"

#include "core/data/files.h"
#include "core/fetch/sums.h"
#include "core/fetch/unpack.h"
#include "core/file/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum c4_status not_ours(const char *path, const char *why) {
    return c4_fail(C4_ERR_DATA, "%s %s; it is left unchanged: move it away, or use another folder",
                   path, why);
}

static enum c4_status check_members(const struct c4_source *source, const char *folder,
                                    const struct c4_sums *sums, bool *whole) {
    *whole = true;
    for (uint32_t i = 0; i < source->members; i++) {
        char name[2 * C4_SOURCE_PATH_BYTES], path[C4_PATH_BYTES], sha256[C4_SHA256_HEX_SIZE];
        snprintf(name, sizeof name, "%s/%s", source->unpack, source->member[i].name);
        C4_TRY(c4_path_join(path, sizeof path, folder, name));
        if (!c4_path_exists(path)) {
            *whole = false;
            continue;
        }
        const char *listed = c4_sums_find(sums, name);
        if (listed == NULL)
            return not_ours(path, "already exists and is not known to come from the archive");
        C4_TRY(c4_sha256_file(path, sha256));
        if (strcmp(listed, sha256) != 0)
            return not_ours(path, "has changed since it was unpacked (" C4_SUMS_NAME ")");
    }
    return C4_OK;
}

enum c4_status c4_install_check(const struct c4_source *source, const char *folder, bool *whole) {
    *whole = false;
    struct c4_sums *sums = malloc(sizeof *sums);
    if (sums == NULL) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", folder);
    enum c4_status status = c4_sums_load(folder, sums);
    if (status == C4_OK) status = check_members(source, folder, sums, whole);
    if (status != C4_OK) *whole = false;
    free(sums);
    return status;
}

struct placing {
    const struct c4_source *source;
    const char *folder;
    const char *inner;   /* FOLDER/UNPACK, which takes the members */
    struct c4_sums sums; /* new lines */
};

static enum c4_status place(void *context, uint32_t member, const void *bytes,
                            uint64_t size_bytes) {
    struct placing *placing = context;
    char name[2 * C4_SOURCE_PATH_BYTES], path[C4_PATH_BYTES];
    char sha256[C4_SHA256_HEX_SIZE], there[C4_SHA256_HEX_SIZE];
    snprintf(name, sizeof name, "%s/%s", placing->source->unpack,
             placing->source->member[member].name);
    C4_TRY(c4_path_join(path, sizeof path, placing->folder, name));
    C4_TRY(c4_sha256_hex(bytes, size_bytes, sha256));
    bool exists = c4_path_exists(path);
    if (exists) {
        C4_TRY(c4_sha256_file(path, there));
        if (strcmp(there, sha256) != 0)
            return not_ours(path, "already exists and differs from the archive's");
    }
    /* A note that an import made on a file of this name does not apply to this one. */
    C4_TRY(c4_unofficial_put(placing->inner, placing->source->member[member].name, NULL));
    if (!exists) C4_TRY(c4_file_write_atomic(path, bytes, size_bytes));
    return c4_sums_put(&placing->sums, name, sha256);
}

static enum c4_status add_sums(const char *folder, const struct c4_sums *more) {
    struct c4_sums *sums = malloc(sizeof *sums);
    if (sums == NULL) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", folder);
    enum c4_status status = c4_sums_load(folder, sums);
    for (uint32_t i = 0; i < more->count && status == C4_OK; i++)
        status = c4_sums_put(sums, more->line[i].path, more->line[i].sha256);
    if (status == C4_OK) status = c4_sums_save(folder, sums);
    free(sums);
    return status;
}

enum c4_status c4_install_archive(const struct c4_source *source, const char *path,
                                  const char *folder) {
    char inner[C4_PATH_BYTES];
    C4_TRY(c4_path_join(inner, sizeof inner, folder, source->unpack));
    C4_TRY(c4_dir_make(inner));
    struct placing *placing = calloc(1, sizeof *placing);
    if (placing == NULL) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", path);
    placing->source = source;
    placing->folder = folder;
    placing->inner = inner;
    enum c4_status status = c4_unpack(path, source, place, placing);
    if (status == C4_OK) status = add_sums(folder, &placing->sums);
    free(placing);
    return status;
}

enum c4_status c4_install_list(const char *folder, const char *path, const char *sha256) {
    struct c4_sums *one = calloc(1, sizeof *one);
    if (one == NULL) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", folder);
    enum c4_status status = c4_sums_put(one, path, sha256);
    if (status == C4_OK) status = add_sums(folder, one);
    free(one);
    return status;
}
