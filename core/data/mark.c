#include "core/data/mark.h"

#include "core/data/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK_NAME "SYNTHETIC"
enum { MARK_BYTES = 256 };

static int mark_text(const struct c4_synthetic_mark *mark, char text[MARK_BYTES]) {
    return snprintf(text, MARK_BYTES, "conv4 synthetic %s\nseed %llu\ntrain %u\ntest %u\n",
                    mark->set, (unsigned long long)mark->seed, mark->train, mark->test);
}

enum c4_status c4_synthetic_mark_write(const char *folder, const struct c4_synthetic_mark *mark) {
    char path[C4_PATH_BYTES], text[MARK_BYTES];
    int length = mark_text(mark, text);
    C4_TRY(c4_path_join(path, C4_PATH_BYTES, folder, MARK_NAME));
    return c4_file_write_atomic(path, text, (size_t)length);
}

static uint64_t number_after(const char *text, const char *word) {
    const char *found = strstr(text, word);
    return found == NULL ? 0 : strtoull(found + strlen(word), NULL, 10);
}

enum c4_status c4_synthetic_mark_read(const char *folder, struct c4_synthetic_mark *mark,
                                      bool *found) {
    char path[C4_PATH_BYTES], text[MARK_BYTES] = "", again[MARK_BYTES];
    C4_TRY(c4_path_join(path, C4_PATH_BYTES, folder, MARK_NAME));
    FILE *file = fopen(path, "rb");
    *found = file != NULL;
    if (file == NULL) {
        if (errno == ENOENT) return C4_OK;
        if (errno == ENOMEM) return c4_fail(C4_ERR_MEMORY, "%s: out of memory to read it", path);
        return c4_fail(C4_ERR_DATA, "%s: cannot read: %s", path, strerror(errno));
    }
    size_t bytes = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    mark->seed = number_after(text, "\nseed ");
    mark->train = (uint32_t)number_after(text, "\ntrain ");
    mark->test = (uint32_t)number_after(text, "\ntest ");
    int length = mark_text(mark, again);
    if ((size_t)length != bytes || memcmp(text, again, bytes) != 0 || mark->train > 50000 ||
        mark->test > 10000) {
        return c4_fail(C4_ERR_DATA,
                       "%s: not a mark of synthetic %s written by this program; write the "
                       "synthetic data again",
                       path, mark->set);
    }
    return C4_OK;
}
