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

static const char mark_of_temporary[] = ".tmp.";

/* Reads a decimal process ID; 0 if there is none. *end is just after it. */
static pid_t read_pid(const char *text, char **end) {
    *end = (char *)text;
    if (*text < '1' || *text > '9') return 0;
    errno = 0;
    long pid = strtol(text, end, 10);
    return errno == 0 && (pid_t)pid == pid ? (pid_t)pid : 0;
}

static bool is_gone(pid_t process) {
    return kill(process, 0) != 0 && errno == ESRCH;
}

/* The process ID at the end of a temporary's name or before its extension; 0: not a temporary. */
static pid_t writer_of(const char *name) {
    const char *mark = NULL;
    for (const char *next = name; (next = strstr(next, mark_of_temporary)); next++) mark = next;
    if (!mark) return 0;
    char *end;
    pid_t pid = read_pid(mark + strlen(mark_of_temporary), &end);
    return *end == '\0' || *end == '.' ? pid : 0;
}

enum c4_status c4_leftovers_remove(const char *folder) {
    DIR *entries = opendir(folder);
    if (!entries) return errno == ENOENT ? C4_OK : c4_fail_read(folder, errno);
    for (struct dirent *entry; (entry = readdir(entries));) {
        pid_t writer = writer_of(entry->d_name);
        if (writer && is_gone(writer)) unlinkat(dirfd(entries), entry->d_name, 0);
    }
    closedir(entries);
    return C4_OK;
}

static bool is_leftover_of(const char *name, const char *file, int folder) {
    size_t length = strlen(file), mark = strlen(mark_of_temporary);
    struct stat info;
    char *end;
    if (strncmp(name, file, length) != 0 || strncmp(name + length, mark_of_temporary, mark) != 0)
        return false;
    pid_t writer = read_pid(name + length + mark, &end);
    return writer && *end == '\0' && is_gone(writer) &&
           fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode) &&
           info.st_uid == geteuid();
}

enum c4_status c4_leftovers_remove_of(const char *path) {
    /* Resolved as for writing: links are followed, dangling ones are not. */
    char *target = realpath(path, NULL);
    if (!target) target = strdup(path);
    if (!target) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", path);
    char *slash = strrchr(target, '/');
    const char *file = slash ? slash + 1 : target;
    if (slash) *slash = '\0';
    int folder = open(!slash            ? "."
                      : slash == target ? "/"
                                        : target,
                      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = folder >= 0 ? fdopendir(folder) : NULL;
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (is_leftover_of(entry->d_name, file, folder)) unlinkat(folder, entry->d_name, 0);
    if (entries)
        closedir(entries);
    else if (folder >= 0)
        close(folder);
    free(target);
    return C4_OK;
}
