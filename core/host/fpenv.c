#include "core/host/fpenv.h"

#include <fenv.h>

#if defined(__SSE2__)
#include <xmmintrin.h>

enum { MXCSR_DAZ = 1 << 6, MXCSR_ROUNDING = 3 << 13, MXCSR_FTZ = 1 << 15 };

static void read_control(struct c4_fpenv *state) {
    unsigned mxcsr = _mm_getcsr();
    /* fegetround() reads the x87 unit alone; FE_UPWARD and the others are MXCSR's bits, 3 lower. */
    if (mxcsr & MXCSR_ROUNDING) state->rounding = (int)((mxcsr & MXCSR_ROUNDING) >> 3);
    state->flush_results = (mxcsr & MXCSR_FTZ) != 0;
    state->flush_inputs = (mxcsr & MXCSR_DAZ) != 0;
}

static void clear_flush(void) {
    _mm_setcsr(_mm_getcsr() & ~(unsigned)(MXCSR_DAZ | MXCSR_FTZ));
}

#elif defined(__aarch64__)
#include <stdint.h>

/* FIZ exists with FEAT_AFP only and reads as zero elsewhere; FZ16 concerns half precision. */
#define FPCR_FIZ ((uint64_t)1 << 0)
#define FPCR_FZ16 ((uint64_t)1 << 19)
#define FPCR_FZ ((uint64_t)1 << 24)

static void read_control(struct c4_fpenv *state) {
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    state->flush_results = (fpcr & FPCR_FZ) != 0;
    state->flush_inputs = (fpcr & (FPCR_FZ | FPCR_FIZ)) != 0;
}

static void clear_flush(void) {
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    fpcr &= ~(FPCR_FIZ | FPCR_FZ16 | FPCR_FZ);
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr));
}

#else
#include <float.h>

static void read_control(struct c4_fpenv *state) {
    volatile float smallest = FLT_MIN, half = 0.5f, big = 8388608.0f;
    volatile float result = smallest * half;
    volatile union {
        unsigned bits;
        float value;
    } subnormal = {.bits = 1};
    volatile float scaled = subnormal.value * big;
    state->flush_results = result == 0.0f;
    state->flush_inputs = scaled == 0.0f;
}

static void clear_flush(void) {}
#endif

struct c4_fpenv c4_fpenv_read(void) {
    struct c4_fpenv state = {.rounding = fegetround()};
    read_control(&state);
    return state;
}

const char *c4_fpenv_rounding_name(int rounding) {
    switch (rounding) {
    case FE_TONEAREST:
        return "to nearest";
    case FE_UPWARD:
        return "upward";
    case FE_DOWNWARD:
        return "downward";
    case FE_TOWARDZERO:
        return "toward zero";
    default:
        return "unknown";
    }
}

enum c4_status c4_fpenv_check(void) {
    struct c4_fpenv state = c4_fpenv_read();
    if (state.flush_results || state.flush_inputs)
        return c4_fail(
            C4_ERR_ENVIRONMENT,
            "This thread flushes subnormal numbers to zero (%s), so results would depend "
            "on the machine; a library built with -ffast-math may have switched it on.",
            state.flush_results ? "FTZ" : "DAZ");
    if (state.rounding != FE_TONEAREST)
        return c4_fail(C4_ERR_ENVIRONMENT,
                       "This thread rounds %s instead of to nearest, so results would differ.",
                       c4_fpenv_rounding_name(state.rounding));
    return C4_OK;
}

void c4_fpenv_set_ieee(void) {
    clear_flush();
    fesetround(FE_TONEAREST);
}
