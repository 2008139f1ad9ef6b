#define _GNU_SOURCE /* environ */
#include "bench/exact/run.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/measure/disclose.h"

/* The ops of backend ref under callgrind take minutes. */
static const double patience_seconds = 3600;

static void add(struct c4_exact_command *command, const char *word) {
    if (command->count == C4_EXACT_WORDS) abort();
    command->word[command->count++] = word;
}

void c4_exact_words(struct c4_exact_command *command, ...) {
    va_list words;
    va_start(words, command);
    for (const char *word; (word = va_arg(words, const char *));) add(command, word);
    va_end(words);
}

static bool can_be_run(const char *path) {
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode) && access(path, X_OK) == 0;
}

enum c4_status c4_exact_locate(const char *name, char **path) {
    const char *folders = strchr(name, '/') ? NULL : getenv("PATH");
    *path = NULL;
    if (strchr(name, '/')) {
        if (!can_be_run(name)) return C4_OK;
        *path = strdup(name);
        return *path ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory for a path");
    }
    while (folders) {
        int length = (int)strcspn(folders, ":");
        if (asprintf(path, "%.*s/%s", length ? length : 1, length ? folders : ".", name) < 0) {
            *path = NULL;
            return c4_fail(C4_ERR_MEMORY, "out of memory for a path");
        }
        if (can_be_run(*path)) return C4_OK;
        free(*path);
        *path = NULL;
        folders = folders[length] ? folders + length + 1 : NULL;
    }
    return C4_OK;
}

/* Variables would move the stack, and some change which code of the C library runs. */
static void clean_environment(struct c4_exact_command *command) {
    static const char *const kept[] = {"PATH=", "LD_LIBRARY_PATH=", "TMPDIR=", "VALGRIND_LIB="};
    c4_exact_words(command, "env", "-i", "LD_BIND_NOW=1", NULL);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        for (char **variable = environ; *variable; variable++)
            if (strncmp(*variable, kept[i], strlen(kept[i])) == 0) add(command, *variable);
}

void c4_exact_valgrind(struct c4_exact_command *command, const char *tool) {
    clean_environment(command);
    /* --vgdb=no: a killed valgrind would leave pipes in the folder of temporary files. */
    c4_exact_words(command, "valgrind", "--command-line-only=yes", "--vgdb=no", tool, NULL);
}

enum c4_status c4_exact_run(const struct c4_exact_command *command, struct c4_child *child,
                            int *ended) {
    *ended = -1;
    enum c4_status status = c4_child_start(child, (char *const *)command->word, -1);
    if (status == C4_OK) status = c4_children_wait(child, 1, patience_seconds);
    if (c4_is_partial(status) || status == C4_ERR_MEMORY) return status;
    if (status != C4_OK) return C4_OK;
    *ended =
        WIFSIGNALED(child->status) ? 128 + WTERMSIG(child->status) : WEXITSTATUS(child->status);
    return C4_OK;
}
