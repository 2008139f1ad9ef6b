/* Instructions of a step and of ops, as callgrind counts them. */
#include <jansson.h>
#include <string.h>

#include "bench/exact/callgrind.h"
#include "bench/exact/parts.h"
#include "bench/measure/disclose.h"

/* A count that failed is missing, and that is all. */
static enum c4_status note(struct c4_exact *exact, const char *of, enum c4_status status) {
    if (status == C4_ERR_MEMORY || c4_is_partial(status)) return status;
    return c4_exact_note(exact, "the instructions of %s are unknown: %s", of, c4_error());
}

/* --- a step --- */

struct step {
    double total; /* of the last part */
};

static void take_step(void *context, int k, double total) {
    struct step *step = context;
    (void)k;
    step->total = total;
}

static enum c4_status count_step(const struct c4_exact_work *work, struct c4_callgrind *run,
                                 struct step *step) {
    /* Only options that version 0.1.0 has. */
    const char *const words[] = {
        work->program,   "train", "--batches", "2", "--batch",   "8",           "--images", "32",
        "--test-images", "1",     "--threads", "1", "--backend", work->counted, "-q",       NULL};
    static const struct c4_callgrind_scope scope = {.collect =
                                                        "--toggle-collect=c4_train_batches_run",
                                                    .dump = "--dump-before=c4_interrupted",
                                                    .without_heap = true};
    C4_TRY(c4_callgrind_run(&scope, words, run));
    if (c4_callgrind_totals(run->parts, take_step, step) >= 2 && step->total > 0) return C4_OK;
    return c4_fail(
        C4_ERR_FAILED,
        "callgrind did not find the steps of \"%s train\"; is it stripped of its symbols?",
        work->program);
}

/* The last part lies between the looks for a signal after the first step and after the second one,
 * so that nothing is in it that is done only once. */
enum c4_status c4_exact_step(struct c4_exact_work *work) {
    struct c4_callgrind run;
    struct step step = {0};
    if (!work->counted) return C4_OK;
    enum c4_status status = count_step(work, &run, &step);
    c4_callgrind_free(&run);
    if (status != C4_OK) return note(work->exact, "a step", status);
    return c4_exact_add(work->exact, "step/", work->counted,
                        (struct c4_exact_value){.benchmark = "step",
                                                .unit = "instructions",
                                                .batch = 8,
                                                .threads = 1,
                                                .value = step.total});
}

/* --- ops --- */

struct ops {
    struct c4_exact *exact;
    const json_t *rows; /* of the program's output, in the order of the parts */
    enum c4_status status;
};

static void skip_op(void *context, int k, double total) {
    (void)context;
    (void)k;
    (void)total;
}

static void take_op(void *context, int k, double total) {
    struct ops *ops = context;
    const json_t *row = json_array_get(ops->rows, (size_t)k);
    const char *name = json_string_value(json_object_get(row, "name"));
    if (ops->status == C4_OK && name)
        ops->status = c4_exact_add(ops->exact, "", name,
                                   (struct c4_exact_value){.benchmark = "ops",
                                                           .unit = "instructions",
                                                           .batch = 1,
                                                           .threads = 1,
                                                           .value = total});
}

static enum c4_status call_ops(const struct c4_exact_work *work, struct c4_callgrind *run) {
    const char *filter = work->request->filter;
    const char *const words[] = {work->program,
                                 "bench",
                                 "ops",
                                 "--json",
                                 "--calls",
                                 "1",
                                 "--batch",
                                 "1",
                                 "--threads",
                                 "1",
                                 "--backend",
                                 work->counted,
                                 filter ? "--filter" : NULL,
                                 filter,
                                 NULL};
    static const struct c4_callgrind_scope scope = {.collect =
                                                        "--toggle-collect=c4_op_subject_count",
                                                    .dump = "--dump-after=c4_op_subject_count"};
    enum c4_status status = c4_callgrind_run(&scope, words, run);
    if (status != C4_ERR_FAILED) return status;
    return c4_fail(status, "%s; \"bench ops\" of older programs has no --calls", c4_error());
}

/* Values only if each row has its part: otherwise they might be another row's. */
static enum c4_status take_ops(struct c4_exact_work *work, const struct c4_callgrind *run) {
    const struct c4_child *child = &run->child;
    json_t *object = child->text ? json_loadb(child->text, child->used, 0, NULL) : NULL;
    struct ops ops = {.exact = work->exact, .rows = json_object_get(object, "rows")};
    int parts = c4_callgrind_totals(run->parts, skip_op, NULL);
    size_t rows = json_array_size(ops.rows);
    if (parts > 0 && (size_t)parts == rows)
        c4_callgrind_totals(run->parts, take_op, &ops);
    else
        ops.status = c4_fail(C4_ERR_FAILED,
                             "callgrind has counted %d calls of %zu ops of \"%s\"; is it stripped "
                             "of its symbols?",
                             parts < 0 ? 0 : parts, rows, work->program);
    json_decref(object);
    return ops.status;
}

enum c4_status c4_exact_ops(struct c4_exact_work *work) {
    struct c4_callgrind run;
    if (!work->counted || !work->request->ops) return C4_OK;
    enum c4_status status = call_ops(work, &run);
    if (status == C4_OK) status = take_ops(work, &run);
    c4_callgrind_free(&run);
    return status == C4_OK ? C4_OK : note(work->exact, "ops", status);
}
