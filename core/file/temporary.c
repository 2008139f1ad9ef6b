#include "core/file/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static const char before_pid[] = ".tmp.";
enum { HEX_DIGITS = 8, TRIES = 100 };

void c4_temporary_mark(char mark[C4_TEMPORARY_MARK_SIZE]) {
    uint32_t word;
    if (getrandom(&word, sizeof word, GRND_NONBLOCK) != (ssize_t)sizeof word) {
        struct timespec now; /* names need not be secret: one that exists is not taken */
        clock_gettime(CLOCK_MONOTONIC, &now);
        word = (uint32_t)now.tv_nsec * 2654435761U;
    }
    snprintf(mark, C4_TEMPORARY_MARK_SIZE, "%s%ld.%08x", before_pid, (long)getpid(),
             (unsigned)word);
}

static int open_new(const char *name) {
    int descriptor;
    do descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

int c4_temporary_open(const char *target, char **name, int *descriptor) {
    size_t length = strlen(target);
    *name = malloc(length + C4_TEMPORARY_MARK_SIZE);
    *descriptor = -1;
    if (*name == NULL) return ENOMEM;
    memcpy(*name, target, length);
    errno = EEXIST;
    for (int i = 0; i < TRIES && *descriptor < 0 && errno == EEXIST; i++) {
        c4_temporary_mark(*name + length);
        *descriptor = open_new(*name);
    }
    if (*descriptor >= 0) return 0;
    int error = errno;
    free(*name);
    *name = NULL;
    return error;
}

/* Reads ".tmp.PID.XXXXXXXX"; NULL: it is not there. *end is just after it. */
static const char *read_mark(const char *name, pid_t *writer, const char **end) {
    const char *mark = NULL;
    for (const char *next = name; (next = strstr(next, before_pid)) != NULL; next++) mark = next;
    if (mark == NULL) return NULL;
    const char *digits = mark + strlen(before_pid);
    char *behind;
    if (*digits < '1' || *digits > '9') return NULL;
    errno = 0;
    long pid = strtol(digits, &behind, 10);
    if (errno != 0 || (pid_t)pid != pid || *behind != '.') return NULL;
    if (strspn(behind + 1, "0123456789abcdef") != HEX_DIGITS) return NULL;
    *writer = (pid_t)pid;
    *end = behind + 1 + HEX_DIGITS;
    return mark;
}

pid_t c4_temporary_writer(const char *name, const char *extension) {
    pid_t writer;
    const char *end, *mark = read_mark(name, &writer, &end);
    if (mark == NULL || mark == name) return 0;
    return *end == '\0' || (extension != NULL && strcmp(end, extension) == 0) ? writer : 0;
}

size_t c4_temporary_target_length(const char *name) {
    pid_t writer;
    const char *end, *mark = read_mark(name, &writer, &end);
    return mark != NULL ? (size_t)(mark - name) : 0;
}
