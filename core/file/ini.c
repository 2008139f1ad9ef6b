#include "core/file/ini.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/file.h"

/* inih splits longer lines and cuts longer names. */
enum { LINE_MOST = 198, SECTION_MOST = C4_INI_SECTION_SIZE - 1 };

struct reading {
    const char *rest;
    int line;
    enum c4_status status;
    c4_ini_take *take;
    void *context;
};

static enum c4_status check_line(const char *line, size_t length, size_t most) {
    const char *section = line + strspn(line, "\xef\xbb\xbf \t\v\f\r");
    if (length > most) return c4_fail(C4_ERR_USAGE, "longer than %zu characters", most);
    if (*section == '[' && strcspn(section + 1, "]\n") > SECTION_MOST)
        return c4_fail(C4_ERR_USAGE, "between [ and ] are more than %d characters", SECTION_MOST);
    return C4_OK;
}

/* The next line, like fgets(); NULL also after a failure, which ends the parsing. */
static char *next_line(char *to, int size, void *context) {
    struct reading *r = context;
    size_t length = strcspn(r->rest, "\n"), room = (size_t)size - 2;
    if (*r->rest == '\0' || r->status != C4_OK) return NULL;
    r->line++;
    r->status = check_line(r->rest, length, room < LINE_MOST ? room : LINE_MOST);
    if (r->status != C4_OK) return NULL;
    memcpy(to, r->rest, length);
    to[length] = '\0';
    r->rest += length + (r->rest[length] == '\n');
    return to;
}

static int take_line(void *context, const char *section, const char *key, const char *value) {
    struct reading *r = context;
    r->status = r->take(r->context, section, key, value);
    return r->status == C4_OK;
}

enum c4_status c4_ini_read(const char *text, const char *name, c4_ini_take *take, void *context) {
    struct reading r = {.rest = text, .take = take, .context = context};
    int bad = ini_parse_stream(next_line, &r, take_line, &r);
    if (bad < 0) return c4_fail(C4_ERR_MEMORY, "%s: out of memory while reading it", name);
    if (bad > 0 && (r.status == C4_OK || bad < r.line))
        return c4_fail(C4_ERR_USAGE,
                       "%s, line %d: is neither a comment, a [section] nor key = value", name, bad);
    if (r.status != C4_ERR_USAGE) return r.status;
    return c4_fail(C4_ERR_USAGE, "%s, line %d: %s", name, r.line, c4_error());
}

enum c4_status c4_ini_load(const char *path, char **text) {
    unsigned char *bytes;
    size_t size_bytes;
    *text = NULL;
    C4_TRY(c4_file_read(path, &bytes, &size_bytes));
    const char *end = memchr(bytes, '\0', size_bytes);
    if (end) {
        int line = 1;
        for (const char *at = (const char *)bytes; at < end; at++) line += *at == '\n';
        free(bytes);
        return c4_fail(C4_ERR_DATA, "%s, line %d: holds a NUL, so it is no text", path, line);
    }
    *text = (char *)bytes;
    return C4_OK;
}
