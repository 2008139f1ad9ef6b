#include "core/fetch/sums.h"

#include "core/data/files.h"
#include "core/file/file.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes "<64 hex>  <path>\n" at *text. */
static bool take_line(const char **text, struct c4_sums *sums) {
    const char *hex = *text, *path = hex + 66;
    if (sums->count == C4_SUMS_MAX || strlen(hex) < 67) return false;
    for (int i = 0; i < 64; i++)
        if (!isxdigit((unsigned char)hex[i])) return false;
    size_t length = strcspn(path, "\n");
    if (hex[64] != ' ' || hex[65] != ' ' || path[length] != '\n' || length == 0 ||
        length >= sizeof sums->line->path)
        return false;
    snprintf(sums->line[sums->count].sha256, C4_SHA256_HEX_SIZE, "%.64s", hex);
    snprintf(sums->line[sums->count].path, sizeof sums->line->path, "%.*s", (int)length, path);
    sums->count++;
    *text = path + length + 1;
    return true;
}

enum c4_status c4_sums_load(const char *folder, struct c4_sums *sums) {
    char path[C4_PATH_BYTES];
    unsigned char *bytes;
    size_t size_bytes;
    sums->count = 0;
    C4_TRY(c4_path_join(path, sizeof path, folder, C4_SUMS_NAME));
    if (!c4_path_exists(path)) return C4_OK;
    C4_TRY(c4_file_read(path, &bytes, &size_bytes));
    const char *text = (const char *)bytes;
    while (*text != '\0' && take_line(&text, sums)) continue;
    bool whole = text == (const char *)bytes + size_bytes;
    free(bytes);
    if (whole) return C4_OK;
    return c4_fail(C4_ERR_DATA,
                   "%s: line %u is not a SHA-256 and a file name; repair or remove the file", path,
                   sums->count + 1);
}

const char *c4_sums_find(const struct c4_sums *sums, const char *path) {
    for (uint32_t i = 0; i < sums->count; i++)
        if (strcmp(sums->line[i].path, path) == 0) return sums->line[i].sha256;
    return NULL;
}

enum c4_status c4_sums_put(struct c4_sums *sums, const char *path, const char *sha256) {
    uint32_t i = 0;
    while (i < sums->count && strcmp(sums->line[i].path, path) != 0) i++;
    if (i == C4_SUMS_MAX || strlen(path) >= sizeof sums->line->path)
        return c4_fail(C4_ERR_FAILED, "%s: no room for '%s'", C4_SUMS_NAME, path);
    snprintf(sums->line[i].path, sizeof sums->line->path, "%s", path);
    snprintf(sums->line[i].sha256, C4_SHA256_HEX_SIZE, "%.64s", sha256);
    if (i == sums->count) sums->count++;
    return C4_OK;
}

enum c4_status c4_sums_save(const char *folder, const struct c4_sums *sums) {
    char path[C4_PATH_BYTES];
    C4_TRY(c4_path_join(path, sizeof path, folder, C4_SUMS_NAME));
    size_t size = sums->count * sizeof *sums->line + 1, used = 0;
    char *text = malloc(size);
    if (text == NULL) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", path);
    for (uint32_t i = 0; i < sums->count; i++)
        used += (size_t)snprintf(text + used, size - used, "%s  %s\n", sums->line[i].sha256,
                                 sums->line[i].path);
    enum c4_status status = c4_file_write_atomic(path, text, used);
    free(text);
    return status;
}
