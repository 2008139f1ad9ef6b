/* A marked loop for tests/static/hot_loops.sh: without a fault, or with the fault that PLANT names.
 */
#include "core/base/hot_loop.h"

#define SOUND 0
#define UNROLLED 1 /* no fault, several copies */
#define STACK 2
#define CALL 3
#define COUNT 4
#define UNMARKED 5
#define NO_LOOP 6

float planted_callee(float value);
float planted(int n, const float *x, const float *y);
float planted_twice(int n, const float *x, const float *y);

#if PLANT == COUNT
enum { FMAS = 5 };
#else
enum { FMAS = 4 };
#endif

static inline __attribute__((always_inline)) float body(int n, const float *x, const float *y) {
    float a = 0, b = 0, c = 0, d = 0;
#if PLANT == STACK
    volatile float slot;
#endif
#if PLANT == UNROLLED
#pragma GCC unroll 4
#endif
#if PLANT == NO_LOOP
    if (n > 0) {
        int i = n;
#else
    for (int i = 0; i < n; i++) {
#endif
#if PLANT != UNMARKED
        C4_HOT_LOOP_BEGIN(planted, FMAS);
#endif
        a = __builtin_fmaf(x[i], y[i], a);
        b = __builtin_fmaf(x[i], y[i + 1], b);
        c = __builtin_fmaf(x[i + 1], y[i], c);
        d = __builtin_fmaf(x[i + 2], y[i + 1], d);
#if PLANT == STACK
        slot = a;
        a = slot;
#elif PLANT == CALL
        a = planted_callee(a);
#endif
#if PLANT != UNMARKED
        C4_HOT_LOOP_END(planted);
#endif
    }
    return a + b + c + d;
}

float planted(int n, const float *x, const float *y) {
    return body(n, x, y);
}

#if PLANT != NO_LOOP
/* Two more, inside another loop. */
float planted_twice(int n, const float *x, const float *y) {
    float sum = 0;
    for (int i = 0; i < n; i++) sum += body(n, x + i, y) + body(n, x, y + i);
    return sum;
}
#endif
