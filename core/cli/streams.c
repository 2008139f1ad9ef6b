#include "core/cli/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

void c4_streams_open(void) {
    enum { LINE_BYTES = 4096 };
    static char line[LINE_BYTES];
    for (int stream = 0; stream <= STDERR_FILENO; stream++) {
        if (fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
        /* All lower descriptors are open, so that this one is taken. */
        if (open("/dev/null", stream == STDIN_FILENO ? O_RDONLY : O_WRONLY) < 0) break;
    }
    /* Should it fail, lines come in pieces. */
    setvbuf(stderr, line, _IOLBF, sizeof line);
}
