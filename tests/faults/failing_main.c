/* conv4 as usual, but run once for each of its allocations from main() on, which fails; linked with
 * --wrap=main. With C4_TEST_FAILING=once or =lasting (all later ones fail, too) it prints on the
 * last line of its output
 *     N out of memory, U unnoticed, L ended by a library, S by a signal, W wrong
 * Out of memory: status 1, and one sentence on standard error that says so. Unnoticed: status 0,
 * and standard output as without failure, but for times. Ended by a library: exit() was called
 * outside of conv4, as libgomp does. The status is 1 if anything is wrong. */
#define _GNU_SOURCE /* strcasestr */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults/failing_malloc.h"

int __real_main(int argc, char **argv);
int __wrap_main(int argc, char **argv);

enum { TEXT_SIZE = 1 << 16 };

struct result {
    int status;
    char out[TEXT_SIZE], err[TEXT_SIZE];
};

/* In memory that the child shares. */
struct shared {
    bool returned;
    long allocations;
};

static void take(FILE *file, char text[TEXT_SIZE]) {
    rewind(file);
    text[fread(text, 1, TEXT_SIZE - 1, file)] = '\0';
}

/* Removes what is measured: lines of JSON with "seconds", and "0.001 s" in text. */
static void forget_times(char *text) {
    char *to = text;
    for (char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        length += line[length] == '\n';
        char *at = memmem(line, length, " s  ", 4);
        if (at) {
            char *number = at, *end = text + strlen(text) + 1;
            while (number > line && number[-1] != ' ') number--;
            memmove(number, at, (size_t)(end - at));
            length -= (size_t)(at - number);
        }
        if (!memmem(line, length, "\"seconds\"", 9)) {
            memmove(to, line, length);
            to += length;
        }
        line += length;
    }
    *to = '\0';
}

static void run(int argc, char **argv, long number, bool lasting, struct shared *shared,
                struct result *result) {
    FILE *out = tmpfile(), *err = tmpfile();
    if (!out || !err) abort();
    *shared = (struct shared){0};
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) abort();
    if (child == 0) {
        if (dup2(fileno(out), STDOUT_FILENO) < 0 || dup2(fileno(err), STDERR_FILENO) < 0) abort();
        alarm(60); /* a library may wait for memory for ever */
        c4_failing_begin(number, lasting);
        int status = __real_main(argc, argv);
        shared->allocations = c4_failing_end();
        shared->returned = true;
        exit(status);
    }
    if (waitpid(child, &result->status, 0) != child) abort();
    take(out, result->out);
    take(err, result->err);
    forget_times(result->out);
    fclose(out);
    fclose(err);
}

static bool says_out_of_memory(const struct result *result) {
    const char *end = strchr(result->err, '\n');
    return WEXITSTATUS(result->status) == 1 && end && end[1] == '\0' &&
           strcasestr(result->err, "out of memory");
}

int __wrap_main(int argc, char **argv) {
    const char *how = getenv("C4_TEST_FAILING");
    if (!how) return __real_main(argc, argv);
    static struct result usual, result;
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) abort();
    run(argc, argv, 0, false, shared, &usual);
    fputs(usual.out, stdout);
    if (usual.status != 0) printf("status %d: %s\n", usual.status, usual.err);
    long failures = 0, unnoticed = 0, ended = 0, signals = 0, wrong = usual.status != 0;
    for (long n = 1; wrong < 9; n += C4_FAILING_EVERY) {
        run(argc, argv, n, strcmp(how, "lasting") == 0, shared, &result);
        if (shared->returned && shared->allocations < n) break;
        if (WIFSIGNALED(result.status)) {
            signals++;
        } else if (!shared->returned) {
            ended++;
        } else if (result.status == 0 && strcmp(result.out, usual.out) == 0) {
            unnoticed++;
        } else if (says_out_of_memory(&result)) {
            failures++;
        } else {
            wrong++;
            printf("allocation %ld: status %d, \"%s\"%s\n", n, WEXITSTATUS(result.status),
                   result.err, result.status == 0 ? result.out : "");
        }
    }
    printf("%ld out of memory, %ld unnoticed, %ld ended by a library, %ld by a signal, %ld wrong\n",
           failures, unnoticed, ended, signals, wrong);
    return wrong > 0;
}
