#include "core/data/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum c4_status c4_publish_open(struct c4_publish *publish, const char *path) {
    int length = snprintf(publish->path, sizeof publish->path, "%s", path);
    int longer = snprintf(publish->temporary, sizeof publish->temporary, "%s.%ld.part", path,
                          (long)getpid());
    if (length < 0 || longer < 0 || longer >= C4_PATH_BYTES) {
        return c4_fail(C4_ERR_FAILED, "a path is longer than %d bytes: %.80s", C4_PATH_BYTES, path);
    }
    publish->file = fopen(publish->temporary, "wb");
    if (publish->file == NULL) {
        return c4_fail(C4_ERR_FAILED, "%s: cannot write: %s", publish->temporary, strerror(errno));
    }
    return C4_OK;
}

/* A rename is on disk only once its folder is. */
static int sync_folder(const char *path) {
    char folder[C4_PATH_BYTES];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == NULL) {
        folder[0] = '.';
        folder[1] = '\0';
    } else {
        slash[slash == folder ? 1 : 0] = '\0';
    }
    int handle = open(folder, O_RDONLY | O_DIRECTORY);
    if (handle < 0) return -1;
    int result = fsync(handle);
    int cause = errno;
    close(handle);
    errno = cause;
    return result == 0 || cause == EINVAL ? 0 : -1; /* some file systems cannot sync a folder */
}

enum c4_status c4_publish_close(struct c4_publish *publish, int keep) {
    errno = 0;
    int good = !ferror(publish->file) && fflush(publish->file) == 0 &&
               (!keep || fsync(fileno(publish->file)) == 0);
    int cause = errno;
    if (fclose(publish->file) != 0 && good) {
        good = 0;
        cause = errno;
    }
    if (good && keep) {
        if (rename(publish->temporary, publish->path) == 0 && sync_folder(publish->path) == 0) {
            return C4_OK;
        }
        cause = errno;
        good = 0;
    }
    remove(publish->temporary);
    if (good) return C4_OK;
    return c4_fail(C4_ERR_FAILED, "%s: cannot write: %s", publish->path,
                   cause != 0 ? strerror(cause) : "write error");
}
