/* A harness for the kernels of op slots, in the spirit of checkasm.
 *
 * A case is one call of one kernel: its arrays, their contents, and the reference's outputs.
 * c4_check_run() calls the kernel four times: twice with the last byte of every array just before
 * an inaccessible page, and twice with the first byte just after one. The arrays are surrounded by
 * guard bands; outputs are poisoned before each call, with two different patterns. A fault is a
 * result and never ends the process, so that planted faults can be tested.
 *
 * Environment: C4_CHECK_SEED (a number) seeds all inputs; C4_CHECK_ONLY=backend/slot runs only that
 * pair. Only one thread at a time may use the harness. */
#ifndef C4_TESTS_HARNESS_CHECK_H
#define C4_TESTS_HARNESS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/base/rng.h"
#include "core/op/slots.h"

/* --- random inputs --- */

/* C4_CHECK_SEED, or 1. */
uint64_t c4_check_seed(void);

/* A separate stream for every label, so no case depends on earlier ones. */
struct c4_check_rng {
    uint64_t seed, index;
    uint32_t stream;
    struct c4_rng_block block; /* of the last word */
};

struct c4_check_rng c4_check_rng_start(uint64_t seed, const char *label);
uint32_t c4_check_rng_word(struct c4_check_rng *rng);
double c4_check_rng_unit(struct c4_check_rng *rng);                      /* [0, 1) */
int c4_check_rng_between(struct c4_check_rng *rng, int first, int last); /* both included */

/* --- a case --- */

enum { C4_CHECK_TEXT_BYTES = 2048 };

/* By role: IN must not change; OUT must be overwritten, except where the reference leaves it alone;
 * INOUT is read, then overwritten; SCRATCH may hold anything afterwards. */
struct c4_check_array {
    struct c4_op_array_spec spec; /* count >= 1 */
    void *content;                /* before the call: IN and INOUT */
    void *expect;                 /* after the reference's call: OUT and INOUT */
};

struct c4_check_case {
    const char *backend, *data;
    enum c4_op_slot slot;
    char shape[96]; /* the size as text */
    uint64_t seed;
    struct c4_op_size size;
    struct c4_check_array array[C4_OP_ARRAYS]; /* of c4_op_arrays() */
    int array_count;
    double tolerance; /* 0: bit for bit, all NaNs equal; else |got - want| <= tolerance |want| */
    double max_zeros; /* the largest fraction of zeros that any output may have */
};

/* Adds an array with zeroed content and returns the content; NULL (and the case fails) if there is
 * no memory or no room. */
void *c4_check_add(struct c4_check_case *c, const struct c4_op_array_spec *spec);
void c4_check_free(struct c4_check_case *c);

/* The element as a double; 64-bit integers beyond 2^53 are rounded. */
double c4_check_value(enum c4_op_type type, const void *values, size_t i);

/* --- running --- */

enum c4_check_fault {
    C4_CHECK_PASSED = 0,
    C4_CHECK_SIGNAL,    /* SIGSEGV (a guard page was touched), SIGBUS, SIGILL or SIGFPE */
    C4_CHECK_CONTROL,   /* rounding mode, flush-to-zero, ... changed */
    C4_CHECK_BAND,      /* wrote outside its arrays */
    C4_CHECK_INPUT,     /* changed an input */
    C4_CHECK_UNWRITTEN, /* left poison in an output */
    C4_CHECK_VALUE,     /* differs from the reference */
    C4_CHECK_STATE,     /* the second call differs from the first */
    C4_CHECK_VACUOUS,   /* proves nothing: too many zeros, or a tolerance as large as the signal */
    C4_CHECK_SETUP      /* no memory */
};

struct c4_check_result {
    enum c4_check_fault fault;
    char text[C4_CHECK_TEXT_BYTES]; /* a line to repeat the case, then at most 8 differences */
};

const char *c4_check_fault_name(enum c4_check_fault fault);

/* Runs the reference on the case and keeps its outputs in `expect`. false: no memory. */
bool c4_check_expect(struct c4_check_case *c, c4_op_fn *reference);

/* Runs `kernel`; true if it passed. */
bool c4_check_run(const struct c4_check_case *c, c4_op_fn *kernel, struct c4_check_result *result);

/* Compares the expected values with independent ones: want[i] for array i, or NULL; a NaN in
 * want[i] marks an element that must be left alone. Exactly if tolerance is 0, else by relative
 * norm. `result` receives the fault; true if they agree. */
bool c4_check_against(const struct c4_check_case *c, double *const *want, double tolerance,
                      struct c4_check_result *result);

/* True unless C4_CHECK_ONLY names another pair. */
bool c4_check_wanted(const char *backend, const char *slot);

/* --- counting --- */

struct c4_check_tally {
    int cases, failures;
};

/* Counts the result and prints it to `out` if it is a failure. */
void c4_check_count(struct c4_check_tally *tally, const struct c4_check_result *result, FILE *out);

/* True if cases ran and none failed. */
bool c4_check_passed(const struct c4_check_tally *tally);

#endif
