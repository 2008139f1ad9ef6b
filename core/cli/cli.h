/* From argv to an exit status. */
#ifndef C4_CLI_CLI_H
#define C4_CLI_CLI_H

#include <stdio.h>

#include "core/base/status.h"
#include "core/cli/option.h"

/* Reads the command line, answers --help, --version, --man and --completion on `out`, or runs the
 * command. Returns its exit status; 2 after a message on `err` if the command line is wrong; 1 if
 * `out` could not be written (a full disk). Commands themselves write to stdout. */
int c4_cli_run(const struct c4_program *program, int argc, char **argv, FILE *out, FILE *err);

/* Ends a command: writes the command's path and c4_error() to stderr unless `status` is C4_OK, and
 * returns the exit status. */
int c4_cli_exit(const struct c4_args *args, enum c4_status status);

#endif
