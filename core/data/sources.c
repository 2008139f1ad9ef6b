#include "core/data/sources.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/ini.h"

#define SIZE_HIGH (UINT64_C(1) << 40)

extern const char c4_embed_core_data_mirrors_ini[];

struct parser {
    struct c4_sources *sources;
    struct c4_source *file; /* of the current section; NULL before the first */
    char section[C4_INI_SECTION_SIZE];
};

/* Relative and of plain names only, so it cannot lead out of the folder it is joined to. */
static bool is_inside(const char *path, bool slashes) {
    bool start = true; /* of a name */
    for (const char *at = path; *at != '\0'; at++) {
        if (start && *at == '.') return false;
        if (*at == '/' && (start || !slashes)) return false;
        if (*at != '/' && !isalnum((unsigned char)*at) && strchr("._-", *at) == NULL) return false;
        start = *at == '/';
    }
    return !start;
}

static bool copy(char *to, size_t size, const char *text) {
    size_t length = strlen(text);
    if (length == 0 || length >= size) return false;
    memcpy(to, text, length + 1);
    return true;
}

static bool copy_hex(char *to, size_t size, const char *text) {
    if (strlen(text) != size - 1) return false;
    for (size_t i = 0; i < size; i++) {
        if (i + 1 < size && !isxdigit((unsigned char)text[i])) return false;
        to[i] = (char)tolower((unsigned char)text[i]);
    }
    return true;
}

static bool read_size(const char *text, uint64_t *size) {
    char *end;
    if (!isdigit((unsigned char)text[0])) return false;
    errno = 0;
    *size = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' && *size > 0 && *size <= SIZE_HIGH;
}

static bool read_labels(const char *text, uint32_t labels[C4_CLASSES]) {
    char *end = (char *)text;
    for (int label = 0; label < C4_CLASSES; label++) {
        const char *start = end + strspn(end, " ");
        if (!isdigit((unsigned char)*start)) return false;
        unsigned long count = strtoul(start, &end, 10);
        if (count > 1000000) return false;
        labels[label] = (uint32_t)count;
    }
    return *end == '\0';
}

static enum c4_status begin_section(struct parser *parser, const char *section) {
    bool known = strncmp(section, "known ", 6) == 0, file = strncmp(section, "file ", 5) == 0;
    const char *path = section + (known ? 6 : 5);
    if (!known && !file)
        return c4_fail(C4_ERR_USAGE, "unknown section [%s]; use [file PATH] or [known PATH]",
                       section);
    if (strlen(path) >= C4_SOURCE_PATH_BYTES || !is_inside(path, true))
        return c4_fail(C4_ERR_USAGE,
                       "[%s]: the path must be relative, of letters, digits and ._- only", section);
    if (c4_sources_find(parser->sources, path) != NULL)
        return c4_fail(C4_ERR_USAGE, "'%s' occurs twice", path);
    if (parser->sources->count == C4_SOURCES_MAX)
        return c4_fail(C4_ERR_USAGE, "more than %d files", C4_SOURCES_MAX);
    parser->file = &parser->sources->file[parser->sources->count++];
    copy(parser->file->path, sizeof parser->file->path, path);
    copy(parser->section, sizeof parser->section, section);
    return C4_OK;
}

static enum c4_status take_url(struct parser *parser, const char *value) {
    struct c4_source *file = parser->file;
    if (strncmp(value, "http://", 7) != 0 && strncmp(value, "https://", 8) != 0)
        return c4_fail(C4_ERR_USAGE, "url '%s' does not begin with http:// or https://", value);
    if (file->urls == C4_SOURCE_URLS)
        return c4_fail(C4_ERR_USAGE, "%s has more than %d urls", file->path, C4_SOURCE_URLS);
    if (!copy(file->url[file->urls++], C4_SOURCE_URL_BYTES, value))
        return c4_fail(C4_ERR_USAGE, "url is longer than %d characters", C4_SOURCE_URL_BYTES - 1);
    return C4_OK;
}

static enum c4_status take_member(struct parser *parser, const char *value) {
    struct c4_source *file = parser->file;
    if (file->members == C4_SOURCE_MEMBERS)
        return c4_fail(C4_ERR_USAGE, "%s has more than %d members", file->path, C4_SOURCE_MEMBERS);
    struct c4_member *member = &file->member[file->members++];
    size_t length = strcspn(value, " ");
    const char *size = value + length + strspn(value + length, " ");
    snprintf(member->name, sizeof member->name, "%.*s", (int)length, value);
    if (length >= sizeof member->name || !is_inside(member->name, false) ||
        !read_size(size, &member->size_bytes))
        return c4_fail(C4_ERR_USAGE, "member '%s' is not NAME BYTES", value);
    return C4_OK;
}

static enum c4_status take_key(struct parser *parser, const char *key, const char *value) {
    struct c4_source *file = parser->file;
    bool good = true;
    if (strcmp(key, "url") == 0) return take_url(parser, value);
    if (strcmp(key, "member") == 0) return take_member(parser, value);
    if (strcmp(key, "set") == 0)
        good = copy(file->set, sizeof file->set, value) && is_inside(value, false);
    else if (strcmp(key, "bytes") == 0)
        good = read_size(value, &file->size_bytes);
    else if (strcmp(key, "md5") == 0)
        good = copy_hex(file->md5, sizeof file->md5, value);
    else if (strcmp(key, "sha256") == 0)
        good = copy_hex(file->sha256, sizeof file->sha256, value);
    else if (strcmp(key, "labels") == 0)
        good = read_labels(value, file->labels);
    else if (strcmp(key, "unpack") == 0)
        good = copy(file->unpack, sizeof file->unpack, value) && is_inside(value, true);
    else
        return c4_fail(C4_ERR_USAGE,
                       "unknown key '%s'; known are set, bytes, md5, sha256, labels, url, unpack "
                       "and member",
                       key);
    return good ? C4_OK
                : c4_fail(C4_ERR_USAGE, "%s: '%s' is not a valid value for %s", file->path, value,
                          key);
}

static enum c4_status take_line(void *context, const char *section, const char *key,
                                const char *value) {
    struct parser *parser = context;
    if (parser->file == NULL || strcmp(section, parser->section) != 0)
        C4_TRY(begin_section(parser, section));
    return parser->file != NULL ? take_key(parser, key, value) : C4_OK;
}

/* Checks what no single line shows. */
static enum c4_status check_file(const char *name, const struct c4_source *file) {
    const char *lacks = NULL;
    if (file->urls > 0 && file->set[0] == '\0') lacks = "set";
    if (file->set[0] != '\0' && file->urls == 0) lacks = "url";
    if (file->set[0] != '\0' && file->size_bytes == 0) lacks = "bytes";
    if (file->set[0] == '\0' && file->size_bytes == 0 && file->md5[0] == '\0' &&
        file->sha256[0] == '\0' && !c4_source_has_labels(file))
        lacks = "set"; /* nothing is known about it */
    if (file->members > 0 && file->unpack[0] == '\0') lacks = "unpack";
    if (file->unpack[0] != '\0' && file->members == 0) lacks = "member";
    if (lacks == NULL) return C4_OK;
    return c4_fail(C4_ERR_USAGE, "%s: '%s' needs a line '%s = ...'", name, file->path, lacks);
}

enum c4_status c4_sources_parse(const char *text, const char *name, struct c4_sources *sources) {
    struct parser parser = {.sources = sources};
    memset(sources, 0, sizeof *sources);
    C4_TRY(c4_ini_read(text, name, take_line, &parser));
    for (uint32_t i = 0; i < sources->count; i++) C4_TRY(check_file(name, &sources->file[i]));
    if (sources->count == 0) return c4_fail(C4_ERR_USAGE, "%s: names no file", name);
    return C4_OK;
}

const struct c4_source *c4_sources_find(const struct c4_sources *sources, const char *path) {
    for (uint32_t i = 0; i < sources->count; i++)
        if (strcmp(sources->file[i].path, path) == 0) return &sources->file[i];
    return NULL;
}

static const char *last_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

const struct c4_source *c4_sources_find_name(const struct c4_sources *sources, const char *path) {
    const struct c4_source *source = c4_sources_find(sources, path);
    const char *last = last_name(path);
    for (uint32_t i = 0; source == NULL && i < sources->count; i++)
        if (strcmp(last_name(sources->file[i].path), last) == 0) source = &sources->file[i];
    return source;
}

bool c4_source_has_labels(const struct c4_source *source) {
    for (int label = 0; label < C4_CLASSES; label++)
        if (source->labels[label] > 0) return true;
    return false;
}

const char *c4_sources_text(void) {
    return c4_embed_core_data_mirrors_ini;
}
