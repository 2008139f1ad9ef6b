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
    /* What foreign libraries do on their own: failed allocations that go unnoticed, that end the
     * program with the library's own message, or by a signal. The test that allows them says why.
     */
    long unnoticed, ends, signals;
    bool leaks; /* blocks may be left behind */
    long step;  /* only every so many allocations fail; 0: every one */
};

struct tally {
    long failures, unnoticed, ends, signals, wrong;
};

/* Also exit statuses, which no library uses when it gives up. */
enum outcome { OUT_OF_MEMORY = 10, UNNOTICED, WRONG, REACHED_THE_END, ENDED, SIGNALLED };

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
        outcome = reached_the_end ? REACHED_THE_END : UNNOTICED;
    else if (status != C4_ERR_MEMORY || !strcasestr(sentence, "out of memory") ||
             !(strstr(sentence, op->path) || strstr(sentence, " for ")))
        outcome = op->excused && strstr(sentence, op->excused) ? UNNOTICED : WRONG;
    if (outcome == WRONG)
        printf("%s: allocation %ld%s: status %d, \"%s\"\n", op->name, number,
               lasting ? " and all later" : "", status, sentence);
    if (leaks && left != 0) {
        printf("%s: allocation %ld%s: %ld blocks are left\n", op->name, number,
               lasting ? " and all later" : "", left);
        outcome = WRONG;
    }
    if (op->check && !op->check(op->context, status)) outcome = WRONG;
    return outcome;
}

/* The same in a child, for crashes. */
static inline enum outcome one_run_apart(const struct operation *op, long number, bool lasting,
                                         bool leaks) {
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* not cmocka's */
        signal(SIGABRT, SIG_DFL);
        if (op->ends + op->signals > 0 && !freopen("/dev/null", "w", stderr)) _exit(1);
        enum outcome outcome = one_run(op, number, lasting, leaks);
        fflush(stdout);
        _exit(outcome);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status)) return SIGNALLED;
    int code = WEXITSTATUS(status);
    return code >= OUT_OF_MEMORY && code <= REACHED_THE_END ? (enum outcome)code : ENDED;
}

static inline void count(struct tally *tally, enum outcome outcome) {
    tally->failures += outcome == OUT_OF_MEMORY;
    tally->unnoticed += outcome == UNNOTICED;
    tally->ends += outcome == ENDED;
    tally->signals += outcome == SIGNALLED;
    tally->wrong += outcome == WRONG;
}

/* Every allocation fails once: first each in a process of its own where the operation has not run
 * before, then, after a run that succeeds, where nothing may be left behind; there also with all
 * later ones. */
static inline void every_allocation_fails(const struct operation *op) {
    static const char *const passes[] = {"at first", "later", "later, lasting"};
    for (int pass = 0; pass < 3; pass++) {
        bool apart = pass == 0 || op->ends + op->signals > 0, lasting = pass == 2;
        struct tally tally = {0};
        int runs = 0;
        enum outcome outcome = WRONG;
        if (pass == 1) assert_int_equal(one_run(op, 1000000, false, false), REACHED_THE_END);
        for (long n = 1; outcome != REACHED_THE_END && tally.wrong < 9;
             n += (op->step ? op->step : 1) * C4_FAILING_EVERY) {
            assert_true(++runs < 5000); /* or it never succeeds */
            count(&tally, outcome = apart ? one_run_apart(op, n, lasting, pass > 0 && !op->leaks)
                                          : one_run(op, n, lasting, !op->leaks));
        }
        printf("%s, %s: %ld out of memory, %ld unnoticed, %ld ended by a library, %ld by a signal, "
               "%ld wrong\n",
               op->name, passes[pass], tally.failures, tally.unnoticed, tally.ends, tally.signals,
               tally.wrong);
        assert_true(tally.failures > 0);
        assert_int_equal(tally.wrong, 0);
        assert_true(tally.unnoticed <= op->unnoticed);
        assert_true(tally.ends <= op->ends);
        assert_true(tally.signals <= op->signals);
    }
}

#endif
