/* One call of one op slot, with arrays of its own: to be timed, and to be checked before. */
#ifndef C4_BENCH_OPS_WORK_H
#define C4_BENCH_OPS_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/cost/op_cost.h"

typedef void c4_op_fn(void); /* any slot's function; the call casts it back */

enum c4_op_type { C4_OP_F32, C4_OP_F64, C4_OP_I64, C4_OP_U8 };
enum c4_op_role { C4_OP_IN, C4_OP_OUT, C4_OP_INOUT, C4_OP_SCRATCH };

struct c4_op_array {
    const char *name;
    enum c4_op_type type;
    enum c4_op_role role;
    size_t count;  /* elements */
    void *data;    /* 64-byte aligned */
    void *content; /* INOUT: what `data` held at first */
    void *expect;  /* OUT and INOUT: what the reference leaves */
};

enum { C4_OP_ARRAYS = 8 };

struct c4_op_work {
    enum c4_op_slot slot;
    struct c4_op_size size;
    struct c4_op_array array[C4_OP_ARRAYS];
    int array_count;
    void (*call)(const struct c4_op_work *work, c4_op_fn *function);
};

/* The slot's function; NULL if the backend has none. */
c4_op_fn *c4_op_function(const struct c4_backend *backend, enum c4_op_slot slot);

/* Makes the arrays; inputs are random, uniform in [-1, 1) or as the slot's contract wants them, and
 * the same every time. c4_op_work_free() in every case. C4_ERR_MEMORY. */
enum c4_status c4_op_work_make(struct c4_op_work *work, enum c4_op_slot slot,
                               const struct c4_op_size *size);
void c4_op_work_free(struct c4_op_work *work);

/* Calls the reference and keeps what it leaves. */
void c4_op_work_expect(struct c4_op_work *work, c4_op_fn *reference);

/* Expects what `other`, of the same slot and size, does. */
void c4_op_work_expect_as(struct c4_op_work *work, const struct c4_op_work *other);

/* Before a call that is to be compared: poisons the outputs, puts inputs that are updated back. */
void c4_op_work_reset(const struct c4_op_work *work);

/* Compares what a call has left with what is expected: bit for bit (NaNs are equal) if tolerance is
 * 0, else by the relative norm of each output's error. C4_ERR_RESULT with a sentence that begins
 * with `name`. */
enum c4_status c4_op_work_compare(const struct c4_op_work *work, const char *name,
                                  double tolerance);

/* --- for the slots' table, op_slots.c --- */

/* Adds the arrays of `slot` and sets `call`. Behind those of a slot that takes Winograd's u or ut
 * stand the weights that these were made from. */
void c4_op_slot_arrays(struct c4_op_work *work);

/* Adds an array, floats and doubles filled with random values, and returns its data; NULL without
 * memory, which c4_op_work_make() notices. */
void *c4_op_add(struct c4_op_work *work, const char *name, enum c4_op_type type,
                enum c4_op_role role, size_t count);

/* Random bytes from 0 to bound - 1; NULL is skipped. */
void c4_op_bytes(const struct c4_op_work *work, uint8_t *bytes, size_t count, uint32_t bound);

#endif
