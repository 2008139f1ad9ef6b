#define _XOPEN_SOURCE 700 /* realpath */
#include "core/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file/temporary.h"

enum c4_status c4_fail_read(const char *path, int error) {
    char reason[128] = "unknown error";
    switch (error) {
    case ENOMEM:
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory to read it", path);
    case ENOENT:
    case ENOTDIR:
        return c4_fail(C4_ERR_DATA, "%s: there is no such file; check the path", path);
    case EACCES:
    case EPERM:
        return c4_fail(C4_ERR_ENVIRONMENT,
                       "%s: no permission to read it; change the file's or folder's mode", path);
    case EISDIR:
        return c4_fail(C4_ERR_DATA, "%s: is a folder; name a file inside it", path);
    case ENAMETOOLONG:
        return c4_fail(C4_ERR_DATA, "%s: the path is too long; choose a shorter one", path);
    default:
        strerror_r(error, reason, sizeof reason);
        return c4_fail(C4_ERR_FAILED, "%s: cannot be read (%s); check the disk and try again", path,
                       reason);
    }
}

enum c4_status c4_fail_write(const char *path, int error) {
    char reason[128] = "unknown error";
    switch (error) {
    case ENOMEM:
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory to write it", path);
    case ENOSPC:
        return c4_fail(C4_ERR_FAILED,
                       "%s: cannot be written because the disk is full; free some space and try "
                       "again",
                       path);
    case EDQUOT:
        return c4_fail(C4_ERR_FAILED,
                       "%s: cannot be written because your disk quota is used up; free some space "
                       "and try again",
                       path);
    case EFBIG:
        return c4_fail(C4_ERR_FAILED,
                       "%s: is larger than the file size limit; raise it (ulimit -f) and try again",
                       path);
    case EROFS:
        return c4_fail(C4_ERR_ENVIRONMENT,
                       "%s: is on a read-only file system; choose another folder", path);
    case EACCES:
    case EPERM:
        return c4_fail(C4_ERR_ENVIRONMENT,
                       "%s: no permission to write it; change the mode or choose another "
                       "folder",
                       path);
    case ENOENT:
        return c4_fail(C4_ERR_FAILED, "%s: its folder does not exist; make the folder first", path);
    case ENOTDIR:
        return c4_fail(C4_ERR_FAILED,
                       "%s: a part of the path is a file, not a folder; choose another path", path);
    case EISDIR:
        return c4_fail(C4_ERR_FAILED, "%s: is a folder; choose another name for the file", path);
    case ENAMETOOLONG:
        return c4_fail(C4_ERR_FAILED, "%s: the path is too long; choose a shorter one", path);
    default:
        strerror_r(error, reason, sizeof reason);
        return c4_fail(C4_ERR_FAILED, "%s: cannot be written (%s); check the disk and try again",
                       path, reason);
    }
}

static int open_retrying(const char *path, int flags) {
    int descriptor;
    do descriptor = open(path, flags | O_CLOEXEC, 0666);
    while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

static int sync_retrying(int descriptor) {
    int result;
    do result = fsync(descriptor);
    while (result != 0 && errno == EINTR);
    return result;
}

enum c4_status c4_file_write_all(int descriptor, const char *path, const void *bytes,
                                 size_t size_bytes) {
    const unsigned char *next = bytes;
    while (size_bytes > 0) {
        ssize_t written = write(descriptor, next, size_bytes);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return c4_fail_write(path, errno);
        /* POSIX does not define what writing 0 bytes means; treating it as a full disk ends the
         * loop. */
        if (written == 0) return c4_fail_write(path, ENOSPC);
        next += written;
        size_bytes -= (size_t)written;
    }
    return C4_OK;
}

/* The path to replace: `path`, or the target of that symbolic link. NULL with *status set if it
 * must not be replaced. */
static char *resolve_target(const char *path, enum c4_status *status) {
    struct stat info;
    char *target = NULL;
    if (stat(path, &info) != 0) {
        if (errno != ENOENT) {
            *status = c4_fail_write(path, errno);
            return NULL;
        }
        target = strdup(path);
    } else if (S_ISDIR(info.st_mode)) {
        *status = c4_fail_write(path, EISDIR);
        return NULL;
    } else if (!S_ISREG(info.st_mode)) {
        /* A rename would replace a device such as /dev/null by a regular file. */
        *status =
            c4_fail(C4_ERR_FAILED,
                    "%s: is a device or pipe and cannot be replaced by a file; choose another "
                    "path",
                    path);
        return NULL;
    } else if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0) {
        target = realpath(path, NULL);
    }
    if (target == NULL) *status = c4_fail_write(path, errno);
    return target;
}

/* The folder is opened before the rename, so that only its sync can fail afterwards. Returns -1
 * with errno on failure; errno is 0 if the folder is not readable: it cannot be synced then, but
 * the file can still be written. */
static int open_folder_of(const char *target) {
    char *folder = strdup(target);
    if (folder == NULL) return -1;
    char *slash = strrchr(folder, '/');
    if (slash != NULL) slash[slash == folder] = '\0';
    int descriptor = open_retrying(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY);
    int error = errno;
    free(folder);
    errno = error == EACCES ? 0 : error;
    return descriptor;
}

static enum c4_status write_and_sync(int descriptor, const char *path,
                                     const struct c4_file_part *parts, size_t count) {
    enum c4_status status = C4_OK;
    for (size_t i = 0; i < count && status == C4_OK; i++)
        status = c4_file_write_all(descriptor, path, parts[i].bytes, parts[i].size_bytes);
    if (status == C4_OK && sync_retrying(descriptor) != 0) status = c4_fail_write(path, errno);
    if (close(descriptor) != 0 && errno != EINTR && status == C4_OK)
        status = c4_fail_write(path, errno);
    return status;
}

static enum c4_status replace(const char *temporary, const char *target, const char *path) {
    int folder = open_folder_of(target);
    if (folder < 0 && errno != 0) return c4_fail_write(path, errno);
    enum c4_status status = C4_OK;
    if (rename(temporary, target) != 0) status = c4_fail_write(path, errno);
    /* EINVAL: the file system cannot sync folders. */
    if (status == C4_OK && folder >= 0 && sync_retrying(folder) != 0 && errno != EINVAL)
        status = c4_fail_write(path, errno);
    if (folder >= 0) close(folder);
    return status;
}

enum c4_status c4_file_write_parts(const char *path, const struct c4_file_part *parts,
                                   size_t count) {
    enum c4_status status = C4_OK;
    char *target = resolve_target(path, &status), *temporary;
    int descriptor;
    if (target == NULL) return status;
    int error = c4_temporary_open(target, &temporary, &descriptor);
    if (error != 0) {
        free(target);
        return c4_fail_write(path, error);
    }
    status = write_and_sync(descriptor, path, parts, count);
    if (status == C4_OK) status = replace(temporary, target, path);
    if (status != C4_OK) unlink(temporary);
    free(temporary);
    free(target);
    return status;
}

/* Makes and removes a temporary; returns 0 or an errno value. If the file system cannot reserve
 * space, there is nothing to report. */
static int probe(const char *target, uint64_t size_bytes) {
    char *temporary;
    int descriptor, error = c4_temporary_open(target, &temporary, &descriptor);
    if (error != 0) return error;
    if (size_bytes > 0 && size_bytes <= INT64_MAX) do
            error = posix_fallocate(descriptor, 0, (off_t)size_bytes);
        while (error == EINTR);
    close(descriptor);
    unlink(temporary);
    free(temporary);
    return error == EOPNOTSUPP || error == EINVAL || error == ENODEV ? 0 : error;
}

enum c4_status c4_file_probe(const char *path, uint64_t size_bytes) {
    enum c4_status status = C4_OK;
    char *target = resolve_target(path, &status);
    if (target == NULL) return status;
    int error = probe(target, size_bytes);
    free(target);
    return error == 0 ? C4_OK : c4_fail_write(path, error);
}

enum c4_status c4_dir_probe(const char *path) {
    C4_TRY(c4_dir_make(path));
    size_t size = strlen(path) + sizeof "/probe";
    char *inside = malloc(size);
    if (inside != NULL) snprintf(inside, size, "%s/probe", path);
    int error = inside != NULL ? probe(inside, 0) : ENOMEM;
    free(inside);
    return error == 0 ? C4_OK : c4_fail_write(path, error);
}

enum c4_status c4_file_publish(const char *temporary, const char *path) {
    enum c4_status status = C4_OK;
    char *target = resolve_target(path, &status);
    if (target == NULL) return status;
    int descriptor = open_retrying(temporary, O_RDONLY);
    if (descriptor < 0 || sync_retrying(descriptor) != 0) status = c4_fail_write(temporary, errno);
    if (descriptor >= 0) close(descriptor);
    if (status == C4_OK) status = replace(temporary, target, path);
    free(target);
    return status;
}

enum c4_status c4_file_write_atomic(const char *path, const void *bytes, size_t size_bytes) {
    struct c4_file_part part = {bytes, size_bytes};
    return c4_file_write_parts(path, &part, 1);
}

enum c4_status c4_file_open(const char *path, int *descriptor, uint64_t *size_bytes) {
    struct stat info;
    *descriptor = -1;
    *size_bytes = 0;
    /* Without O_NONBLOCK, opening a pipe would wait for its writer. */
    int opened = open_retrying(path, O_RDONLY | O_NONBLOCK);
    if (opened < 0) return c4_fail_read(path, errno);
    enum c4_status status = C4_OK;
    if (fstat(opened, &info) != 0) {
        status = c4_fail_read(path, errno);
    } else if (S_ISDIR(info.st_mode)) {
        status = c4_fail_read(path, EISDIR);
    } else if (!S_ISREG(info.st_mode)) {
        status = c4_fail(C4_ERR_DATA, "%s: is a device or pipe; name a regular file", path);
    }
    if (status != C4_OK) {
        close(opened);
        return status;
    }
    *descriptor = opened;
    *size_bytes = (uint64_t)info.st_size;
    return C4_OK;
}

static enum c4_status read_all(int descriptor, const char *path, unsigned char *bytes,
                               size_t size_bytes) {
    size_t done = 0;
    while (done < size_bytes) {
        ssize_t got = read(descriptor, bytes + done, size_bytes - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return c4_fail_read(path, errno);
        if (got == 0)
            return c4_fail(C4_ERR_DATA,
                           "%s: ended at byte %zu of %zu; it changed while it was being read, so "
                           "try again when its writer is done",
                           path, done, size_bytes);
        done += (size_t)got;
    }
    bytes[size_bytes] = '\0';
    return C4_OK;
}

enum c4_status c4_file_read(const char *path, unsigned char **bytes, size_t *size_bytes) {
    int descriptor;
    uint64_t size;
    void *block = NULL;
    *bytes = NULL;
    *size_bytes = 0;
    C4_TRY(c4_file_open(path, &descriptor, &size));
    if (size >= SIZE_MAX || posix_memalign(&block, 64, (size_t)size + 1) != 0) {
        close(descriptor);
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory for its %llu bytes", path,
                       (unsigned long long)size);
    }
    enum c4_status status = read_all(descriptor, path, block, (size_t)size);
    close(descriptor);
    if (status != C4_OK) {
        free(block);
        return status;
    }
    *bytes = block;
    *size_bytes = (size_t)size;
    return C4_OK;
}
