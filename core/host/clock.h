/* Time for measuring and dates for disclosure. All functions may be called from any thread. */
#ifndef C4_HOST_CLOCK_H
#define C4_HOST_CLOCK_H

#include <stdint.h>

/* Nanoseconds since an arbitrary start; never goes backwards, is not moved by setting the date. */
int64_t c4_clock_ns(void);

/* CPU time in nanoseconds that all threads of this process have used so far. */
int64_t c4_clock_cpu_ns(void);

/* CPU time in nanoseconds that the calling thread has used: while others have the core, it stops.
 */
int64_t c4_clock_thread_ns(void);

/* The present date as ISO 8601 in UTC, "2024-02-29T23:59:60Z", terminated. */
enum { C4_CLOCK_UTC_BYTES = 24 };
void c4_clock_utc(char text[C4_CLOCK_UTC_BYTES]);

#endif
