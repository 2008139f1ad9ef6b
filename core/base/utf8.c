#include "core/base/utf8.h"

#include <stdint.h>
#include <string.h>

size_t c4_utf8_length(const char *text) {
    const unsigned char *s = (const unsigned char *)text;
    unsigned char low = 0x80, high = 0xbf;
    size_t length = s[0] < 0x80                    ? 1
                    : s[0] >= 0xc2 && s[0] <= 0xdf ? 2
                    : s[0] >= 0xe0 && s[0] <= 0xef ? 3
                    : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                                   : 0;
    if (s[0] == 0xe0) low = 0xa0;
    if (s[0] == 0xed) high = 0x9f;
    if (s[0] == 0xf0) low = 0x90;
    if (s[0] == 0xf4) high = 0x8f;
    for (size_t i = 1; i < length; i++) {
        if (s[i] < low || s[i] > high) return 0;
        low = 0x80;
        high = 0xbf;
    }
    return length;
}

/* The code point of a character of up to three bytes; of longer ones, the first that is none. */
static uint32_t code_point(const char *character, size_t length) {
    const unsigned char *s = (const unsigned char *)character;
    if (length == 1) return s[0];
    if (length == 2) return (uint32_t)(s[0] & 0x1f) << 6 | (s[1] & 0x3f);
    if (length == 3)
        return (uint32_t)(s[0] & 0x0f) << 12 | (uint32_t)(s[1] & 0x3f) << 6 | (s[2] & 0x3f);
    return UINT32_C(0x10000);
}

bool c4_utf8_is_control(const char *character, size_t length) {
    uint32_t code = code_point(character, length);
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

static void show(FILE *out, const char *text, const char *end) {
    while (text < end && *text) {
        size_t length = c4_utf8_length(text);
        if (length == 0 || (length == 1 && c4_utf8_is_control(text, length)))
            fprintf(out, *text == '\n' ? "\\n" : "\\x%02x", (unsigned char)*text);
        else if (c4_utf8_is_control(text, length))
            fprintf(out, "\\u%04x", (unsigned)code_point(text, length));
        else
            fwrite(text, 1, length, out);
        text += length > 0 ? length : 1;
    }
}

void c4_utf8_show(FILE *out, const char *text) {
    show(out, text, text + strlen(text));
}

void c4_utf8_show_lines(FILE *out, const char *lines) {
    while (*lines) {
        const char *end = lines + strcspn(lines, "\n");
        show(out, lines, end);
        fputc('\n', out);
        lines = *end ? end + 1 : end;
    }
}
