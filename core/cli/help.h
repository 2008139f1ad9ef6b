/* --help, in plain text of at most 80 columns (words that are longer stay whole). */
#ifndef C4_CLI_HELP_H
#define C4_CLI_HELP_H

#include <stddef.h>
#include <stdio.h>

#include "core/cli/option.h"

/* Help on one command, or on the program if `command` is NULL; `path` is what the user types to
 * reach it, as "conv4 data info". */
void c4_help_write(FILE *out, const struct c4_program *program, const struct c4_command *command,
                   const char *path);

/* The two lines of --version. */
void c4_version_write(FILE *out, const struct c4_program *program);

/* The words after the path in a usage line, as "[OPTION...] FILE"; at most `size` bytes. */
void c4_help_usage_tail(const struct c4_command *command, char *text, size_t size);

/* The option's help with what it allows and its default, as "images per step (1 to 64; default
 * 32)"; at most `size` bytes. */
void c4_help_option(const struct c4_option *option, char *text, size_t size);

/* The command `help`, which takes the words of a command. */
extern const struct c4_command c4_cmd_help;

#endif
