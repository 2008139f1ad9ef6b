#include "bench/history/commits.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure/git.h"

enum { HASH_DIGITS = 40 };

bool c4_commit_is_hash(const char *word) {
    return strlen(word) == HASH_DIGITS && strspn(word, "0123456789abcdef") == HASH_DIGITS;
}

/* What git prints, or NULL if it failed or is not there. */
static enum c4_status ask(const char *const *arguments, char **text) {
    bool ok;
    C4_TRY(c4_git(arguments, text, &ok));
    if (ok) return C4_OK;
    free(*text);
    *text = NULL;
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
    for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') lines++;
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
    const char *const arguments[] = {"log", "--no-color", "--no-show-signature", "--format=%h %s",
                                     range, NULL};
    C4_TRY(ask(arguments, &text));
    enum c4_status status = text ? take_lines(text, most, commits) : C4_OK;
    free(text);
    return status;
}

enum c4_status c4_commits_ancestors(const char *revision, struct c4_commits *commits) {
    char *text;
    *commits = (struct c4_commits){0};
    const char *const arguments[] = {"rev-list", "--date-order", "--end-of-options",
                                     revision,   "--",           NULL};
    C4_TRY(ask(arguments, &text));
    size_t first = text ? strcspn(text, "\n") : 0;
    enum c4_status status =
        first > 0 ? take_lines(text + first + (text[first] == '\n'), INT_MAX, commits)
                  : c4_fail(C4_ERR_DATA, "%s: there is no such git revision here", revision);
    free(text);
    return status;
}

void c4_commits_free(struct c4_commits *commits) {
    for (int i = 0; i < commits->count; i++) free(commits->line[i]);
    free(commits->line);
    *commits = (struct c4_commits){0};
}
