/* Shared by the tests of core/file: a temporary folder, raw files in it, and checks of the last
 * failure. */
#ifndef C4_TESTS_CORE_TEST_FILE_SCRATCH_H
#define C4_TESTS_CORE_TEST_FILE_SCRATCH_H

#include "core/base/status.h"
#include "core/file/file.h"
#include "tests/harness/unit.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
    char folder[512];
    char path[8][640]; /* results of scratch_path, in turn */
    int next;
};

static inline const char *scratch_path(void **state, const char *name) {
    struct scratch *scratch = *state;
    char *path = scratch->path[scratch->next++ % 8];
    assert_int_equal(c4_path_join(path, 640, scratch->folder, name), C4_OK);
    return path;
}

static inline int scratch_set_up(void **state) {
    const char *parent = getenv("TMPDIR");
    struct scratch *scratch = calloc(1, sizeof *scratch);
    if (scratch == NULL) return -1;
    if (parent == NULL || parent[0] == '\0') parent = "/tmp";
    *state = scratch;
    if (c4_path_join(scratch->folder, sizeof scratch->folder, parent, "conv4-file-XXXXXX") != C4_OK)
        return -1;
    return mkdtemp(scratch->folder) != NULL ? 0 : -1;
}

static inline void scratch_remove(const char *path) {
    DIR *folder = opendir(path);
    if (folder != NULL) {
        struct dirent *entry;
        while ((entry = readdir(folder)) != NULL) {
            char inner[1024];
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
            if (c4_path_join(inner, sizeof inner, path, entry->d_name) == C4_OK)
                scratch_remove(inner);
        }
        closedir(folder);
    }
    remove(path);
}

static inline int scratch_tear_down(void **state) {
    struct scratch *scratch = *state;
    scratch_remove(scratch->folder);
    free(scratch);
    return 0;
}

/* Number of entries in the scratch folder: a forgotten temporary file would show. */
static inline int scratch_entries(void **state) {
    struct scratch *scratch = *state;
    DIR *folder = opendir(scratch->folder);
    int entries = 0;
    assert_non_null(folder);
    while (readdir(folder) != NULL) entries++;
    closedir(folder);
    return entries - 2; /* . and .. */
}

/* Writes bytes with stdio, not with the code under test. Removing the old file first avoids ext4's
 * flush of a file that is truncated and rewritten, which would take most of the fuzzing's time. */
static inline void put_file(const char *path, const void *bytes, size_t size_bytes) {
    remove(path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    if (size_bytes > 0) assert_int_equal(fwrite(bytes, 1, size_bytes, file), size_bytes);
    assert_int_equal(fclose(file), 0);
}

/* Copies the characters without the NUL. */
static inline void copy_text(void *to, const char *text) {
    for (char *out = to; *text != '\0'; text++) *out++ = *text;
}

static inline void assert_file_is(const char *path, const void *bytes, size_t size_bytes) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    unsigned char *content = malloc(size_bytes + 1);
    assert_non_null(content);
    assert_int_equal(fread(content, 1, size_bytes + 1, file), size_bytes);
    assert_int_equal(fclose(file), 0);
    if (size_bytes > 0) assert_memory_equal(content, bytes, size_bytes);
    free(content);
}

static inline void assert_text_file_is(const char *path, const char *text) {
    assert_file_is(path, text, strlen(text));
}

/* The call failed with this status and a sentence that mentions `words`. */
static inline void assert_failed(enum c4_status got, enum c4_status want, const char *words) {
    if (got != want || strstr(c4_error(), words) == NULL)
        fail_msg("status %d (want %d), \"%s\" (want \"%s\")", got, want, c4_error(), words);
}

/* Until the matching end, no file may grow beyond `bytes`, as on a disk that fills up. */
static inline void file_size_limit_begin(rlim_t bytes, struct rlimit *old) {
    assert_int_equal(getrlimit(RLIMIT_FSIZE, old), 0);
    struct rlimit limit = {bytes, old->rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static inline void file_size_limit_end(const struct rlimit *old) {
    assert_int_equal(setrlimit(RLIMIT_FSIZE, old), 0);
    signal(SIGXFSZ, SIG_DFL);
}

/* Root may do everything, so between these two calls a test runs as another user. */
static inline void unprivileged_begin(void) {
    if (getuid() == 0) assert_int_equal(seteuid(65534), 0);
}

static inline void unprivileged_end(void) {
    if (getuid() == 0) assert_int_equal(seteuid(0), 0);
}

#endif
