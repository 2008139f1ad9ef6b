#include "core/host/clock.h"

#include <time.h>

static int64_t read_ns(clockid_t clock) {
    struct timespec now = {0, 0};
    clock_gettime(clock, &now); /* fails only for a clock that does not exist */
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t c4_clock_ns(void) {
    return read_ns(CLOCK_MONOTONIC);
}

int64_t c4_clock_cpu_ns(void) {
    return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t c4_clock_thread_ns(void) {
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

void c4_clock_utc(char text[C4_CLOCK_UTC_BYTES]) {
    time_t now = time(NULL);
    struct tm utc;
    text[0] = '\0';
    if (gmtime_r(&now, &utc)) strftime(text, C4_CLOCK_UTC_BYTES, "%Y-%m-%dT%H:%M:%SZ", &utc);
}
