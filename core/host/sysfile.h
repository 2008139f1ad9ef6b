/* Small text files of /proc and /sys. Every path starts with '/' and is looked up below `root`: ""
 * is the real system, any other folder a recorded one. */
#ifndef C4_HOST_SYSFILE_H
#define C4_HOST_SYSFILE_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/text.h"

/* The whole first line, without its newline and surrounding blanks. False, with line "", if the
 * file cannot be read; if memory runs out, the text is also lost. */
bool c4_sysfile_line(const char *root, const char *path, struct c4_text *line);

/* The value of the first "key : value" or "key: value" line, blanks around both ignored, as in
 * /proc/cpuinfo and /proc/meminfo. False, with value "", if there is none; if memory runs out, the
 * text is also lost. */
bool c4_sysfile_value(const char *root, const char *path, const char *key, struct c4_text *value);

/* Opens the file for reading; NULL if it cannot be read. */
FILE *c4_sysfile_open(const char *root, const char *path);

#endif
