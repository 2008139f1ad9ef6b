/* Commands as text that a POSIX shell reads back. */
#ifndef C4_CLI_SHELL_WORD_H
#define C4_CLI_SHELL_WORD_H

#include "core/base/text.h"

/* Appends `word` so that a POSIX shell takes it for one word with exactly these bytes: as it is if
 * nothing in it is special, else in single quotes. C4_ERR_MEMORY. */
enum c4_status c4_shell_add_word(struct c4_text *text, const char *word);

/* Appends " --name WORD", or " --name=WORD" if the value begins with a dash and would be read as an
 * option. C4_ERR_MEMORY. */
enum c4_status c4_shell_add_option(struct c4_text *text, const char *name, const char *value);

#endif
