#include "core/cli/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* The first signal; 0: none. A handler can report only through a global. */
static atomic_int caught;

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
