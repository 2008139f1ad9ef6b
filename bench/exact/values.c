#include "bench/exact/values.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum c4_status c4_exact_add(struct c4_exact *exact, const char *prefix, const char *name,
                            struct c4_exact_value like) {
    size_t size = strlen(prefix) + strlen(name) + 1, count = (size_t)exact->count;
    struct c4_exact_value *grown = realloc(exact->value, (count + 1) * sizeof *grown);
    if (grown) exact->value = grown;
    like.row = grown ? malloc(size) : NULL;
    if (!like.row) return c4_fail(C4_ERR_MEMORY, "out of memory for exact values");
    snprintf(like.row, size, "%s%s", prefix, name);
    exact->value[exact->count++] = like;
    return C4_OK;
}

enum c4_status c4_exact_note(struct c4_exact *exact, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    size_t used = exact->note ? strlen(exact->note) : 0;
    int length = vsnprintf(NULL, 0, format, arguments);
    size_t size = length < 0 ? 0 : (size_t)length + 1, line = used > 0;
    char *grown = size ? realloc(exact->note, used + line + size) : NULL;
    if (grown) {
        exact->note = grown;
        if (line) grown[used] = '\n';
        vsnprintf(grown + used + line, size, format, again);
    }
    va_end(again);
    va_end(arguments);
    return grown ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory for notes on exact values");
}

void c4_exact_free(struct c4_exact *exact) {
    for (int i = 0; i < exact->count; i++) free(exact->value[i].row);
    free(exact->value);
    free(exact->counter);
    free(exact->note);
    *exact = (struct c4_exact){0};
}
