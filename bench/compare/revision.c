#include "bench/compare/revision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "bench/measure/child.h"
#include "bench/measure/git.h"
#include "core/base/text.h"
#include "core/file/file.h"

enum { BUILD_SECONDS = 3600 };

/* The shell keeps the log; all that it is given are positional parameters. */
static const char script[] =
    "set -e; exec >\"$2.log\" 2>&1; rm -rf \"$2\"; mkdir -p \"$2\"; "
    "git -C \"$1\" archive --output \"$2/source.tar\" \"$3\"; tar -xf \"$2/source.tar\" -C \"$2\"; "
    "if command -v ninja >&2; then export CMAKE_GENERATOR=Ninja; fi; "
    "cmake -S \"$2\" -B \"$2/build\" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF; "
    "cmake --build \"$2/build\" --target conv4 --parallel; "
    "cp \"$2/build/conv4\" \"$2/conv4.new\"; mv \"$2/conv4.new\" \"$2/conv4\"";

static enum c4_status build(const char *root, const char *folder, const char *commit,
                            const char *word) {
    struct c4_child child = {.out = -1};
    const char *const argv[] = {"sh", "-c", script, "sh", root, folder, commit, NULL};
    enum c4_status status = c4_child_start(&child, (char *const *)argv, -1);
    if (status == C4_OK) status = c4_children_wait(&child, 1, BUILD_SECONDS);
    bool ok = WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0;
    c4_child_free(&child);
    C4_TRY(status);
    if (ok) return C4_OK;
    return c4_fail(C4_ERR_FAILED, "revision %s cannot be built; %s.log says why", word, folder);
}

/* Builds the commit, unless it was before, where nothing of the checkout is touched. */
static enum c4_status make(const char *root, const char *commit, const char *word,
                           void (*report)(const char *line), char program[C4_PROGRAM_PATH_SIZE]) {
    char above[C4_PROGRAM_PATH_SIZE], folder[C4_PROGRAM_PATH_SIZE];
    struct c4_text line = {0};
    C4_TRY(c4_path_join(above, sizeof above, root, "build/compare"));
    C4_TRY(c4_path_join(folder, sizeof folder, above, commit));
    C4_TRY(c4_path_join(program, C4_PROGRAM_PATH_SIZE, folder, "conv4"));
    if (c4_path_exists(program)) return C4_OK;
    C4_TRY(c4_dir_make(folder));
    enum c4_status status = c4_text_add(&line, "Building revision %s (%.12s).", word, commit);
    if (status == C4_OK) report(line.bytes);
    c4_text_free(&line);
    return status == C4_OK ? build(root, folder, commit, word) : status;
}

enum c4_status c4_revision_program(const char *word, void (*report)(const char *line),
                                   char program[C4_PROGRAM_PATH_SIZE]) {
    char *commit, *root = NULL;
    if (snprintf(program, C4_PROGRAM_PATH_SIZE, "%s", word) >= C4_PROGRAM_PATH_SIZE)
        return c4_fail(C4_ERR_USAGE, "the path of a program is too long");
    if (c4_path_exists(word)) return C4_OK;
    C4_TRY(c4_git_commit(word, &commit));
    if (!commit && !strchr(word, '/')) return C4_OK; /* to be found by PATH, or not at all */
    if (!commit)
        return c4_fail(C4_ERR_DATA, "%s: there is no such program, and no such git revision here",
                       word);
    enum c4_status status = c4_git_root(&root);
    if (status == C4_OK)
        status = root ? make(root, commit, word, report, program)
                      : c4_fail(C4_ERR_DATA, "%s: this is no git checkout with a work tree", word);
    free(root);
    free(commit);
    return status;
}
