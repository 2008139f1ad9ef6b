/* Reading .ini files, of which nothing is cut. */
#ifndef C4_FILE_INI_H
#define C4_FILE_INI_H

#include "core/base/status.h"

enum { C4_INI_SECTION_SIZE = 50 }; /* no section's name is longer, with its NUL */

/* Called for each key = value in turn. Anything but C4_OK ends the reading. */
typedef enum c4_status c4_ini_take(void *context, const char *section, const char *key,
                                   const char *value);

/* Reads NUL-terminated text, which `name` names in errors. C4_ERR_USAGE: a sentence with name and
 * line, of take() or about a line that is neither a comment, a [section] nor key = value, has more
 * than 198 bytes, or a section's name of more than 49. Other failures of take() are returned as
 * they are. */
enum c4_status c4_ini_read(const char *text, const char *name, c4_ini_take *take, void *context);

/* Reads a whole file as text, which the caller frees. Errors of c4_file_read(); C4_ERR_DATA: it
 * holds a NUL. On failure *text is NULL. */
enum c4_status c4_ini_load(const char *path, char **text);

#endif
