/* Text that grows, so that nothing has to be cut. */
#ifndef C4_BASE_TEXT_H
#define C4_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/base/status.h"

/* A text; {0} is the empty one. Release with c4_text_free(). */
struct c4_text {
    char *bytes;   /* NUL-terminated; NULL while nothing was added */
    size_t length; /* without the NUL */
    size_t capacity;
    bool lost; /* memory ran out, and something was not added */
};

/* Appends in printf form; arguments may point into the text. C4_ERR_MEMORY leaves the text as it
 * was and lost; every later call fails likewise, so that only the last of several has to be
 * checked. */
__attribute__((format(printf, 2, 3))) enum c4_status c4_text_add(struct c4_text *text,
                                                                 const char *format, ...);
enum c4_status c4_text_add_list(struct c4_text *text, const char *format, va_list arguments);

/* Appends the first `length` bytes of `bytes`, which hold no NUL. Errors as c4_text_add(). */
enum c4_status c4_text_add_bytes(struct c4_text *text, const char *bytes, size_t length);

/* Appends `separator`, unless the text is empty, and then the word: for lists in sentences. Errors
 * as c4_text_add(). */
enum c4_status c4_text_add_word(struct c4_text *text, const char *separator, const char *word);

/* Makes the text empty and keeps its memory; it is no longer lost. */
void c4_text_clear(struct c4_text *text);

/* Replaces the text; `value` may point into it. Errors as c4_text_add(). */
enum c4_status c4_text_set(struct c4_text *text, const char *value);

/* The text as a string, never NULL; valid until the next call that changes it. */
const char *c4_text_string(const struct c4_text *text);

/* For a place of fixed size: copies the string, or as much as fits and " [...]" to show that it
 * goes on. `size` is at least 8. */
void c4_text_fit(char *to, size_t size, const char *string);

void c4_text_free(struct c4_text *text);

#endif
