#include "core/fetch/part.h"

#include "core/fetch/download.h"
#include "core/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char heading[] = "conv4 download\n";

/* PATH.from, to be freed; NULL if out of memory. */
static char *from_path(const char *path) {
    size_t size = strlen(path) + sizeof ".from";
    char *name = malloc(size);
    if (name != NULL) snprintf(name, size, "%s.from", path);
    return name;
}

/* Takes "<key> <value>\n" at *text. Fails on any other line and on a value that does not fit. */
static int take(const char **text, const char *key, char *value, size_t size) {
    size_t key_length = strlen(key);
    if (strncmp(*text, key, key_length) != 0 || (*text)[key_length] != ' ') return 0;
    const char *start = *text + key_length + 1;
    size_t length = strcspn(start, "\n");
    if (start[length] != '\n' || length >= size) return 0;
    memcpy(value, start, length);
    value[length] = '\0';
    *text = start + length + 1;
    return 1;
}

static void read_origin(const char *path, struct c4_origin *origin) {
    unsigned char *bytes = NULL;
    size_t size_bytes;
    char *name = from_path(path);
    if (name != NULL && c4_file_read(name, &bytes, &size_bytes) == C4_OK) {
        const char *text = (const char *)bytes;
        if (strncmp(text, heading, sizeof heading - 1) == 0) {
            text += sizeof heading - 1;
            if (!take(&text, "url", origin->url, sizeof origin->url) ||
                !take(&text, "etag", origin->etag, sizeof origin->etag) ||
                !take(&text, "modified", origin->modified, sizeof origin->modified) ||
                *text != '\0')
                *origin = (struct c4_origin){0};
        }
    }
    free(bytes);
    free(name);
}

static enum c4_status lock(const char *path, int descriptor) {
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return C4_OK;
    if (errno == EWOULDBLOCK)
        return c4_fail(C4_ERR_FAILED,
                       "%s: another process is fetching this file; wait for it or end it", path);
    /* A file system without locks: go on, as two fetches at once are rare. */
    return C4_OK;
}

/* Between opening and locking, the process that had the lock may have renamed the file away. */
static int is_still_there(const char *path, int descriptor) {
    struct stat opened, there;
    return fstat(descriptor, &opened) == 0 && stat(path, &there) == 0 &&
           opened.st_ino == there.st_ino && opened.st_dev == there.st_dev;
}

enum c4_status c4_part_open(const char *path, struct c4_part *part) {
    struct stat info;
    *part = (struct c4_part){.path = path, .descriptor = -1};
    for (;;) {
        int descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (descriptor < 0) return c4_fail_write(path, errno);
        enum c4_status status = lock(path, descriptor);
        if (status != C4_OK) {
            close(descriptor);
            return status;
        }
        if (is_still_there(path, descriptor)) {
            part->descriptor = descriptor;
            break;
        }
        close(descriptor);
    }
    /* Another name of the file would change with it. */
    if (fstat(part->descriptor, &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink > 1) {
        c4_part_close(part);
        return c4_fail(C4_ERR_FAILED, "%s: is not a regular file of one name; remove it", path);
    }
    part->size_bytes = part->kept_bytes = (uint64_t)info.st_size;
    if (part->size_bytes > 0) read_origin(path, &part->origin);
    return C4_OK;
}

enum c4_status c4_part_keep(struct c4_part *part, uint64_t size_bytes) {
    if (size_bytes == 0) {
        char *name = from_path(part->path);
        if (name != NULL) unlink(name);
        free(name);
        part->origin = (struct c4_origin){0};
    }
    if (ftruncate(part->descriptor, (off_t)size_bytes) != 0)
        return c4_fail_write(part->path, errno);
    part->size_bytes = size_bytes;
    if (part->kept_bytes > size_bytes) part->kept_bytes = size_bytes;
    return C4_OK;
}

enum c4_status c4_part_compare(const struct c4_part *part, uint64_t position, const void *bytes,
                               size_t size_bytes, size_t *equal) {
    unsigned char piece[4096];
    const unsigned char *want = bytes;
    *equal = 0;
    while (*equal < size_bytes) {
        size_t left = size_bytes - *equal, i = 0;
        ssize_t got = pread(part->descriptor, piece, left < sizeof piece ? left : sizeof piece,
                            (off_t)(position + *equal));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return c4_fail_read(part->path, errno);
        while (i < (size_t)got && piece[i] == want[*equal + i]) i++;
        *equal += i;
        if (got == 0 || i < (size_t)got) return C4_OK;
    }
    return C4_OK;
}

enum c4_status c4_part_set_origin(struct c4_part *part, const struct c4_origin *origin) {
    char text[sizeof *origin + 64];
    _Static_assert(sizeof heading + sizeof "url \netag \nmodified \n" <= 64, "the lines must fit");
    part->origin = *origin;
    int length = snprintf(text, sizeof text, "%surl %s\netag %s\nmodified %s\n", heading,
                          origin->url, origin->etag, origin->modified);
    char *name = from_path(part->path);
    if (name == NULL) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", part->path);
    enum c4_status status = c4_file_write_atomic(name, text, (size_t)length);
    free(name);
    return status;
}

enum c4_status c4_part_append(struct c4_part *part, const void *bytes, size_t size_bytes) {
    enum c4_status status = c4_file_write_all(part->descriptor, part->path, bytes, size_bytes);
    struct stat info; /* a failed write may have written some bytes */
    if (status != C4_OK && fstat(part->descriptor, &info) == 0)
        part->size_bytes = (uint64_t)info.st_size;
    if (status == C4_OK) part->size_bytes += size_bytes;
    return status;
}

void c4_part_close(struct c4_part *part) {
    if (part->descriptor >= 0) close(part->descriptor);
    part->descriptor = -1;
}

void c4_download_forget(const char *part) {
    char *name = from_path(part);
    unlink(part);
    if (name != NULL) unlink(name);
    free(name);
}
