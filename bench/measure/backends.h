/* Which backends a benchmark of ops is about. */
#ifndef C4_BENCH_MEASURE_BACKENDS_H
#define C4_BENCH_MEASURE_BACKENDS_H

#include "simd/dispatch.h"

enum { C4_BENCH_BACKENDS = 16 };

/* The tables that run here, without fallbacks: all but ref64 for "all", else the named one ("auto"
 * is the best). Errors as c4_dispatch(). */
enum c4_status c4_bench_backends(const char *wanted,
                                 const struct c4_backend *backends[C4_BENCH_BACKENDS], int *count);

#endif
