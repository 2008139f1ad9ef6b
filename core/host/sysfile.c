#include "core/host/sysfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_below(const char *root, const char *path) {
    char name[4096];
    int n = snprintf(name, sizeof name, "%s%s", root, path);
    return n > 0 && (size_t)n < sizeof name ? fopen(name, "r") : NULL;
}

static void copy_trimmed(const char *begin, const char *end, char *text, size_t size) {
    while (begin < end && strchr(" \t\n", *begin)) begin++;
    while (begin < end && strchr(" \t\n", end[-1])) end--;
    snprintf(text, size, "%.*s", (int)(end - begin), begin);
}

bool c4_sysfile_line(const char *root, const char *path, char *line, size_t size) {
    line[0] = '\0';
    FILE *file = open_below(root, path);
    if (!file) return false;
    char *text = NULL;
    size_t capacity = 0;
    ssize_t length = getline(&text, &capacity, file);
    if (length >= 0) copy_trimmed(text, text + length, line, size);
    free(text);
    fclose(file);
    return length >= 0;
}

bool c4_sysfile_value(const char *root, const char *path, const char *key, char *value,
                      size_t size) {
    value[0] = '\0';
    FILE *file = open_below(root, path);
    if (!file) return false;
    char *text = NULL;
    size_t capacity = 0, key_length = strlen(key);
    bool found = false;
    ssize_t length;
    while (!found && (length = getline(&text, &capacity, file)) >= 0) {
        const char *colon = strchr(text, ':');
        if (!colon || strncmp(text, key, key_length) != 0) continue;
        if (text + key_length + strspn(text + key_length, " \t") != colon) continue;
        copy_trimmed(colon + 1, text + length, value, size);
        found = true;
    }
    free(text);
    fclose(file);
    return found;
}
