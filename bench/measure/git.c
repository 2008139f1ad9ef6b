#include "bench/measure/git.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "bench/measure/child.h"

enum { WORDS = 32, PATIENCE_SECONDS = 600 };

enum c4_status c4_git(const char *const *arguments, char **output, bool *ok) {
    const char *argv[WORDS] = {"git"};
    struct c4_child child = {.out = -1};
    int count = 1;
    *output = NULL;
    *ok = false;
    for (; arguments[count - 1]; count++) {
        if (count == WORDS - 1)
            return c4_fail(C4_ERR_FAILED, "git: more than %d arguments", WORDS - 2);
        argv[count] = arguments[count - 1];
    }
    enum c4_status status = c4_child_start(&child, (char *const *)argv, -1);
    if (status == C4_OK) status = c4_children_wait(&child, 1, PATIENCE_SECONDS);
    if (status == C4_OK) {
        *ok = WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0;
        *output = strdup(child.text ? child.text : "");
        if (!*output) status = c4_fail(C4_ERR_MEMORY, "out of memory for the output of git");
    }
    c4_child_free(&child);
    size_t length = *output ? strlen(*output) : 0;
    if (length > 0 && (*output)[length - 1] == '\n') (*output)[length - 1] = '\0';
    return status;
}

/* The output, or NULL where git failed. */
static enum c4_status ask(const char *const *arguments, char **answer) {
    bool ok;
    C4_TRY(c4_git(arguments, answer, &ok));
    if (ok && *answer && **answer) return C4_OK;
    free(*answer);
    *answer = NULL;
    return C4_OK;
}

enum c4_status c4_git_commit(const char *revision, char **commit) {
    static const char suffix[] = "^{commit}";
    size_t size = strlen(revision) + sizeof suffix;
    char *word = malloc(size);
    if (!word) return c4_fail(C4_ERR_MEMORY, "out of memory for a revision's name");
    snprintf(word, size, "%s%s", revision, suffix);
    const char *const arguments[] = {"rev-parse",        "--verify", "--quiet",
                                     "--end-of-options", word,       NULL};
    enum c4_status status = ask(arguments, commit);
    free(word);
    return status;
}

enum c4_status c4_git_date(const char *commit, char **date_utc) {
    /* %ct is seconds since 1970; git's own formats follow the user's time zone. */
    const char *const arguments[] = {"show", "-s", "--format=%ct", "--end-of-options",
                                     commit, NULL};
    C4_TRY(ask(arguments, date_utc));
    if (!*date_utc) return C4_OK;
    time_t seconds = (time_t)strtoll(*date_utc, NULL, 10);
    struct tm parts;
    free(*date_utc);
    *date_utc = malloc(sizeof "2026-11-29T12:00:00Z" + 8);
    if (!*date_utc) return c4_fail(C4_ERR_MEMORY, "out of memory for a date");
    gmtime_r(&seconds, &parts);
    strftime(*date_utc, sizeof "2026-11-29T12:00:00Z" + 8, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return C4_OK;
}

enum c4_status c4_git_root(char **folder) {
    const char *const arguments[] = {"rev-parse", "--show-toplevel", NULL};
    return ask(arguments, folder);
}
