#define _XOPEN_SOURCE 700 /* readlink */
#include "core/file/file.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/base/text.h"

/* mkdir() that accepts an existing folder. */
static enum c4_status make_one(const char *folder) {
    struct stat info;
    if (mkdir(folder, 0777) == 0) return C4_OK;
    int error = errno;
    /* Not only EEXIST: for an existing folder mkdir() may also fail with EROFS or EACCES. */
    if (stat(folder, &info) == 0) {
        if (S_ISDIR(info.st_mode)) return C4_OK;
        return c4_fail(C4_ERR_FAILED, "%s: is a file where a folder is needed; choose another name",
                       folder);
    }
    return c4_fail_write(folder, error);
}

/* Makes the folders from the one that ends at or after byte `from` on. */
static enum c4_status make_from(const char *path, size_t from) {
    if (path[from] == '\0') return c4_fail(C4_ERR_USAGE, "the name of the folder to make is empty");
    char *prefix = strdup(path);
    if (prefix == NULL) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", path);
    enum c4_status status = C4_OK;
    for (char *slash = strchr(prefix + from + 1, '/'); slash != NULL && status == C4_OK;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        status = make_one(prefix);
        *slash = '/';
    }
    if (status == C4_OK) status = make_one(prefix);
    free(prefix);
    return status;
}

enum c4_status c4_dir_make(const char *path) {
    return make_from(path, 0);
}

enum c4_status c4_dir_make_inside(const char *base, const char *inside) {
    struct c4_text path = {0};
    enum c4_status status = c4_text_add(&path, "%s/%s", base, inside);
    if (status == C4_OK) status = make_from(c4_text_string(&path), strlen(base) + 1);
    c4_text_free(&path);
    return status;
}

int c4_path_exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

/* Cuts the last name off a path; false if there is only one. */
static bool cut_name(struct c4_text *path) {
    char *slash = path->bytes ? strrchr(path->bytes, '/') : NULL;
    if (!slash || path->length <= 1) return false;
    path->length = slash > path->bytes ? (size_t)(slash - path->bytes) : 1;
    path->bytes[path->length] = '\0';
    return true;
}

bool c4_disk_free(const char *path, uint64_t *free_bytes) {
    struct c4_text at = {0};
    struct statvfs disk;
    bool known = c4_text_set(&at, path) == C4_OK;
    while (known && statvfs(c4_text_string(&at), &disk) != 0) {
        known = errno == ENOENT;
        if (known && !cut_name(&at) && strcmp(c4_text_string(&at), ".") != 0)
            known = c4_text_set(&at, ".") == C4_OK;
    }
    c4_text_free(&at);
    if (!known || disk.f_blocks == 0) return false; /* some file systems know no sizes */
    *free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    return true;
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

/* Where a file would be made, after following dangling links: its folder and its name there. */
struct place {
    struct stat folder;
    char path[PATH_MAX];
    const char *name; /* the end of path */
};

/* Splits place->path into name and folder; false if there is no such folder. */
static bool look(struct place *place) {
    char *slash = strrchr(place->path, '/');
    place->name = slash ? slash + 1 : place->path;
    if (!slash) return stat(".", &place->folder) == 0;
    char first = slash[1];
    slash[1] = '\0';
    bool found = stat(place->path, &place->folder) == 0;
    slash[1] = first;
    return found;
}

/* Replaces the link at place->path by its target. */
static enum c4_status follow(struct place *place) {
    char link[PATH_MAX], from[PATH_MAX];
    ssize_t length = readlink(place->path, link, sizeof link - 1);
    if (length < 0) return c4_fail_read(place->path, errno);
    link[length] = '\0';
    size_t before = (size_t)(place->name - place->path);
    memcpy(from, place->path, before);
    from[before] = '\0';
    return c4_path_join(place->path, sizeof place->path, from, link);
}

static bool find_place(const char *path, struct place *place) {
    enum { MOST_LINKS = 40 }; /* Linux's limit */
    struct stat info;
    if (c4_path_join(place->path, sizeof place->path, "", path) != C4_OK) return false;
    for (int links = 0; links <= MOST_LINKS; links++) {
        if (!look(place)) return false;
        if (lstat(place->path, &info) != 0 || !S_ISLNK(info.st_mode)) return true;
        if (follow(place) != C4_OK) return false;
    }
    return false;
}

bool c4_path_same(const char *a, const char *b) {
    struct stat of_a, of_b;
    bool a_exists = stat(a, &of_a) == 0, b_exists = stat(b, &of_b) == 0;
    if (a_exists && b_exists) return of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
    if (a_exists != b_exists) return false;
    struct place place_a = {.name = NULL}, place_b = place_a;
    return find_place(a, &place_a) && find_place(b, &place_b) &&
           place_a.folder.st_dev == place_b.folder.st_dev &&
           place_a.folder.st_ino == place_b.folder.st_ino &&
           strcmp(place_a.name, place_b.name) == 0;
}
