#define _GNU_SOURCE /* statx */
#include "core/file/refresh.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void refresh(const char *folder) {
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
#ifdef AT_STATX_FORCE_SYNC
    struct statx found;
    if (statx(descriptor, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &found) ==
        0) {
        close(descriptor);
        return;
    }
#endif
    struct stat info;
    (void)fstat(descriptor, &info);
    close(descriptor);
}

void c4_path_refresh(const char *path) {
    char *folder = strdup(path);
    if (!folder) return;
    refresh(path[0] == '/' ? "/" : ".");
    for (char *slash = folder; (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        refresh(folder);
        *slash = '/';
    }
    free(folder);
}
