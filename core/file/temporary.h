/* New files of our own beside those that they will replace. */
#ifndef C4_FILE_TEMPORARY_H
#define C4_FILE_TEMPORARY_H

#include <stdbool.h>
#include <sys/types.h>

/* What makes a name one of ours: ".tmp.", this process's ID, a dot, and eight hexadecimal digits
 * that nobody can foresee. Terminated. */
enum { C4_TEMPORARY_MARK_SIZE = 40 };
void c4_temporary_mark(char mark[C4_TEMPORARY_MARK_SIZE]);

/* Makes the file TARGET plus a mark for writing and hands out its name, to be released with free(),
 * and descriptor. Whatever lies at such a name already, a link, a pipe or another file, is left
 * alone, and another name is taken. 0, or an errno value: then *name is NULL. */
int c4_temporary_open(const char *target, char **name, int *descriptor);

/* The process whose mark ends the name, or stands before `extension` at its end (NULL: none may);
 * 0: none does. */
pid_t c4_temporary_writer(const char *name, const char *extension);

/* The length of the name before its mark; 0 without one. */
size_t c4_temporary_target_length(const char *name);

#endif
