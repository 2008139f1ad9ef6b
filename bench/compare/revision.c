#include "bench/compare/revision.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "bench/measure/child.h"
#include "core/file/file.h"

enum { COMMIT_SIZE = 41, BUILD_SECONDS = 3600 };

/* Runs a program to its end and hands out its output's first line, cut to the room. */
static enum c4_status run(char *const *argv, char *output, size_t size, bool *ok) {
    struct c4_child child = {.out = -1};
    enum c4_status status = c4_child_start(&child, argv, -1);
    if (status == C4_OK) status = c4_children_wait(&child, 1, BUILD_SECONDS);
    if (status == C4_OK) {
        snprintf(output, size, "%s", child.text ? child.text : "");
        output[strcspn(output, "\n")] = '\0';
        *ok = WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0;
    }
    c4_child_free(&child);
    return status;
}

static enum c4_status find_commit(const char *word, char commit[COMMIT_SIZE], bool *found) {
    char revision[C4_PROGRAM_PATH_SIZE + sizeof "^{commit}"]; /* a word fits a program's path */
    snprintf(revision, sizeof revision, "%s^{commit}", word);
    char *argv[] = {"git", "rev-parse", "--verify", "--quiet", "--end-of-options", revision, NULL};
    C4_TRY(run(argv, commit, COMMIT_SIZE, found));
    *found = *found && strlen(commit) == COMMIT_SIZE - 1;
    return C4_OK;
}

/* The shell keeps the log; all that it is given are positional parameters. */
static const char script[] =
    "set -e; exec >\"$2.log\" 2>&1; rm -rf \"$2\"; mkdir -p \"$2\"; "
    "git -C \"$1\" archive --output \"$2/source.tar\" \"$3\"; tar -xf \"$2/source.tar\" -C \"$2\"; "
    "if command -v ninja >&2; then export CMAKE_GENERATOR=Ninja; fi; "
    "cmake -S \"$2\" -B \"$2/build\" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF; "
    "cmake --build \"$2/build\" --target conv4 --parallel; "
    "cp \"$2/build/conv4\" \"$2/conv4.new\"; mv \"$2/conv4.new\" \"$2/conv4\"";

static enum c4_status build(const char *root, const char *folder, char *commit, const char *word) {
    char output[8];
    bool ok = false;
    char *argv[] = {"sh", "-c", (char *)script, "sh", (char *)root, (char *)folder, commit, NULL};
    C4_TRY(run(argv, output, sizeof output, &ok));
    if (ok) return C4_OK;
    return c4_fail(C4_ERR_FAILED, "revision %s cannot be built; %s.log says why", word, folder);
}

enum c4_status c4_revision_program(const char *word, void (*report)(const char *line),
                                   char program[C4_PROGRAM_PATH_SIZE]) {
    char commit[COMMIT_SIZE], root[C4_PROGRAM_PATH_SIZE], inside[64], line[160];
    bool found = false;
    if (snprintf(program, C4_PROGRAM_PATH_SIZE, "%s", word) >= C4_PROGRAM_PATH_SIZE)
        return c4_fail(C4_ERR_USAGE, "the path of a program is too long");
    if (c4_path_exists(word)) return C4_OK;
    C4_TRY(find_commit(word, commit, &found));
    if (!found && !strchr(word, '/')) return C4_OK; /* to be found by PATH, or not at all */
    if (!found)
        return c4_fail(C4_ERR_DATA, "%s: there is no such program, and no such git revision here",
                       word);
    char *argv[] = {"git", "rev-parse", "--show-toplevel", NULL};
    C4_TRY(run(argv, root, sizeof root, &found));
    if (!found) return c4_fail(C4_ERR_DATA, "%s: this is no git checkout with a work tree", word);
    snprintf(inside, sizeof inside, "build/compare/%s", commit);
    char folder[C4_PROGRAM_PATH_SIZE];
    C4_TRY(c4_path_join(folder, sizeof folder, root, inside));
    C4_TRY(c4_path_join(program, C4_PROGRAM_PATH_SIZE, folder, "conv4"));
    if (c4_path_exists(program)) return C4_OK;
    C4_TRY(c4_dir_make(folder));
    snprintf(line, sizeof line, "Building revision %.40s (%.12s).", word, commit);
    report(line);
    return build(root, folder, commit, word);
}
