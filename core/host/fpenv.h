/* The floating-point control state that the arithmetic relies on: gradual underflow (nothing is
 * flushed to zero, on input or output) and rounding to nearest, ties to even. It belongs to a
 * thread; a new thread inherits its creator's. x86: MXCSR; AArch64: FPCR; elsewhere it is probed.
 */
#ifndef C4_HOST_FPENV_H
#define C4_HOST_FPENV_H

#include <stdbool.h>

#include "core/base/status.h"

struct c4_fpenv {
    bool flush_results; /* subnormal results become zero (FTZ, FZ) */
    bool flush_inputs;  /* subnormal inputs count as zero (DAZ, FZ, FIZ) */
    int rounding;       /* in the values of fegetround() */
};

/* The calling thread's state. */
struct c4_fpenv c4_fpenv_read(void);

/* C4_OK if the calling thread computes as IEEE 754 says, else C4_ERR_ENVIRONMENT and a sentence. */
enum c4_status c4_fpenv_check(void);

/* Brings the calling thread into that state. Outside x86 and AArch64 only the rounding can be set;
 * c4_fpenv_check() shows whether that was enough. */
void c4_fpenv_set_ieee(void);

/* "to nearest", "upward", "downward", "toward zero" or "unknown". */
const char *c4_fpenv_rounding_name(int rounding);

#endif
