/* Runs an operation once for each of its allocations, which fails, and judges what it returns. */
#ifndef C4_TESTS_FAULTS_MEMORY_H
#define C4_TESTS_FAULTS_MEMORY_H

#include "core/base/status.h"
#include "tests/faults/failing_malloc.h"
#include "tests/harness/unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

struct operation {
    const char *name;
    const char *path; /* which the sentence names, unless it says what memory was wanted for */
    enum c4_status (*run)(void *context); /* releases everything that it made */
    /* After each run, or NULL. Prints and returns false if something is not as it should be. */
    bool (*check)(void *context, enum c4_status status);
    void *context;
    const char *excused; /* words of another failure that counts as unnoticed; may be NULL */
    /* How many failed allocations may go unnoticed, and crash in a foreign library; the test that
     * sets them says why. */
    long tolerated, crashes;
};

struct tally {
    long failures, tolerated, crashes, wrong;
};

/* Also exit statuses, which no library uses when it gives up. */
enum outcome { OUT_OF_MEMORY = 10, TOLERATED, CRASHED, WRONG, REACHED_THE_END };

/* One run with the given allocation failing. `leaks`: blocks left behind are wrong. */
static inline enum outcome one_run(const struct operation *op, long number, bool lasting,
                                   bool leaks) {
    c4_fail(C4_OK, "-"); /* the sentence before, which must not be seen again */
    long before = c4_failing_blocks();
    c4_failing_begin(number, lasting);
    enum c4_status status = op->run(op->context);
    bool reached_the_end = c4_failing_end() < number;
    char sentence[512];
    snprintf(sentence, sizeof sentence, "%s", c4_error());
    c4_fail(C4_OK, "-");
    long left = c4_failing_blocks() - before;
    enum outcome outcome = OUT_OF_MEMORY;
    if (status == C4_OK)
        outcome = reached_the_end ? REACHED_THE_END : TOLERATED;
    else if (status != C4_ERR_MEMORY || !strcasestr(sentence, "out of memory") ||
             !(strstr(sentence, op->path) || strstr(sentence, " for ")))
        outcome = op->excused && strstr(sentence, op->excused) ? TOLERATED : WRONG;
    if (outcome == WRONG)
        fprintf(stderr, "%s: allocation %ld%s: status %d, \"%s\"\n", op->name, number,
                lasting ? " and all later" : "", status, sentence);
    if (leaks && left != 0) {
        fprintf(stderr, "%s: allocation %ld%s: %ld blocks are left\n", op->name, number,
                lasting ? " and all later" : "", left);
        outcome = WRONG;
    }
    if (op->check && !op->check(op->context, status)) outcome = WRONG;
    return outcome;
}

/* The same in a child, for libraries that have done nothing yet, and for crashes. */
static inline enum outcome one_run_apart(const struct operation *op, long number, bool lasting) {
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* not cmocka's */
        signal(SIGABRT, SIG_DFL);
        _exit(one_run(op, number, lasting, false));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : CRASHED;
    return code >= OUT_OF_MEMORY && code <= REACHED_THE_END ? (enum outcome)code : CRASHED;
}

static inline void count(struct tally *tally, enum outcome outcome) {
    tally->failures += outcome == OUT_OF_MEMORY;
    tally->tolerated += outcome == TOLERATED;
    tally->crashes += outcome == CRASHED;
    tally->wrong += outcome == WRONG;
}

/* Every allocation fails once: first each in a process of its own that has not run the operation
 * before, then, after a run that succeeds, in this process, where nothing may be left behind; there
 * also with all later ones. */
static inline void every_allocation_fails(const struct operation *op) {
    static const char *const passes[] = {"at first", "later", "later, lasting"};
    bool crashed = false;
    for (int pass = 0; pass < (crashed ? 1 : 3); pass++) {
        struct tally tally = {0};
        enum outcome outcome = WRONG;
        if (pass == 1) assert_int_equal(one_run(op, 100000, false, false), REACHED_THE_END);
        for (long n = 1; outcome != REACHED_THE_END && n < 100000; n++) {
            outcome = pass == 0 ? one_run_apart(op, n, false) : one_run(op, n, pass == 2, true);
            count(&tally, outcome);
            if (tally.wrong > 8) break;
        }
        printf("%s, %s: %ld out of memory, %ld unnoticed, %ld crashes, %ld wrong\n", op->name,
               passes[pass], tally.failures, tally.tolerated, tally.crashes, tally.wrong);
        assert_true(tally.failures > 0);
        assert_int_equal(tally.wrong, 0);
        assert_true(tally.tolerated <= op->tolerated);
        assert_true(tally.crashes <= op->crashes);
        crashed = tally.crashes > 0;
    }
}

#endif
