/* A system that does not let threads be bound: with C4_TEST_AFFINITY=refused it says so, as a
 * container may, and with "ignored" it says that it did, and did nothing. For cli_places.sh. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *mask) {
    const char *how = getenv("C4_TEST_AFFINITY");
    if (how && strcmp(how, "ignored") == 0) return 0;
    if (!how || strcmp(how, "refused") != 0)
        return (int)syscall(SYS_sched_setaffinity, pid, size, mask);
    errno = EPERM;
    return -1;
}
