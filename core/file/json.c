#include "core/file/json.h"

#include "core/base/utf8.h"
#include "core/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct c4_json_lines {
    char *path;
    int descriptor;
    off_t whole_bytes; /* up to the end of the last whole line */
};

/* Whether an allocation has failed in this thread. */
static _Thread_local bool memory_ran_out;

static void *noting_malloc(size_t size) {
    void *block = malloc(size);
    if (block == NULL) memory_ran_out = true;
    return block;
}

/* Before main(), as no other thread may use jansson meanwhile. */
__attribute__((constructor)) static void note_allocations(void) {
    json_set_alloc_funcs(noting_malloc, free);
}

void c4_json_begin(void) {
    memory_ran_out = false;
}

enum c4_status c4_json_load(const char *path, const char *text, size_t size_bytes, size_t flags,
                            json_t **value, json_error_t *error) {
    bool before = memory_ran_out;
    memory_ran_out = false;
    *value = json_loadb(text, size_bytes, flags, error);
    bool failed = memory_ran_out;
    memory_ran_out = before;
    if (!failed) return C4_OK;
    json_decref(*value);
    *value = NULL;
    return c4_fail(C4_ERR_MEMORY, "%s: out of memory for its JSON", path);
}

/* NULL if the value or its text is incomplete. */
static char *whole_text(const json_t *value, size_t flags) {
    char *text = value != NULL && !memory_ran_out ? json_dumps(value, flags) : NULL;
    if (memory_ran_out) {
        free(text);
        text = NULL;
    }
    memory_ran_out = false;
    return text;
}

enum c4_status c4_json_print(FILE *out, json_t *value, const char *what) {
    char *text = whole_text(value, JSON_INDENT(2));
    json_decref(value);
    if (text == NULL) return c4_fail(C4_ERR_MEMORY, "out of memory for %s", what);
    fputs(text, out);
    putc('\n', out);
    free(text);
    return C4_OK;
}

json_t *c4_json_real(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

bool c4_json_is_utf8(const char *text) {
    while (*text) {
        size_t length = c4_utf8_length(text);
        if (length == 0) return false;
        text += length;
    }
    return true;
}

static json_t *text_of(const char *text, size_t size) {
    static const char replacement[3] = {'\xef', '\xbf', '\xbd'}; /* U+FFFD */
    char *copy = noting_malloc(3 * size + 1);
    size_t done = 0;
    for (size_t i = 0; copy && i < size;) {
        size_t length = c4_utf8_length(text + i);
        if (length > 0)
            memcpy(copy + done, text + i, length);
        else
            memcpy(copy + done, replacement, sizeof replacement);
        done += length > 0 ? length : 3;
        i += length > 0 ? length : 1;
    }
    json_t *value = copy ? json_stringn(copy, done) : NULL;
    free(copy);
    return value;
}

json_t *c4_json_text(const char *text) {
    return text_of(text, strlen(text));
}

json_t *c4_json_text_lines(const char *text) {
    json_t *lines = json_array();
    while (lines && *text) {
        size_t length = strcspn(text, "\n");
        if (json_array_append_new(lines, text_of(text, length)) != 0) {
            json_decref(lines);
            return NULL;
        }
        text += length + (text[length] == '\n');
    }
    return lines;
}

void c4_json_append(json_t **array, json_t *value) {
    if (json_array_append_new(*array, value) == 0) return;
    json_decref(*array);
    *array = NULL;
}

void c4_json_set(json_t **object, const char *key, json_t *value) {
    json_t *name = c4_json_text(key);
    while (name && json_object_get(*object, json_string_value(name))) {
        json_t *longer = json_sprintf("%s\xef\xbf\xbd", json_string_value(name));
        json_decref(name);
        name = longer;
    }
    int failed = name ? json_object_set_new(*object, json_string_value(name), value) : -1;
    if (!name) json_decref(value);
    json_decref(name);
    if (failed == 0) return;
    json_decref(*object);
    *object = NULL;
}

/* Text with a newline in place of the NUL. NULL with a sentence if out of memory. */
static char *to_text(const json_t *value, size_t flags, const char *path, size_t *size_bytes) {
    char *text = whole_text(value, flags);
    *size_bytes = 0;
    if (text == NULL) {
        c4_fail(C4_ERR_MEMORY, "%s: out of memory for its JSON", path);
        return NULL;
    }
    *size_bytes = strlen(text) + 1;
    text[*size_bytes - 1] = '\n';
    return text;
}

enum c4_status c4_json_save(const char *path, const json_t *value) {
    size_t size_bytes;
    if (value != NULL && !json_is_object(value) && !json_is_array(value))
        return c4_fail(C4_ERR_USAGE, "%s: only a JSON object or array can be saved", path);
    char *text = to_text(value, JSON_INDENT(2), path, &size_bytes);
    if (text == NULL) return C4_ERR_MEMORY;
    enum c4_status status = c4_file_write_atomic(path, text, size_bytes);
    free(text);
    return status;
}

/* Empties the file if `flags` has O_TRUNC, else keeps its first `kept` bytes. */
static enum c4_status open_lines(struct c4_json_lines **lines, const char *path, int flags,
                                 off_t kept) {
    *lines = NULL;
    struct c4_json_lines *opened = calloc(1, sizeof *opened);
    if (opened == NULL) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", path);
    opened->path = strdup(path);
    if (opened->path == NULL) {
        free(opened);
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory", path);
    }
    do opened->descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0666);
    while (opened->descriptor < 0 && errno == EINTR);
    bool sound = opened->descriptor >= 0;
    if (sound && !(flags & O_TRUNC)) sound = ftruncate(opened->descriptor, kept) == 0;
    if (!sound) {
        enum c4_status status = c4_fail_write(path, errno);
        if (opened->descriptor >= 0) close(opened->descriptor);
        free(opened->path);
        free(opened);
        return status;
    }
    opened->whole_bytes = kept;
    *lines = opened;
    return C4_OK;
}

enum c4_status c4_json_lines_open(struct c4_json_lines **lines, const char *path) {
    return open_lines(lines, path, O_TRUNC, 0);
}

/* *kept is the number of bytes before the first line that does not stay. */
static enum c4_status judge_lines(const char *path, const char *text, size_t size_bytes,
                                  c4_json_line_judge *judge, void *context, size_t *kept) {
    *kept = 0;
    for (const char *end; (end = memchr(text + *kept, '\n', size_bytes - *kept)) != NULL;) {
        bool keeps = false;
        json_error_t error;
        json_t *line;
        C4_TRY(c4_json_load(path, text + *kept, (size_t)(end - text) - *kept, 0, &line, &error));
        enum c4_status status = judge(context, json_is_object(line) ? line : NULL, &keeps);
        json_decref(line);
        C4_TRY(status);
        if (!keeps) break;
        *kept = (size_t)(end - text) + 1;
    }
    return C4_OK;
}

enum c4_status c4_json_lines_continue(struct c4_json_lines **lines, const char *path,
                                      c4_json_line_judge *judge, void *context) {
    struct stat info;
    unsigned char *text;
    size_t size_bytes, kept;
    *lines = NULL;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) return c4_json_lines_open(lines, path);
    C4_TRY(c4_file_read(path, &text, &size_bytes));
    enum c4_status status =
        judge_lines(path, (const char *)text, size_bytes, judge, context, &kept);
    free(text);
    return status == C4_OK ? open_lines(lines, path, 0, (off_t)kept) : status;
}

enum c4_status c4_json_lines_append(struct c4_json_lines *lines, const json_t *object) {
    size_t size_bytes;
    if (object != NULL && !json_is_object(object))
        return c4_fail(C4_ERR_USAGE, "%s: a line must be a JSON object", lines->path);
    char *text = to_text(object, JSON_COMPACT, lines->path, &size_bytes);
    if (text == NULL) return C4_ERR_MEMORY;
    enum c4_status status = c4_file_write_all(lines->descriptor, lines->path, text, size_bytes);
    free(text);
    if (status == C4_OK) {
        lines->whole_bytes += (off_t)size_bytes;
        return C4_OK;
    }
    /* Where this fails (a device, a pipe) there is nothing to cut; the write's sentence stays. */
    int cut = ftruncate(lines->descriptor, lines->whole_bytes);
    (void)cut;
    return status;
}

enum c4_status c4_json_lines_close(struct c4_json_lines **lines) {
    struct c4_json_lines *closing = *lines;
    enum c4_status status = C4_OK;
    *lines = NULL;
    if (closing == NULL) return C4_OK;
    if (close(closing->descriptor) != 0 && errno != EINTR)
        status = c4_fail_write(closing->path, errno);
    free(closing->path);
    free(closing);
    return status;
}
