#include "core/base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"

static enum c4_status lose(struct c4_text *text) {
    text->lost = true;
    return c4_fail(C4_ERR_MEMORY, "out of memory for a text");
}

/* Makes room for `more` bytes and the NUL behind the text. */
static enum c4_status reserve(struct c4_text *text, size_t more) {
    if (text->lost || more > SIZE_MAX - 1 - text->length) return lose(text);
    char *larger = c4_array_reserve(text->bytes, 1, text->length + more + 1, &text->capacity);
    if (!larger) return lose(text);
    text->bytes = larger;
    return C4_OK;
}

enum c4_status c4_text_add_bytes(struct c4_text *text, const char *bytes, size_t length) {
    if (length > 0 && text->bytes && bytes >= text->bytes && bytes < text->bytes + text->capacity)
        return c4_text_add(text, "%.*s", (int)length, bytes);
    C4_TRY(reserve(text, length));
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
    return C4_OK;
}

/* The arguments may point into the text, which may move: they are printed to memory of their own
 * first. */
enum c4_status c4_text_add_list(struct c4_text *text, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *added = length < 0 || text->lost ? NULL : malloc((size_t)length + 1);
    if (!added) return lose(text);
    vsnprintf(added, (size_t)length + 1, format, arguments);
    enum c4_status status = reserve(text, (size_t)length);
    if (status == C4_OK) {
        memcpy(text->bytes + text->length, added, (size_t)length + 1);
        text->length += (size_t)length;
    }
    free(added);
    return status;
}

enum c4_status c4_text_add(struct c4_text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    enum c4_status status = c4_text_add_list(text, format, arguments);
    va_end(arguments);
    return status;
}

enum c4_status c4_text_add_word(struct c4_text *text, const char *separator, const char *word) {
    return c4_text_add(text, "%s%s", text->length > 0 ? separator : "", word);
}

void c4_text_clear(struct c4_text *text) {
    text->length = 0;
    text->lost = false;
    if (text->bytes) text->bytes[0] = '\0';
}

enum c4_status c4_text_set(struct c4_text *text, const char *value) {
    struct c4_text set = {0};
    enum c4_status status = c4_text_add(&set, "%s", value);
    if (status != C4_OK) {
        text->lost = true;
        return status;
    }
    c4_text_free(text);
    *text = set;
    return C4_OK;
}

const char *c4_text_string(const struct c4_text *text) {
    return text->bytes ? text->bytes : "";
}

void c4_text_fit(char *to, size_t size, const char *string) {
    static const char more[] = " [...]";
    size_t length = strlen(string);
    if (length >= size) {
        length = size - sizeof more;
        /* Not inside a character of UTF-8. */
        while (length > 0 && ((unsigned char)string[length] & 0xc0) == 0x80) length--;
        memcpy(to + length, more, sizeof more);
    }
    memmove(to, string, length);
    if (string[length] == '\0') to[length] = '\0';
}

void c4_text_free(struct c4_text *text) {
    free(text->bytes);
    *text = (struct c4_text){0};
}
