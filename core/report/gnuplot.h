/* Writing text into gnuplot scripts, and running them. */
#ifndef C4_REPORT_GNUPLOT_H
#define C4_REPORT_GNUPLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/base/status.h"

/* Writes text as a gnuplot string in single quotes, in which gnuplot neither substitutes commands
 * nor reads escapes. Control characters become blanks; those that reorder text, and bytes that are
 * not UTF-8, U+FFFD. Drawn literally by a terminal set to noenhanced. */
void c4_gnuplot_string(FILE *script, const char *text);

/* The same for the first `length` bytes. */
void c4_gnuplot_part(FILE *script, const char *text, size_t length);

/* The same for a tick label, which gnuplot reads as a format: % is doubled. */
void c4_gnuplot_tick(FILE *script, const char *text);

/* Writes a finite number with a decimal point in any locale. */
void c4_gnuplot_number(FILE *script, double value);

/* Looks for an executable gnuplot in the folders of PATH, without empty entries, which mean the
 * working directory. False, with path "", if there is none. */
bool c4_gnuplot_find(char *path, size_t size);

struct c4_gnuplot_script {
    const char *command; /* gnuplot commands that run before it */
    const char *name;    /* of its file */
};

/* Runs the program `gnuplot` once, on `count` >= 1 scripts of FOLDER one after the other, with
 * FOLDER as working directory, without a shell and the user's startup files. The first error ends
 * it. It is stopped after two minutes. Errors: C4_ERR_FAILED with gnuplot's first
 * error line, its signal or the timeout; C4_ERR_ENVIRONMENT if it cannot be started;
 * C4_ERR_MEMORY. */
enum c4_status c4_gnuplot_run(const char *gnuplot, const char *folder,
                              const struct c4_gnuplot_script *script, int count);

#endif
