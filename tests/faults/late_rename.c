/* A network file system whose clients hear of new names late, for cli_late.sh: each process is a
 * client of its own. A checkpoint that another process has renamed to its place is not there
 * (ENOENT) until a second after its inode's last change; who has missed it goes on missing it until
 * it has opened a folder after that second, as a client does that keeps what it has looked up. With
 * C4_TEST_LATE_LOG each missed open is a line of that file. To be preloaded. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILES_MAX = 4096 };

#define LATE_NS 1000000000LL

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static ino_t own[FILES_MAX], missed[FILES_MAX]; /* inodes on the one file system of the test */
static int owns, misses;
static long long folder_ns; /* when this process last opened a folder */

static int (*find_open(const char *name))(const char *, int, ...) {
    int (*real)(const char *, int, ...) = NULL;
    *(void **)&real = dlsym(RTLD_NEXT, name);
    return real;
}

static long long now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int has(const ino_t *list, int count, ino_t inode) {
    for (int i = 0; i < count; i++)
        if (list[i] == inode) return 1;
    return 0;
}

static int is_checkpoint(const char *path) {
    static const char end[] = ".safetensors";
    size_t length = strlen(path);
    return length >= sizeof end - 1 && strcmp(path + length - (sizeof end - 1), end) == 0;
}

static void note(const char *path) {
    const char *log = getenv("C4_TEST_LATE_LOG");
    FILE *file = log ? fopen(log, "ae") : NULL;
    if (!file) return;
    fprintf(file, "%s\n", path);
    fclose(file);
}

/* Whether this process does not know of the file yet. */
static int is_hidden(const char *path) {
    struct stat info;
    if (!is_checkpoint(path) || stat(path, &info) != 0) return 0;
    long long visible_ns = info.st_ctim.tv_sec * 1000000000LL + info.st_ctim.tv_nsec + LATE_NS;
    pthread_mutex_lock(&mutex);
    int known = has(own, owns, info.st_ino), late = has(missed, misses, info.st_ino);
    int hidden = !known && (now_ns() < visible_ns || (late && folder_ns < visible_ns));
    if (hidden && !late && misses < FILES_MAX) missed[misses++] = info.st_ino;
    pthread_mutex_unlock(&mutex);
    if (hidden) note(path);
    return hidden;
}

static int open_as(int (*real)(const char *, int, ...), const char *path, int flags, int mode) {
    if (flags & O_DIRECTORY) {
        pthread_mutex_lock(&mutex);
        folder_ns = now_ns();
        pthread_mutex_unlock(&mutex);
    } else if (!(flags & O_CREAT) && is_hidden(path)) {
        errno = ENOENT;
        return -1;
    }
    return real(path, flags, mode);
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...) {                                                   \
        int mode = 0;                                                                              \
        if (flags & O_CREAT) {                                                                     \
            va_list rest;                                                                          \
            va_start(rest, flags);                                                                 \
            mode = va_arg(rest, int);                                                              \
            va_end(rest);                                                                          \
        }                                                                                          \
        return open_as(find_open(#name), path, flags, mode);                                       \
    }
OPEN(open)
OPEN(open64)

/* What this process has renamed it knows. */
int rename(const char *from, const char *to) {
    int (*real)(const char *, const char *) = NULL;
    struct stat info;
    *(void **)&real = dlsym(RTLD_NEXT, "rename");
    int result = real(from, to);
    if (result != 0 || !is_checkpoint(to) || stat(to, &info) != 0) return result;
    pthread_mutex_lock(&mutex);
    if (owns < FILES_MAX) own[owns++] = info.st_ino;
    pthread_mutex_unlock(&mutex);
    return result;
}
