#define _XOPEN_SOURCE 700 /* realpath */
#include "core/file/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file/file.h"
#include "core/file/temporary.h"

/* A regular file of this user, whose writer is gone. */
static bool is_left_over(int folder, const char *name, pid_t writer) {
    struct stat info;
    return writer > 0 && kill(writer, 0) != 0 && errno == ESRCH &&
           fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode) &&
           info.st_uid == geteuid();
}

static pid_t writer_of(const char *name) {
    static const char *const extensions[] = {".svg", ".png", ".pdf"};
    pid_t writer = 0;
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions && writer == 0; i++)
        writer = c4_temporary_writer(name, extensions[i]);
    return writer;
}

enum c4_status c4_leftovers_remove(const char *folder) {
    DIR *entries = opendir(folder);
    if (!entries) return errno == ENOENT ? C4_OK : c4_fail_read(folder, errno);
    for (struct dirent *entry; (entry = readdir(entries));)
        if (is_left_over(dirfd(entries), entry->d_name, writer_of(entry->d_name)))
            unlinkat(dirfd(entries), entry->d_name, 0);
    closedir(entries);
    return C4_OK;
}

static bool is_of(const char *name, const char *file) {
    size_t length = strlen(file);
    return c4_temporary_target_length(name) == length && strncmp(name, file, length) == 0;
}

enum c4_status c4_leftovers_remove_of(const char *path) {
    /* Resolved as for writing: links are followed, dangling ones are not. */
    char *target = realpath(path, NULL);
    if (!target && errno != ENOMEM) target = strdup(path);
    if (!target) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", path);
    char *slash = strrchr(target, '/');
    const char *file = slash ? slash + 1 : target;
    if (slash) *slash = '\0';
    int folder = open(!slash            ? "."
                      : slash == target ? "/"
                                        : target,
                      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = folder >= 0 ? fdopendir(folder) : NULL;
    bool no_memory = folder >= 0 && !entries && errno == ENOMEM;
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (is_of(entry->d_name, file) &&
            is_left_over(folder, entry->d_name, c4_temporary_writer(entry->d_name, NULL)))
            unlinkat(folder, entry->d_name, 0);
    if (entries)
        closedir(entries);
    else if (folder >= 0)
        close(folder);
    free(target);
    return no_memory ? c4_fail(C4_ERR_MEMORY, "%s: out of memory", path) : C4_OK;
}
