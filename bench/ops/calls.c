/* The ops of bench ops called for counters of instructions; needs no Google Benchmark. */
#include "bench/ops/ops.h"
#include "bench/ops/subject.h"
#include "core/cli/interrupt.h"

/* The first call alone binds the symbols that the op uses, and makes what it keeps. */
static enum c4_status call(struct c4_op_subject *subject, int calls) {
    C4_TRY(c4_op_subject_load(subject));
    C4_TRY(c4_op_subject_run(subject));
    for (int i = 0; i < calls; i++) C4_TRY(c4_op_subject_count(subject));
    return c4_interrupted();
}

static enum c4_status call_rows(const struct c4_ops_bench *bench, const struct c4_op_work *work,
                                int first, int last, int calls) {
    for (int i = first; i < last; i++) {
        struct c4_op_subject subject;
        C4_TRY(c4_op_subject_open(&subject, bench->rows[i].backend, work));
        enum c4_status status = call(&subject, calls);
        c4_op_subject_close(&subject);
        C4_TRY(status);
    }
    return C4_OK;
}

enum c4_status c4_ops_bench_call(const struct c4_ops_bench *bench, int calls) {
    for (int i = 0, last; i < bench->count; i = last) {
        const struct c4_op_shape *shape = bench->rows[i].shape;
        struct c4_op_work work;
        last = c4_ops_bench_shape_end(bench, i);
        enum c4_status status = c4_op_work_make(&work, shape->slot, &shape->size);
        if (status == C4_OK) status = call_rows(bench, &work, i, last, calls);
        c4_op_work_free(&work);
        C4_TRY(status);
    }
    return C4_OK;
}
