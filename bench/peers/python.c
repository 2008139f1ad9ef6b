#include "bench/peers/python.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/host/program.h"

enum c4_status c4_peers_python(const char *given, struct c4_text *path) {
    const char *variable = getenv("C4_PEERS_PYTHON");
    if (!given && variable && *variable) given = variable;
    if (given) return c4_text_set(path, given);
    struct c4_text program = {0};
    c4_program_path(&program);                        /* or nothing */
    for (int up = 0; program.bytes && up < 2; up++) { /* from build/release/conv4 to build */
        char *slash = strrchr(program.bytes, '/');
        if (slash) *slash = '\0';
    }
    c4_text_clear(path);
    enum c4_status status = c4_text_add(path, "%s/peers-venv/bin/python", c4_text_string(&program));
    c4_text_free(&program);
    C4_TRY(status);
    return access(path->bytes, X_OK) == 0 ? C4_OK : c4_text_set(path, "python3");
}
