#include "core/base/status.h"

#include <stdarg.h>
#include <stdio.h>

/* Per thread, like errno: two threads that fail at once must not mix their sentences. */
static _Thread_local char last_error[1024];

enum c4_status c4_fail(enum c4_status status, const char *format, ...) {
    char text[sizeof last_error]; /* the arguments may point into last_error */
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (size_t i = 0; i < sizeof text; i++) {
        last_error[i] = text[i];
        if (text[i] == '\0') break;
    }
    return status;
}

const char *c4_error(void) {
    return last_error;
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
    case C4_ERR_INTERRUPTED:
        return 130;
    case C4_ERR_TERMINATED:
        return 143;
    }
    return 1;
}
