#include "core/cli/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* The first signal; 0: none. A handler can report only through a global. */
static atomic_int caught;

static atomic_bool early;

static void on_signal(int number) {
    int none = 0;
    if (!atomic_compare_exchange_strong(&caught, &none, number)) _exit(128 + number);
}

static enum c4_status catch_one(int number) {
    struct sigaction old, action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(number, NULL, &old) != 0 ||
        (old.sa_handler != SIG_IGN && sigaction(number, &action, NULL) != 0))
        return c4_fail(C4_ERR_FAILED, "signal %d cannot be caught: %s", number, strerror(errno));
    return C4_OK;
}

enum c4_status c4_interrupt_catch(void) {
    atomic_store(&caught, 0);
    C4_TRY(catch_one(SIGINT));
    return catch_one(SIGTERM);
}

enum c4_status c4_interrupted(void) {
    switch (atomic_load(&caught)) {
    case 0:
        return C4_OK;
    case SIGINT:
        return c4_fail(C4_ERR_INTERRUPTED, "interrupted");
    default:
        return c4_fail(C4_ERR_TERMINATED, "terminated");
    }
}

static void on_early(int number) {
    (void)number;
    atomic_store(&early, true);
}

enum c4_status c4_interrupt_catch_early(void) {
    struct sigaction action = {.sa_handler = on_early, .sa_flags = SA_RESTART};
    sigset_t one;
    sigemptyset(&action.sa_mask);
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    atomic_store(&early, false);
    if (sigaction(SIGUSR1, &action, NULL) != 0 || sigprocmask(SIG_UNBLOCK, &one, NULL) != 0)
        return c4_fail(C4_ERR_FAILED, "signal %d cannot be caught: %s", SIGUSR1, strerror(errno));
    return C4_OK;
}

bool c4_interrupt_early(void) {
    return atomic_load(&early);
}

void c4_interrupt_ignore_early(void) {
    signal(SIGUSR1, SIG_IGN);
}
