#include "bench/history/files.h"

#include <dirent.h>
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/file.h"

static enum c4_status no_memory(void) {
    return c4_fail(C4_ERR_MEMORY, "out of memory for a history");
}

static bool is_history(const char *name) {
    static const char end[] = ".ndjson";
    size_t length = strlen(name);
    return length >= sizeof end && strcmp(name + length - (sizeof end - 1), end) == 0;
}

static enum c4_status add_file(struct c4_history_files *files, const char *folder,
                               const char *name) {
    size_t size = strlen(folder) + strlen(name) + 2;
    char **grown = realloc(files->path, ((size_t)files->count + 1) * sizeof *grown);
    if (!grown) return no_memory();
    files->path = grown;
    char *path = malloc(size);
    if (!path) return no_memory();
    files->path[files->count++] = path;
    return c4_path_join(path, size, folder, name);
}

static int by_bytes(const void *a, const void *b) {
    char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

enum c4_status c4_history_files_of(const char *folder, struct c4_history_files *files) {
    *files = (struct c4_history_files){0};
    enum c4_status status = C4_OK;
    DIR *entries = opendir(folder);
    if (!entries) return errno == ENOENT ? C4_OK : c4_fail_read(folder, errno);
    for (const struct dirent *entry; status == C4_OK && (entry = readdir(entries));)
        if (is_history(entry->d_name)) status = add_file(files, folder, entry->d_name);
    closedir(entries);
    if (files->count > 0) qsort(files->path, (size_t)files->count, sizeof *files->path, by_bytes);
    return status;
}

void c4_history_files_free(struct c4_history_files *files) {
    for (int i = 0; i < files->count; i++) free(files->path[i]);
    free(files->path);
    *files = (struct c4_history_files){0};
}

/* Moves the lines of `more` behind those of `history`. */
static enum c4_status take_over(struct c4_history *history, struct c4_history *more) {
    size_t lines = (size_t)history->count + (size_t)more->count;
    struct c4_history_line *grown = realloc(history->line, (lines + 1) * sizeof *grown);
    if (!grown) return no_memory();
    history->line = grown;
    if (more->count > 0)
        memcpy(grown + history->count, more->line, (size_t)more->count * sizeof *grown);
    history->count = (int)lines;
    more->count = 0;
    return C4_OK;
}

enum c4_status c4_history_read_all(char *const *paths, int count, struct c4_history *history) {
    *history = (struct c4_history){0};
    enum c4_status status = C4_OK;
    for (int i = 0; i < count && status == C4_OK; i++) {
        struct c4_history more;
        status = c4_history_read(paths[i], &more);
        if (status == C4_OK) status = take_over(history, &more);
        c4_history_free(&more);
    }
    return status;
}

static void keep(struct c4_history *history, const char *benchmark, const regex_t *expression) {
    int kept = 0;
    for (int i = 0; i < history->count; i++) {
        struct c4_history_line *line = &history->line[i];
        if ((!benchmark || strcmp(line->benchmark, benchmark) == 0) &&
            (!expression || regexec(expression, line->row, 0, NULL, 0) == 0)) {
            history->line[kept++] = *line;
        } else {
            free(line->sample);
            json_decref(line->json);
        }
    }
    history->count = kept;
}

enum c4_status c4_history_select(struct c4_history *history, const char *benchmark,
                                 const char *filter) {
    regex_t expression;
    int before = history->count;
    int error = filter ? regcomp(&expression, filter, REG_EXTENDED | REG_NOSUB) : 0;
    if (error != 0) {
        char why[128];
        regerror(error, &expression, why, sizeof why);
        return c4_fail(C4_ERR_USAGE, "--filter '%s' is not a regular expression: %s", filter, why);
    }
    keep(history, benchmark, filter ? &expression : NULL);
    if (filter) regfree(&expression);
    if (history->count > 0 || before == 0) return C4_OK;
    if (filter)
        return c4_fail(C4_ERR_USAGE, "no recorded row matches --filter '%s'%s%s", filter,
                       benchmark ? " in benchmark " : "", benchmark ? benchmark : "");
    return c4_fail(C4_ERR_USAGE, "nothing of benchmark '%s' is recorded", benchmark);
}
