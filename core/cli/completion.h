/* Completion scripts for shells, to be installed under the program's name. */
#ifndef C4_CLI_COMPLETION_H
#define C4_CLI_COMPLETION_H

#include <stdio.h>

#include "core/cli/option.h"

/* Both complete commands, options, choices and file names. */
void c4_completion_write_bash(FILE *out, const struct c4_program *program);
void c4_completion_write_zsh(FILE *out, const struct c4_program *program);

#endif
