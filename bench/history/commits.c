#include "bench/history/commits.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "bench/measure/child.h"

enum { HASH_DIGITS = 40, GIT_SECONDS = 120 };

bool c4_commit_is_hash(const char *word) {
    return strlen(word) == HASH_DIGITS && strspn(word, "0123456789abcdef") == HASH_DIGITS;
}

/* Runs git to its end; *text is its output, or NULL if it failed or is not there. */
static enum c4_status run_git(char *const *argv, char **text) {
    struct c4_child child = {.out = -1};
    *text = NULL;
    enum c4_status status = c4_child_start(&child, argv, -1);
    if (status == C4_OK) status = c4_children_wait(&child, 1, GIT_SECONDS);
    if (status == C4_OK && WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0) {
        *text = child.text;
        child.text = NULL;
    }
    c4_child_free(&child);
    return status;
}

enum c4_status c4_commits_root(char **root) {
    char *argv[] = {"git", "rev-parse", "--show-toplevel", NULL};
    C4_TRY(run_git(argv, root));
    if (*root) (*root)[strcspn(*root, "\n")] = '\0';
    return C4_OK;
}

static char *copy_plain(const char *line, size_t length) {
    char *copy = strndup(line, length);
    for (char *at = copy; at && *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127) *at = ' ';
    return copy;
}

/* The first `most` lines; `more` counts the others. */
static enum c4_status take_lines(const char *text, int most, struct c4_commits *commits) {
    int lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++) lines++;
    int taken = lines < most ? lines : most;
    commits->more = lines - taken;
    commits->line = calloc((size_t)taken + 1, sizeof *commits->line);
    for (; commits->line && commits->count < taken; commits->count++) {
        size_t length = strcspn(text, "\n");
        commits->line[commits->count] = copy_plain(text, length);
        if (!commits->line[commits->count]) break;
        text += length + 1;
    }
    if (commits->line && commits->count == taken) return C4_OK;
    return c4_fail(C4_ERR_MEMORY, "out of memory for a list of commits");
}

enum c4_status c4_commits_between(const char *after, const char *last, int most,
                                  struct c4_commits *commits) {
    char range[2 * HASH_DIGITS + sizeof ".."], *text;
    *commits = (struct c4_commits){0};
    if (!c4_commit_is_hash(after) || !c4_commit_is_hash(last)) return C4_OK;
    snprintf(range, sizeof range, "%s..%s", after, last);
    char *argv[] = {"git", "log", "--no-color", "--no-show-signature", "--format=%h %s",
                    range, NULL};
    C4_TRY(run_git(argv, &text));
    enum c4_status status = text ? take_lines(text, most, commits) : C4_OK;
    free(text);
    return status;
}

enum c4_status c4_commits_ancestors(const char *revision, struct c4_commits *commits) {
    char *text;
    *commits = (struct c4_commits){0};
    char *argv[] = {"git", "rev-list", "--date-order", "--end-of-options", (char *)revision,
                    "--",  NULL};
    C4_TRY(run_git(argv, &text));
    const char *behind = text ? strchr(text, '\n') : NULL;
    enum c4_status status =
        behind ? take_lines(behind + 1, INT_MAX, commits)
               : c4_fail(C4_ERR_DATA, "%s: there is no such git revision here", revision);
    free(text);
    return status;
}

void c4_commits_free(struct c4_commits *commits) {
    for (int i = 0; i < commits->count; i++) free(commits->line[i]);
    free(commits->line);
    *commits = (struct c4_commits){0};
}
