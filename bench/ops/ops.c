#include "bench/ops/ops.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ops/subject.h"
#include "core/cli/interrupt.h"
#include "core/host/clock.h"

static enum c4_status add_row(struct c4_ops_bench *bench, const struct c4_op_shape *shape,
                              const struct c4_backend *backend, const char *name) {
    struct c4_ops_row *row = &bench->rows[bench->count];
    *row = (struct c4_ops_row){.shape = shape, .backend = backend};
    snprintf(row->name, sizeof row->name, "%s", name);
    row->cost = c4_op_cost(shape->slot, &shape->size);
    row->seconds = calloc((size_t)bench->samples, sizeof *row->seconds);
    row->reorder_seconds = calloc((size_t)bench->samples, sizeof *row->reorder_seconds);
    bench->count++;
    if (row->seconds && row->reorder_seconds) return C4_OK;
    return c4_fail(C4_ERR_MEMORY, "no memory for %d samples", bench->samples);
}

static enum c4_status add_rows(struct c4_ops_bench *bench, const struct c4_backend *const *backends,
                               int backend_count, const regex_t *filter) {
    int shapes = c4_op_shapes(bench->batch, bench->threads, bench->shapes);
    bench->rows = calloc((size_t)shapes * (size_t)backend_count, sizeof *bench->rows);
    if (!bench->rows) return c4_fail(C4_ERR_MEMORY, "no memory for the rows");
    for (int i = 0; i < shapes; i++)
        for (int k = 0; k < backend_count; k++) {
            const struct c4_op_shape *shape = &bench->shapes[i];
            char name[96];
            snprintf(name, sizeof name, "%s/%s/%s", c4_slot_name(shape->slot), shape->label,
                     backends[k]->name);
            if (filter && regexec(filter, name, 0, NULL, 0) != 0) continue;
            bool exists;
            C4_TRY(c4_op_subject_exists(backends[k], shape->slot, &shape->size, &exists));
            if (!exists) continue;
            C4_TRY(add_row(bench, shape, backends[k], name));
        }
    return C4_OK;
}

enum c4_status c4_ops_bench_select(struct c4_ops_bench *bench,
                                   const struct c4_backend *const *backends, int backend_count,
                                   const char *filter) {
    regex_t expression;
    int error = filter ? regcomp(&expression, filter, REG_EXTENDED | REG_NOSUB) : 0;
    if (error != 0) {
        char why[128];
        regerror(error, &expression, why, sizeof why);
        return c4_fail(C4_ERR_USAGE, "--filter '%s' is not a regular expression: %s", filter, why);
    }
    enum c4_status status = add_rows(bench, backends, backend_count, filter ? &expression : NULL);
    if (filter) regfree(&expression);
    C4_TRY(status);
    if (bench->count > 0) return C4_OK;
    if (filter)
        return c4_fail(C4_ERR_USAGE,
                       "no benchmark matches --filter '%s' (\"conv4 bench ops --list\" names all)",
                       filter);
    return c4_fail(C4_ERR_USAGE, "backend '%s' implements no op", backends[0]->name);
}

void c4_ops_bench_free(struct c4_ops_bench *bench) {
    for (int i = 0; i < bench->count; i++) {
        free(bench->rows[i].seconds);
        free(bench->rows[i].reorder_seconds);
        c4_text_free(&bench->rows[i].kernel);
        c4_text_free(&bench->rows[i].fault);
    }
    free(bench->rows);
    free(bench->gbench_json);
    bench->rows = NULL;
    bench->gbench_json = NULL;
    bench->count = 0;
}

/* --- prediction --- */

/* *seconds = `scale` times the duration of one warm call. */
static enum c4_status time_call(const struct c4_op_work *work, const struct c4_backend *backend,
                                double scale, double *seconds) {
    struct c4_op_subject subject;
    C4_TRY(c4_op_subject_open(&subject, backend, work));
    enum c4_status status = c4_op_subject_load(&subject);
    if (status == C4_OK) status = c4_op_subject_run(&subject);
    int64_t start_ns = c4_clock_ns();
    if (status == C4_OK) status = c4_op_subject_run(&subject);
    *seconds = scale * (double)(c4_clock_ns() - start_ns) * 1e-9;
    c4_op_subject_close(&subject);
    return status;
}

/* Filling and comparing, per byte. */
static const double fill_seconds_per_byte = 3e-9, check_seconds_per_byte = 0.5e-9;
/* Google Benchmark first searches for the number of calls, in up to four trials. */
enum { TRIALS = 4 };

static enum c4_status predict_rows(const struct c4_ops_bench *bench,
                                   const struct c4_backend *reference,
                                   const struct c4_op_work *work, int first, int last,
                                   double *seconds) {
    const struct c4_op_shape *shape = bench->rows[first].shape;
    double scale = shape->images ? shape->images : 1, call;
    double bytes = bench->threads * bench->rows[first].cost.bytes;
    C4_TRY(time_call(work, reference, scale, &call));
    *seconds += call + bytes * fill_seconds_per_byte + 0.03;
    for (int i = first; i < last; i++) {
        C4_TRY(time_call(work, bench->rows[i].backend, scale, &call));
        double timed = call > bench->sample_seconds ? call : bench->sample_seconds * 1.2;
        double trials = call > bench->sample_seconds ? 1 : TRIALS;
        *seconds += bench->samples * timed + bench->sample_seconds / 5 + trials * call +
                    (bench->samples + trials) * (call + bytes * check_seconds_per_byte);
    }
    return C4_OK;
}

static enum c4_status predict_shape(const struct c4_ops_bench *bench,
                                    const struct c4_backend *reference, int first, int last,
                                    double *seconds) {
    const struct c4_op_shape *shape = bench->rows[first].shape;
    struct c4_op_size size = shape->size;
    if (shape->images) size.n = 1;
    struct c4_op_work work;
    enum c4_status status = c4_op_work_make(&work, shape->slot, &size);
    if (status == C4_OK) status = predict_rows(bench, reference, &work, first, last, seconds);
    c4_op_work_free(&work);
    return status;
}

int c4_ops_bench_shape_end(const struct c4_ops_bench *bench, int first) {
    int last = first;
    while (last < bench->count && bench->rows[last].shape == bench->rows[first].shape) last++;
    return last;
}

enum c4_status c4_ops_bench_predict(const struct c4_ops_bench *bench,
                                    const struct c4_backend *reference, double *seconds) {
    *seconds = 0.5; /* starting the peak loops */
    for (int i = 0, last; i < bench->count; i = last) {
        last = c4_ops_bench_shape_end(bench, i);
        C4_TRY(predict_shape(bench, reference, i, last, seconds));
        C4_TRY(c4_interrupted());
    }
    return C4_OK;
}
