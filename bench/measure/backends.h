/* The backends that a benchmark of ops or CKA covers. */
#ifndef C4_BENCH_MEASURE_BACKENDS_H
#define C4_BENCH_MEASURE_BACKENDS_H

#include "simd/dispatch.h"

enum { C4_BENCH_BACKENDS = C4_BACKENDS_KNOWN };

/* Tables that run here, without fallbacks: for "all", every one except ref64, otherwise the named
 * one ("auto": the best). Errors as c4_dispatch(). */
enum c4_status c4_bench_backends(const char *wanted,
                                 const struct c4_backend *backends[C4_BENCH_BACKENDS], int *count);

#endif
