/* Signals sent to a child: c4_interrupted() reports the first, the second ends the process. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cli/interrupt.h"
#include "tests/harness/unit.h"

/* The exit status of a child that receives these signals in turn and then exits with
 * c4_interrupted()'s status. */
static int status_after(int first, int second) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (c4_interrupt_catch() != C4_OK || c4_interrupted() != C4_OK) _exit(99);
        if (first != 0) raise(first);
        if (second != 0) raise(second);
        _exit(c4_status_exit_code(c4_interrupted()));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void the_first_signal_asks(void **state) {
    (void)state;
    assert_int_equal(status_after(0, 0), 0);
    assert_int_equal(status_after(SIGINT, 0), 130);
    assert_int_equal(status_after(SIGTERM, 0), 143);
}

/* The child exits with 1 if the signal did not end it. */
static int status_after_second(int first, int second) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (c4_interrupt_catch() != C4_OK) _exit(99);
        raise(first);
        raise(second);
        _exit(1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void the_second_signal_ends(void **state) {
    (void)state;
    assert_int_equal(status_after_second(SIGINT, SIGINT), 130);
    assert_int_equal(status_after_second(SIGTERM, SIGTERM), 143);
    assert_int_equal(status_after_second(SIGINT, SIGTERM), 143);
}

static void an_ignored_signal_stays_ignored(void **state) {
    (void)state;
    void (*old)(int) = signal(SIGINT, SIG_IGN);
    assert_int_equal(status_after(SIGINT, SIGINT), 0);
    signal(SIGINT, old);
}

static void the_state_can_be_asked_and_forgotten(void **state) {
    (void)state;
    assert_int_equal(c4_interrupt_catch(), C4_OK);
    raise(SIGTERM);
    assert_int_equal(c4_interrupted(), C4_ERR_TERMINATED);
    assert_int_equal(c4_interrupted(), C4_ERR_TERMINATED);
    assert_string_equal(c4_error(), "terminated");
    assert_int_equal(c4_interrupt_catch(), C4_OK);
    assert_int_equal(c4_interrupted(), C4_OK);
}

/* SIGUSR1 is caught whatever the parent made of it, is not taken for the other signals, and stays
 * without effect on programs that are started behind c4_interrupt_ignore_early(). */
static void an_early_end_is_asked_for(void **state) {
    (void)state;
    sigset_t one, old;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    sigprocmask(SIG_BLOCK, &one, &old);
    signal(SIGUSR1, SIG_IGN);
    assert_int_equal(c4_interrupt_catch(), C4_OK);
    assert_int_equal(c4_interrupt_catch_early(), C4_OK);
    assert_false(c4_interrupt_early());
    raise(SIGUSR1);
    raise(SIGUSR1);
    assert_true(c4_interrupt_early());
    assert_true(c4_interrupt_early());
    assert_int_equal(c4_interrupted(), C4_OK);
    raise(SIGTERM);
    assert_int_equal(c4_interrupted(), C4_ERR_TERMINATED);
    assert_int_equal(c4_interrupt_catch_early(), C4_OK);
    assert_false(c4_interrupt_early());
    c4_interrupt_ignore_early();
    raise(SIGUSR1);
    assert_false(c4_interrupt_early());
    assert_int_equal(system("kill -USR1 $$"), 0);
    signal(SIGUSR1, SIG_DFL);
    assert_int_not_equal(system("kill -USR1 $$"), 0);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_signal_asks),
        cmocka_unit_test(the_second_signal_ends),
        cmocka_unit_test(an_ignored_signal_stays_ignored),
        cmocka_unit_test(an_early_end_is_asked_for),
        cmocka_unit_test(the_state_can_be_asked_and_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
