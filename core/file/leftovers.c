#include "core/file/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file/file.h"

/* The process that a temporary's name ends in, or stands in front of an extension; 0: no such name.
 */
static pid_t writer_of(const char *name) {
    const char *mark = NULL;
    for (const char *next = name; (next = strstr(next, ".tmp.")); next++) mark = next;
    if (!mark) return 0;
    char *end;
    errno = 0;
    long pid = strtol(mark + 5, &end, 10);
    return errno == 0 && pid > 0 && (pid_t)pid == pid && (*end == '\0' || *end == '.') ? (pid_t)pid
                                                                                       : 0;
}

enum c4_status c4_leftovers_remove(const char *folder) {
    DIR *entries = opendir(folder);
    if (!entries) return errno == ENOENT ? C4_OK : c4_fail_read(folder, errno);
    for (struct dirent *entry; (entry = readdir(entries));) {
        pid_t writer = writer_of(entry->d_name);
        if (writer && kill(writer, 0) != 0 && errno == ESRCH)
            unlinkat(dirfd(entries), entry->d_name, 0);
    }
    closedir(entries);
    return C4_OK;
}
