/* Small text files of /proc and /sys. Every path starts with '/' and is looked up below `root`: ""
 * is the real system, any other folder a recorded one. */
#ifndef C4_HOST_SYSFILE_H
#define C4_HOST_SYSFILE_H

#include <stdbool.h>
#include <stddef.h>

/* Copies the first line, without its newline and surrounding blanks, to line[0 .. size-1] (cut to
 * fit, terminated). False, with line "", if the file cannot be read; errno says why. */
bool c4_sysfile_line(const char *root, const char *path, char *line, size_t size);

/* The value of the first "key : value" or "key: value" line, blanks around both ignored, as in
 * /proc/cpuinfo and /proc/meminfo. False, with value "", if there is none. */
bool c4_sysfile_value(const char *root, const char *path, const char *key, char *value,
                      size_t size);

#endif
