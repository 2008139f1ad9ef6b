/* One call of one op slot with its own arrays, to be checked and then timed. */
#ifndef C4_BENCH_OPS_WORK_H
#define C4_BENCH_OPS_WORK_H

#include "core/base/status.h"
#include "core/op/slots.h"

struct c4_op_array {
    struct c4_op_array_spec spec;
    void *data;    /* 64-byte aligned */
    void *content; /* INOUT: the initial content of `data` */
    void *expect;  /* OUT and INOUT: the reference's result */
};

struct c4_op_work {
    enum c4_op_slot slot;
    struct c4_op_size size;
    struct c4_op_array array[C4_OP_ARRAYS];
    int array_count;
};

/* Allocates the arrays. Inputs are random, uniform in [-1, 1) or as the slot's contract requires,
 * and the same every time. Call c4_op_work_free() in every case. C4_ERR_MEMORY. */
enum c4_status c4_op_work_make(struct c4_op_work *work, enum c4_op_slot slot,
                               const struct c4_op_size *size);
void c4_op_work_free(struct c4_op_work *work);

/* Calls `function` on the arrays. */
void c4_op_work_call(const struct c4_op_work *work, c4_op_fn *function);

/* Calls the reference and keeps its results. */
void c4_op_work_expect(struct c4_op_work *work, c4_op_fn *reference);

/* Expects the same results as `other`, of the same slot and size. */
void c4_op_work_expect_as(struct c4_op_work *work, const struct c4_op_work *other);

/* Before a call that will be compared: poisons outputs and scratch, restores updated inputs. */
void c4_op_work_reset(const struct c4_op_work *work);

/* Compares a call's results with the expected ones: bit for bit (NaNs are equal) if tolerance is 0,
 * else by the relative norm of each output's error. C4_ERR_RESULT with a sentence that begins with
 * `name`. */
enum c4_status c4_op_work_compare(const struct c4_op_work *work, const char *name,
                                  double tolerance);

#endif
