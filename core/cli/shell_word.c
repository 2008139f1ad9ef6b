#include "core/cli/shell_word.h"

#include <string.h>

enum c4_status c4_shell_add_word(struct c4_text *text, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./,:+@%=";
    if (word[0] && word[strspn(word, plain)] == '\0') return c4_text_add(text, "%s", word);
    C4_TRY(c4_text_add(text, "'"));
    for (const char *at = word; *at;) {
        size_t length = strcspn(at, "'");
        C4_TRY(c4_text_add_bytes(text, at, length));
        at += length;
        if (*at == '\'') {
            C4_TRY(c4_text_add(text, "'\\''"));
            at++;
        }
    }
    return c4_text_add(text, "'");
}

enum c4_status c4_shell_add_option(struct c4_text *text, const char *name, const char *value) {
    C4_TRY(c4_text_add(text, " --%s%s", name, value[0] == '-' ? "=" : " "));
    return c4_shell_add_word(text, value);
}
