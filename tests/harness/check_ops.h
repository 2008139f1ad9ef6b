/* How to check each op slot: sizes, special inputs, and the same result by other arithmetic. Arrays
 * and calls are those of core/op/slots.h.
 *
 * core/op/ops.def drives the table, so a test does not build if a slot has no check. */
#ifndef C4_TESTS_HARNESS_CHECK_OPS_H
#define C4_TESTS_HARNESS_CHECK_OPS_H

#include "tests/harness/check.h"

/* The baseline reference, and the same source with FMA instructions where this CPU has them. */
extern const struct c4_backend c4_backend_ref;

enum c4_check_data {
    C4_CHECK_INTEGERS, /* small, so every partial sum is exact in any order */
    C4_CHECK_REALS,    /* uniform in [-1, 1) */
    C4_CHECK_EXTREMES, /* with denormals, huge values and both zeros */
    C4_CHECK_SPECIALS, /* with infinities and NaN */
    C4_CHECK_DATA_KINDS
};

enum {
    C4_CHECK_FINITE = 1 << C4_CHECK_INTEGERS | 1 << C4_CHECK_REALS | 1 << C4_CHECK_EXTREMES,
    C4_CHECK_ALL_DATA = C4_CHECK_FINITE | 1 << C4_CHECK_SPECIALS
};

enum { C4_CHECK_MAX_SIZES = 6 };

struct c4_check_op {
    const char *size_names; /* "n h w": the names of the numbers in use, separated by a space */
    const int (*sizes)[C4_CHECK_MAX_SIZES];
    int size_count;
    int long_sizes;   /* how many at the end of the list run only with REALS, to save time */
    unsigned data;    /* a set of 1 << enum c4_check_data */
    double max_zeros; /* of the outputs, unless the sizes force more */
    /* Converts the numbers of one size. */
    struct c4_op_size (*size)(const int *v);
    /* NULL, or modifies the filled arrays for this op's special cases; may set max_zeros. */
    void (*adjust)(struct c4_check_case *c, enum c4_check_data data, struct c4_check_rng *rng);
    /* Writes the values of array i, by plain loops in double, to want[i], which is NULL for inputs
     * and scratch. Only for INTEGERS and REALS. */
    void (*naive)(const struct c4_check_case *c, double *const *want);
    /* Allowed relative norm against naive for INTEGERS; 0 means equal. */
    double naive_tolerance;
};

#define C4_OP(slot, type) extern const struct c4_check_op c4_check_##slot;
#include "core/op/ops.def"
#undef C4_OP

const struct c4_check_op *c4_check_op(enum c4_op_slot slot);

/* Whether this size runs with these data. */
bool c4_check_runs(enum c4_op_slot slot, int size, enum c4_check_data data);

const char *c4_check_data_name(enum c4_check_data data);

/* Creates the case with its contents; the caller sets `backend` and frees it. false: no memory. */
bool c4_check_make(struct c4_check_case *c, enum c4_op_slot slot, int size, enum c4_check_data data,
                   uint64_t seed);

/* c4_check_against() with the op's naive loops, as far as `data` allows. */
bool c4_check_naive(const struct c4_check_case *c, enum c4_op_slot slot, enum c4_check_data data,
                    struct c4_check_result *result);

/* --- for the checks themselves --- */

/* Values of the given kind. */
void c4_fill(float *values, size_t count, enum c4_check_data data, struct c4_check_rng *rng);

/* Finite and far from underflow, also in EXTREMES and SPECIALS: for the second factor of products
 * where an underflow to -0, or 0 * infinity, would distinguish skipped taps from taps times zero.
 */
void c4_fill_factor(float *values, size_t count, enum c4_check_data data, struct c4_check_rng *rng);

#define C4_CHECK_SIZES(list) .sizes = (list), .size_count = (int)(sizeof(list) / sizeof *(list))

#endif
