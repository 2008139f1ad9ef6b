#include "core/file/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* mkdir that is content with an existing folder. */
static enum c4_status make_one(const char *folder) {
    struct stat info;
    if (mkdir(folder, 0777) == 0) return C4_OK;
    int error = errno;
    /* Not only EEXIST: for an existing folder mkdir may also say EROFS or EACCES. */
    if (stat(folder, &info) == 0) {
        if (S_ISDIR(info.st_mode)) return C4_OK;
        return c4_fail(C4_ERR_FAILED, "%s: is a file where a folder is needed; choose another name",
                       folder);
    }
    return c4_fail_write(folder, error);
}

enum c4_status c4_dir_make(const char *path) {
    if (path[0] == '\0') return c4_fail(C4_ERR_USAGE, "the name of a folder to make is empty");
    char *prefix = strdup(path);
    if (prefix == NULL) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", path);
    enum c4_status status = C4_OK;
    for (char *slash = strchr(prefix + 1, '/'); slash != NULL && status == C4_OK;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        status = make_one(prefix);
        *slash = '/';
    }
    if (status == C4_OK) status = make_one(prefix);
    free(prefix);
    return status;
}

int c4_path_exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

enum c4_status c4_path_join(char *out, size_t size, const char *a, const char *b) {
    size_t length_a = b[0] == '/' ? 0 : strlen(a), length_b = strlen(b);
    size_t slash = length_a > 0 && a[length_a - 1] != '/';
    if (length_a + slash + length_b >= size) {
        if (size > 0) out[0] = '\0';
        return c4_fail(C4_ERR_USAGE,
                       "%s/%s: the path is longer than %zu bytes; choose a shorter one", a, b,
                       size > 0 ? size - 1 : 0);
    }
    memcpy(out, a, length_a);
    if (slash) out[length_a] = '/';
    memcpy(out + length_a + slash, b, length_b + 1);
    return C4_OK;
}
