/* The manual page. */
#ifndef C4_CLI_MAN_H
#define C4_CLI_MAN_H

#include <stdio.h>

#include "core/cli/option.h"

/* Writes PROGRAM(1) in man(7) macros: every command with its options, defaults and examples, the
 * exit statuses and the environment. The text depends on the tables alone, so that equal builds
 * give equal pages. C4_ERR_MEMORY: something is missing. */
enum c4_status c4_man_write(FILE *out, const struct c4_program *program);

#endif
