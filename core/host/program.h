/* The file of this program, to start it again: by /proc/self/exe where there is a /proc, and else
 * by the name with which the kernel was asked to start it. */
#ifndef C4_HOST_PROGRAM_H
#define C4_HOST_PROGRAM_H

#include "core/base/status.h"
#include "core/base/text.h"

/* Opens the file. Called first in main(), while relative names still lead to it; without it,
 * c4_program_execute() needs /proc. */
void c4_program_open(void);

/* Replaces this process by the program, the same one even if its file was removed or replaced
 * since. Returns only on failure. May be called between fork() and exec. */
void c4_program_execute(char *const *argv);

/* Replaces *path by the file's path. C4_ERR_ENVIRONMENT: it cannot be found. */
enum c4_status c4_program_path(struct c4_text *path);

#endif
