/* Clocks for measurements, and the date for the disclosure block. All functions may be called from
 * any thread. */
#ifndef C4_HOST_CLOCK_H
#define C4_HOST_CLOCK_H

#include <stdint.h>

/* Nanoseconds since an arbitrary start; never goes backwards, not even when the date is set. */
int64_t c4_clock_ns(void);

/* CPU time in nanoseconds that all threads of this process have used so far. */
int64_t c4_clock_cpu_ns(void);

/* CPU time in nanoseconds that the calling thread has used: stops while other threads have the
 * core. */
int64_t c4_clock_thread_ns(void);

/* The current date as ISO 8601 in UTC, "2024-02-29T23:59:60Z", terminated. */
enum { C4_CLOCK_UTC_BYTES = 24 };
void c4_clock_utc(char text[C4_CLOCK_UTC_BYTES]);

#endif
