#include "bench/ops_bench.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/interrupt.h"
#include "core/host/clock.h"

static enum c4_status add_row(struct c4_ops_bench *bench, const struct c4_op_shape *shape,
                              const struct c4_backend *backend, const char *name) {
    struct c4_ops_row *row = &bench->rows[bench->count];
    *row = (struct c4_ops_row){.shape = shape, .backend = backend};
    snprintf(row->name, sizeof row->name, "%s", name);
    row->cost = c4_op_cost(shape->slot, &shape->size);
    row->seconds = calloc((size_t)bench->samples, sizeof *row->seconds);
    if (!row->seconds) return c4_fail(C4_ERR_MEMORY, "no memory for %d samples", bench->samples);
    bench->count++;
    return C4_OK;
}

static enum c4_status add_rows(struct c4_ops_bench *bench, const struct c4_backend *const *backends,
                               int backend_count, const regex_t *filter) {
    int shapes = c4_op_shapes(bench->batch, bench->shapes);
    bench->rows = calloc((size_t)shapes * (size_t)backend_count, sizeof *bench->rows);
    if (!bench->rows) return c4_fail(C4_ERR_MEMORY, "no memory for the rows");
    for (int i = 0; i < shapes; i++)
        for (int k = 0; k < backend_count; k++) {
            const struct c4_op_shape *shape = &bench->shapes[i];
            if (!c4_op_function(backends[k], shape->slot)) continue;
            char name[96];
            snprintf(name, sizeof name, "%s/%s/%s", c4_slot_name(shape->slot), shape->label,
                     backends[k]->name);
            if (filter && regexec(filter, name, 0, NULL, 0) != 0) continue;
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
    return c4_fail(C4_ERR_USAGE, "backend '%s' has no op of its own", backends[0]->name);
}

void c4_ops_bench_free(struct c4_ops_bench *bench) {
    for (int i = 0; i < bench->count; i++) free(bench->rows[i].seconds);
    free(bench->rows);
    free(bench->gbench_json);
    bench->rows = NULL;
    bench->gbench_json = NULL;
    bench->count = 0;
}

/* --- prediction --- */

/* Seconds of one call, warm. */
static double call_seconds(const struct c4_op_work *work, c4_op_fn *function) {
    work->call(work, function);
    int64_t start_ns = c4_clock_ns();
    work->call(work, function);
    return (double)(c4_clock_ns() - start_ns) * 1e-9;
}

/* Filling and comparing, a byte. */
static const double fill_seconds_per_byte = 3e-9, check_seconds_per_byte = 0.5e-9;
/* Google Benchmark looks for the number of calls first: up to four trials. */
enum { TRIALS = 4 };

static enum c4_status predict_shape(const struct c4_ops_bench *bench,
                                    const struct c4_backend *reference, int first, int last,
                                    double *seconds) {
    const struct c4_op_shape *shape = bench->rows[first].shape;
    struct c4_op_size size = shape->size;
    if (shape->images) size.n = 1;
    double scale = shape->images ? shape->images : 1;
    struct c4_op_work work;
    enum c4_status status = c4_op_work_make(&work, shape->slot, &size);
    if (status == C4_OK) {
        double bytes = bench->rows[first].cost.bytes;
        *seconds += scale * call_seconds(&work, c4_op_function(reference, shape->slot)) +
                    bytes * fill_seconds_per_byte + 0.03;
        for (int i = first; i < last; i++) {
            const struct c4_backend *backend = bench->rows[i].backend;
            double call = scale * call_seconds(&work, c4_op_function(backend, shape->slot));
            double timed = call > bench->sample_seconds ? call : bench->sample_seconds * 1.2;
            double trials = call > bench->sample_seconds ? 1 : TRIALS;
            *seconds += bench->samples * timed + bench->sample_seconds / 5 + trials * call +
                        (bench->samples + trials) * (call + bytes * check_seconds_per_byte);
        }
    }
    c4_op_work_free(&work);
    return status;
}

/* The row behind the last one of the same shape. */
static int shape_end(const struct c4_ops_bench *bench, int first) {
    int last = first;
    while (last < bench->count && bench->rows[last].shape == bench->rows[first].shape) last++;
    return last;
}

enum c4_status c4_ops_bench_predict(const struct c4_ops_bench *bench,
                                    const struct c4_backend *reference, double *seconds) {
    *seconds = 0.5; /* the peak loops' start */
    for (int i = 0; i < bench->count; i = shape_end(bench, i)) {
        C4_TRY(predict_shape(bench, reference, i, shape_end(bench, i), seconds));
        C4_TRY(c4_interrupted());
    }
    return C4_OK;
}

/* --- running --- */

#ifdef C4_HAVE_GBENCH

#include "bench/gbench.h"

enum c4_status c4_ops_bench_available(void) {
    return C4_OK;
}

/* The peak is sampled this many times before and after each shape. */
enum { PEAK_SAMPLES = 3 };
static const double peak_seconds = 0.005;

struct timed {
    struct c4_ops_row *row;
    const struct c4_op_work *work;
    c4_op_fn *function;
    bool interrupted;
};

static bool before(void *context) {
    struct timed *timed = context;
    timed->interrupted = c4_interrupted() != C4_OK;
    if (timed->interrupted) return false;
    struct c4_ops_row *row = timed->row;
    double tolerance = row->backend->bit_exact ? 0 : C4_PEER_TOLERANCE;
    if (c4_op_work_check(timed->work, row->name, timed->function, tolerance) == C4_OK) return true;
    snprintf(row->fault, sizeof row->fault, "%s", c4_error());
    return false;
}

static void call(void *context) {
    const struct timed *timed = context;
    timed->work->call(timed->work, timed->function);
}

enum { BACKENDS = 16 };

static enum c4_status run_rows(struct c4_ops_bench *bench, int first, int last,
                               const struct c4_op_work *work, struct c4_gbench *gbench) {
    struct timed timed[BACKENDS];
    struct c4_gbench_case cases[BACKENDS];
    struct c4_gbench_counter counters[BACKENDS][3];
    for (int i = first; i < last; i++) {
        struct c4_ops_row *row = &bench->rows[i];
        int k = i - first;
        timed[k] = (struct timed){row, work, c4_op_function(row->backend, row->shape->slot), false};
        counters[k][0] = (struct c4_gbench_counter){"flops_nominal", row->cost.flops, true};
        counters[k][1] = (struct c4_gbench_counter){"bytes", row->cost.bytes, true};
        counters[k][2] = (struct c4_gbench_counter){"images", row->shape->images, true};
        cases[k] = (struct c4_gbench_case){.name = row->name,
                                           .label = row->backend->variant,
                                           .context = &timed[k],
                                           .before = before,
                                           .call = call,
                                           .counters = counters[k],
                                           .counter_count = row->shape->images ? 3 : 2,
                                           .seconds = row->seconds};
    }
    const char *error;
    bool ran =
        c4_gbench_run(gbench, cases, last - first, bench->samples, bench->sample_seconds, &error);
    if (!ran) return c4_fail(C4_ERR_FAILED, "%s", error);
    for (int i = first; i < last; i++) {
        struct c4_ops_row *row = &bench->rows[i];
        row->measured = row->fault[0] ? 0 : cases[i - first].measured;
    }
    return c4_interrupted();
}

static enum c4_status run_shape(struct c4_ops_bench *bench, const struct c4_backend *reference,
                                int first, int last, struct c4_gbench *gbench) {
    const struct c4_op_shape *shape = bench->rows[first].shape;
    struct c4_op_work work;
    enum c4_status status = c4_op_work_make(&work, shape->slot, &shape->size);
    if (status == C4_OK) {
        c4_op_work_expect(&work, c4_op_function(reference, shape->slot));
        for (int i = 0; i < PEAK_SAMPLES; i++) c4_peak_sample(&bench->peak);
        status = run_rows(bench, first, last, &work, gbench);
        for (int i = 0; i < PEAK_SAMPLES; i++) c4_peak_sample(&bench->peak);
    }
    c4_op_work_free(&work);
    return status;
}

static enum c4_status verdict(const struct c4_ops_bench *bench) {
    int faults = 0;
    const char *fault = "";
    for (int i = 0; i < bench->count; i++)
        if (bench->rows[i].fault[0] && faults++ == 0) fault = bench->rows[i].fault;
    if (faults == 0) return C4_OK;
    return c4_fail(C4_ERR_RESULT, "%d of %d rows are void, their results are wrong: %s%s", faults,
                   bench->count, fault, faults > 1 ? ", ..." : "");
}

enum c4_status c4_ops_bench_run(struct c4_ops_bench *bench, const struct c4_backend *reference,
                                void (*tick)(void *context, int done), void *context) {
    struct c4_gbench *gbench = c4_gbench_open("conv4", C4_VERSION);
    if (!gbench) return c4_fail(C4_ERR_MEMORY, "no memory for Google Benchmark");
    c4_peak_start_best(&bench->peak, 1, peak_seconds);
    enum c4_status status = C4_OK;
    for (int i = 0; i < bench->count && status == C4_OK; i = shape_end(bench, i)) {
        int last = shape_end(bench, i);
        status = last - i > BACKENDS ? c4_fail(C4_ERR_FAILED, "more than %d backends", BACKENDS)
                                     : run_shape(bench, reference, i, last, gbench);
        if (tick) tick(context, last);
    }
    bench->gbench_json = c4_gbench_json(gbench);
    c4_gbench_close(gbench);
    C4_TRY(status);
    return verdict(bench);
}

#else

enum c4_status c4_ops_bench_available(void) {
    return c4_fail(C4_ERR_ENVIRONMENT,
                   "this build has no Google Benchmark: install libbenchmark-dev and g++, and "
                   "build again");
}

enum c4_status c4_ops_bench_run(struct c4_ops_bench *bench, const struct c4_backend *reference,
                                void (*tick)(void *context, int done), void *context) {
    (void)bench;
    (void)reference;
    (void)tick;
    (void)context;
    return c4_ops_bench_available();
}

#endif
