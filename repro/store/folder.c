#define _GNU_SOURCE /* O_PATH */
#include "repro/store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file/file.h"

static enum c4_status fail(const char *path, int error) {
    if (error != ENOENT && error != ENOTDIR) return c4_fail_read(path, error);
    return c4_fail(C4_ERR_ENVIRONMENT,
                   "%s: the study's folder was moved or removed while it ran; the same command "
                   "with its new path as --out goes on",
                   path);
}

/* Whether `where` is the folder that was at `path`. */
static enum c4_status check(const char *path, const char *where,
                            const struct c4_folder_identity *identity) {
    struct stat info;
    if (stat(where, &info) != 0) return fail(path, errno);
    if (info.st_dev == identity->device && info.st_ino == identity->inode) return C4_OK;
    return fail(path, ENOENT);
}

enum c4_status c4_folder_open(const char *path, struct c4_folder *folder) {
    *folder = (struct c4_folder){.descriptor = -1};
    C4_TRY(c4_text_set(&folder->path, path));
    folder->descriptor = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return folder->descriptor >= 0 ? C4_OK : c4_fail_read(path, errno);
}

enum c4_status c4_folder_identify(const struct c4_folder *folder,
                                  struct c4_folder_identity *identity) {
    struct stat info;
    *identity = (struct c4_folder_identity){0};
    if (fstat(folder->descriptor, &info) != 0)
        return c4_fail_read(c4_text_string(&folder->path), errno);
    *identity = (struct c4_folder_identity){info.st_dev, info.st_ino};
    return C4_OK;
}

enum c4_status c4_folder_check(const struct c4_folder *folder) {
    struct c4_folder_identity identity;
    const char *path = c4_text_string(&folder->path);
    C4_TRY(c4_folder_identify(folder, &identity));
    return check(path, path, &identity);
}

enum c4_status c4_folder_enter(const char *path, const struct c4_folder_identity *identity) {
    if (chdir(path) != 0) return fail(path, errno);
    return check(path, ".", identity);
}

void c4_folder_close(struct c4_folder *folder) {
    if (folder->descriptor >= 0) close(folder->descriptor);
    folder->descriptor = -1;
    c4_text_free(&folder->path);
}
