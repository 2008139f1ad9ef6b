/* OMP_STACKSIZE, which the OpenMP runtime reads when the program starts and does not report. */
#include <ctype.h>
#include <stdlib.h>

#include "core/host/team.h"

/* Enough for the frames of a team's threads, the system's thread-local memory and oneDNN. */
enum { LEAST_BYTES = 64 << 10 };

/* The bytes of "SIZE", in kilobytes or with a unit B, K, M or G, as in OpenMP's specification; 0 if
 * the format is wrong, which the runtime reports itself. */
static double size_of(const char *text) {
    char *end;
    double size = strtod(text, &end);
    while (isspace((unsigned char)*end)) end++;
    switch (tolower((unsigned char)*end)) {
    case 'b':
        return size;
    case 'k':
    case '\0':
        return size * 1024;
    case 'm':
        return size * 1048576;
    case 'g':
        return size * 1073741824;
    default:
        return 0;
    }
}

enum c4_status c4_team_check_stacks(void) {
    static const char *const names[] = {"OMP_STACKSIZE", "GOMP_STACKSIZE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = getenv(names[i]);
        double bytes = text ? size_of(text) : 0;
        if (bytes > 0 && bytes < LEAST_BYTES)
            return c4_fail(C4_ERR_ENVIRONMENT,
                           "%s=%s: a team's threads need stacks of at least %dk; unset or raise it",
                           names[i], text, LEAST_BYTES >> 10);
    }
    return C4_OK;
}
