/* --help, in plain text of at most 80 columns (longer words are not broken). */
#ifndef C4_CLI_HELP_H
#define C4_CLI_HELP_H

#include <stdio.h>

#include "core/cli/option.h"

/* Help on one command, or on the program if `command` is NULL; `path` is what the user types to
 * reach it, such as "conv4 data info". C4_ERR_MEMORY: something is missing. */
enum c4_status c4_help_write(FILE *out, const struct c4_program *program,
                             const struct c4_command *command, const char *path);

/* The two lines of --version. */
void c4_version_write(FILE *out, const struct c4_program *program);

/* Appends the words after the path in a usage line, such as " [OPTION...] FILE". C4_ERR_MEMORY. */
enum c4_status c4_help_usage_tail(const struct c4_command *command, struct c4_text *text);

/* Appends the option's help with its allowed values and default, such as "images per step (1 to 64;
 * default 32)". C4_ERR_MEMORY. */
enum c4_status c4_help_option(const struct c4_option *option, struct c4_text *text);

/* The command `help`; its words name a command. */
extern const struct c4_command c4_cmd_help;

#endif
