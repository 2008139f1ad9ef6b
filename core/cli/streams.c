#include "core/cli/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void c4_streams_open(void) {
    for (int stream = 0; stream <= STDERR_FILENO; stream++) {
        if (fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
        /* All lower descriptors are open, so that this one is taken. */
        if (open("/dev/null", stream == STDIN_FILENO ? O_RDONLY : O_WRONLY) < 0) return;
    }
}
