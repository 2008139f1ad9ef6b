#include "core/host/sysfile.h"

#include <stdlib.h>
#include <string.h>

FILE *c4_sysfile_open(const char *root, const char *path) {
    struct c4_text name = {0};
    FILE *file = c4_text_add(&name, "%s%s", root, path) == C4_OK ? fopen(name.bytes, "r") : NULL;
    c4_text_free(&name);
    return file;
}

static bool copy_trimmed(const char *begin, const char *end, struct c4_text *text) {
    while (begin < end && strchr(" \t\n", *begin)) begin++;
    while (begin < end && strchr(" \t\n", end[-1])) end--;
    return c4_text_add(text, "%.*s", (int)(end - begin), begin) == C4_OK;
}

bool c4_sysfile_line(const char *root, const char *path, struct c4_text *line) {
    c4_text_clear(line);
    FILE *file = c4_sysfile_open(root, path);
    if (!file) return false;
    char *text = NULL;
    size_t capacity = 0;
    ssize_t length = getline(&text, &capacity, file);
    bool read = length >= 0 && copy_trimmed(text, text + length, line);
    free(text);
    fclose(file);
    return read;
}

bool c4_sysfile_value(const char *root, const char *path, const char *key, struct c4_text *value) {
    c4_text_clear(value);
    FILE *file = c4_sysfile_open(root, path);
    if (!file) return false;
    char *text = NULL;
    size_t capacity = 0, key_length = strlen(key);
    bool found = false;
    ssize_t length;
    while (!found && (length = getline(&text, &capacity, file)) >= 0) {
        const char *colon = strchr(text, ':');
        if (!colon || strncmp(text, key, key_length) != 0) continue;
        if (text + key_length + strspn(text + key_length, " \t") != colon) continue;
        found = copy_trimmed(colon + 1, text + length, value);
    }
    free(text);
    fclose(file);
    return found;
}
