#define _GNU_SOURCE /* O_PATH */
#include "core/host/program.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

static const char link_to_program[] = "/proc/self/exe";

static int program = -1; /* its file, where that could be opened */

/* The name that execve() had; NULL: unknown. */
static const char *name_of_program(void) {
    /* The kernel hands the pointer over as a number. NOLINTNEXTLINE(performance-no-int-to-ptr) */
    return (const char *)getauxval(AT_EXECFN);
}

void c4_program_open(void) {
    const char *name = name_of_program();
    if (name && program < 0) program = open(name, O_PATH | O_CLOEXEC);
}

void c4_program_execute(char *const *argv) {
    execv(link_to_program, argv);
    if (program >= 0) fexecve(program, argv, environ);
}

enum c4_status c4_program_path(struct c4_text *path) {
    const char *name = name_of_program();
    char *real = realpath(link_to_program, NULL);
    if (!real && name) real = realpath(name, NULL);
    enum c4_status status =
        real ? c4_text_set(path, real)
             : c4_fail(C4_ERR_ENVIRONMENT,
                       "%s, which is this program, cannot be read; give its path, or mount /proc",
                       link_to_program);
    free(real);
    return status;
}
