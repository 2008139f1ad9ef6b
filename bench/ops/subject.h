/* The op that a row of bench ops times: a slot's function on canonical arrays, or a convolution
 * prepared in its backend's own layouts (core/op/prepared.h). */
#ifndef C4_BENCH_OPS_SUBJECT_H
#define C4_BENCH_OPS_SUBJECT_H

#include "bench/ops/work.h"
#include "core/op/prepared.h"

struct c4_op_subject {
    const struct c4_op_work *work;
    c4_op_fn *function;                /* unused if prepared */
    const struct c4_prepared_api *api; /* NULL: `function` is called */
    struct c4_prepared *prepared;
};

/* *exists = whether the backend has this op for this size, itself or prepared. Fails if preparing
 * it fails for another reason than the lack of a kernel. */
enum c4_status c4_op_subject_exists(const struct c4_backend *backend, enum c4_op_slot slot,
                                    const struct c4_op_size *size, bool *exists);

/* The backend's op on the arrays of `work`, which must outlive it. After an error there is nothing
 * to close. */
enum c4_status c4_op_subject_open(struct c4_op_subject *subject, const struct c4_backend *backend,
                                  const struct c4_op_work *work);
void c4_op_subject_close(struct c4_op_subject *subject); /* zeroed: allowed */

/* load: converts the work's inputs to the op's layouts. run: the op. store: converts back to the
 * work's outputs. load and store do nothing for a function on canonical arrays. */
enum c4_status c4_op_subject_load(struct c4_op_subject *subject);
enum c4_status c4_op_subject_run(struct c4_op_subject *subject);
enum c4_status c4_op_subject_store(struct c4_op_subject *subject);

/* c4_op_subject_run() under a name at which counters of instructions can be switched on and off: it
 * is never inlined, and returns only after the op has. */
__attribute__((noinline)) enum c4_status c4_op_subject_count(struct c4_op_subject *subject);

#endif
