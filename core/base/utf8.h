/* Characters of UTF-8 text, and text that is shown to people. */
#ifndef C4_BASE_UTF8_H
#define C4_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Bytes of the character at `text` (RFC 3629, table 3-7 of Unicode), 1 to 4; 0 if there is none. A
 * NUL is a character of one byte. */
size_t c4_utf8_length(const char *text);

/* Whether the `length` bytes of a character would act on the text around it instead of being shown:
 * a control character, or one that reorders what follows (Unicode's explicit bidirectional
 * formatting, U+202A to U+202E and U+2066 to U+2069). */
bool c4_utf8_is_control(const char *character, size_t length);

/* Prints text for a terminal, without needing memory: control characters and bytes that are not
 * UTF-8 appear as \n, \x1b or \u202e, everything else as it is. */
void c4_utf8_show(FILE *out, const char *text);

/* Prints lines the same way, each with its newline; the last one may lack it. */
void c4_utf8_show_lines(FILE *out, const char *lines);

#endif
