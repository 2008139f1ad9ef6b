#include "core/data/unofficial.h"

#include "core/file/file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static const char header[] = "conv4 unofficial files\n";

/* Printable text, hence without newlines, which separate the entries. */
static bool is_text(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~') return false;
    return length > 0 && length < C4_STANDING_BYTES && text[0] != ' ';
}

/* Whether some set's copies have a file of that name. */
static bool is_name(const char *name, size_t length) {
    char known[C4_RECORD_NAME_BYTES];
    for (int i = 0; i < 2 * c4_set_count; i++) {
        const struct c4_set *set = &c4_sets[i / 2];
        enum c4_split split = (enum c4_split)(i % 2);
        uint32_t count = c4_set_file_count(set, set->files.images[split]);
        for (uint32_t number = 1; number <= count; number++) {
            c4_layout_name(c4_set_plain(set), split, number, known);
            if (strlen(known) == length && memcmp(name, known, length) == 0) return true;
        }
    }
    return false;
}

/* mark->count if it has no such name. */
static unsigned find(const struct c4_unofficial *mark, const char *name) {
    unsigned i = 0;
    while (i < mark->count && strcmp(mark->file[i].name, name) != 0) i++;
    return i;
}

const char *c4_unofficial_find(const struct c4_unofficial *mark, const char *name) {
    unsigned place = find(mark, name);
    return place < mark->count ? mark->file[place].why : NULL;
}

/* One line, without its newline. */
static bool parse_line(const char *line, size_t length, struct c4_unofficial *mark) {
    struct c4_unofficial_file file = {0};
    const char *space = memchr(line, ' ', length);
    size_t name_length = space != NULL ? (size_t)(space - line) : length;
    if (space == NULL || !is_name(line, name_length)) return false;
    size_t why_length = length - name_length - 1;
    if (!is_text(space + 1, why_length)) return false;
    memcpy(file.name, line, name_length);
    memcpy(file.why, space + 1, why_length);
    if (find(mark, file.name) < mark->count || mark->count == C4_UNOFFICIAL_FILES_MAX) return false;
    mark->file[mark->count++] = file;
    return true;
}

static bool parse(const char *text, size_t size_bytes, struct c4_unofficial *mark) {
    size_t at = sizeof header - 1;
    if (size_bytes <= at || memcmp(text, header, at) != 0) return false;
    while (at < size_bytes) {
        const char *end = memchr(text + at, '\n', size_bytes - at);
        if (end == NULL || !parse_line(text + at, (size_t)(end - text) - at, mark)) return false;
        at = (size_t)(end - text) + 1;
    }
    return true;
}

enum c4_status c4_unofficial_read(const char *folder, struct c4_unofficial *mark) {
    char path[PATH_BYTES];
    unsigned char *text;
    size_t size_bytes;
    struct stat info;
    *mark = (struct c4_unofficial){0};
    C4_TRY(c4_path_join(path, sizeof path, folder, C4_UNOFFICIAL_MARK));
    /* Anything of that name is read, even a dangling link. */
    if (lstat(path, &info) != 0 && errno == ENOENT) return C4_OK;
    C4_TRY(c4_file_read(path, &text, &size_bytes));
    bool ours = parse((const char *)text, size_bytes, mark);
    free(text);
    if (ours) return C4_OK;
    *mark = (struct c4_unofficial){0};
    return c4_fail(C4_ERR_DATA,
                   "%s: not a list of unofficial files written by this program; move it away and "
                   "import the data again",
                   path);
}

static enum c4_status write_mark(const char *path, const struct c4_unofficial *mark) {
    char text[sizeof header + sizeof mark->file]; /* a line is no longer than its struct */
    size_t used = (size_t)snprintf(text, sizeof text, "%s", header);
    for (unsigned i = 0; i < mark->count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s %s\n", mark->file[i].name,
                                 mark->file[i].why);
    return c4_file_write_atomic(path, text, used);
}

static enum c4_status take_off(const char *path, struct c4_unofficial *mark, const char *name) {
    unsigned place = find(mark, name);
    if (place == mark->count) return C4_OK;
    mark->file[place] = mark->file[--mark->count];
    if (mark->count > 0) return write_mark(path, mark);
    if (unlink(path) == 0) return C4_OK;
    return c4_fail(C4_ERR_FAILED, "%s: cannot be removed: %s", path, strerror(errno));
}

enum c4_status c4_unofficial_put(const char *folder, const char *name, const char *why) {
    char path[PATH_BYTES];
    struct c4_unofficial mark;
    C4_TRY(c4_path_join(path, sizeof path, folder, C4_UNOFFICIAL_MARK));
    C4_TRY(c4_unofficial_read(folder, &mark));
    if (why == NULL) return take_off(path, &mark, name);
    unsigned place = find(&mark, name);
    if (!is_name(name, strlen(name)) || !is_text(why, strlen(why)) ||
        place == C4_UNOFFICIAL_FILES_MAX)
        return c4_fail(C4_ERR_USAGE, "%s: cannot hold the line '%s %s'", path, name, why);
    if (place == mark.count) mark.count++;
    struct c4_unofficial_file *file = &mark.file[place];
    snprintf(file->name, sizeof file->name, "%s", name);
    snprintf(file->why, sizeof file->why, "%s", why);
    return write_mark(path, &mark);
}
