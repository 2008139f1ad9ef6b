#define _XOPEN_SOURCE 700 /* pthread_key_create */
#include "core/base/status.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Per thread, like errno: two threads that fail at once must not mix their sentences. A sentence
 * that is longer than `here` lies in `longer`, unless memory has run out. */
static _Thread_local struct sentence {
    char here[1024];
    char *longer;
} last;

static const char cut[] = " [...]";

/* Frees a thread's longer sentence when the thread ends. */
static pthread_key_t ends;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void make_key(void) {
    pthread_key_create(&ends, free);
}

static void keep(char *longer) {
    pthread_once(&once, make_key);
    pthread_setspecific(ends, longer);
    free(last.longer);
    last.longer = longer;
}

enum c4_status(c4_fail)(enum c4_status status, const char *format, ...) {
    char text[sizeof last.here]; /* the arguments may point into the last sentence */
    char *longer = NULL;
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(text, sizeof text, format, args);
    if (length >= (int)sizeof text) {
        longer = malloc((size_t)length + 1);
        if (longer)
            vsnprintf(longer, (size_t)length + 1, format, again);
        else
            memcpy(text + sizeof text - sizeof cut, cut, sizeof cut);
    }
    va_end(again);
    va_end(args);
    if (longer || last.longer) keep(longer);
    if (!longer) memcpy(last.here, text, strlen(text) + 1);
    return status;
}

const char *c4_error(void) {
    return last.longer ? last.longer : last.here;
}

int c4_status_exit_code(enum c4_status status) {
    switch (status) {
    case C4_OK:
        return 0;
    case C4_ERR_FAILED:
    case C4_ERR_MEMORY:
        return 1;
    case C4_ERR_USAGE:
        return 2;
    case C4_ERR_DATA:
        return 3;
    case C4_ERR_CLAIM:
        return 4;
    case C4_ERR_REGRESSION:
        return 5;
    case C4_ERR_ENVIRONMENT:
        return 6;
    case C4_ERR_RESULT:
        return 7;
    case C4_ERR_UNFINISHED:
        return 75;
    case C4_ERR_INTERRUPTED:
        return 130;
    case C4_ERR_TERMINATED:
        return 143;
    }
    return 1;
}
