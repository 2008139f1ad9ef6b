/* Running the rows of bench ops with Google Benchmark. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/ops/ops.h"
#include "bench/ops/subject.h"
#include "core/cli/interrupt.h"
#include "core/host/clock.h"

#ifdef C4_HAVE_GBENCH

#include "bench/measure/gbench.h"

enum c4_status c4_ops_bench_available(void) {
    return C4_OK;
}

/* The peak is sampled this many times before and after each shape. */
enum { PEAK_SAMPLES = 3 };
static const double peak_seconds = 0.005;

/* One shape's arrays; each thread allocates its own. */
struct crew {
    int threads;
    struct c4_op_work *works;
};

static void free_crew(struct crew *crew) {
    for (int i = 0; crew->works && i < crew->threads; i++) c4_op_work_free(&crew->works[i]);
    free(crew->works);
}

static enum c4_status make_crew(struct crew *crew, const struct c4_op_shape *shape, int threads,
                                c4_op_fn *reference) {
    *crew = (struct crew){threads, calloc((size_t)threads, sizeof *crew->works)};
    if (!crew->works) return c4_fail(C4_ERR_MEMORY, "no memory for %d threads", threads);
    int made = 0;
#pragma omp parallel num_threads(threads) reduction(+ : made)
    made = c4_op_work_make(&crew->works[omp_get_thread_num()], shape->slot, &shape->size) == C4_OK;
    if (made != threads)
        return c4_fail(C4_ERR_MEMORY,
                       "no memory for the arrays of %d threads: choose a smaller --batch", threads);
    c4_op_work_expect(&crew->works[0], reference);
    for (int i = 1; i < threads; i++) c4_op_work_expect_as(&crew->works[i], &crew->works[0]);
    return C4_OK;
}

/* A row's op, once per thread. */
struct timed {
    struct c4_ops_row *row;
    struct crew *crew;
    struct c4_op_subject *subjects; /* [threads] */
    int samples, checks;
    bool interrupted, failed;
};

typedef enum c4_status step_fn(struct c4_op_subject *subject);

/* Runs a step in all threads at once. c4_error() is per thread, so the sentences of other threads
 * are not available here. */
static enum c4_status together(struct timed *timed, step_fn *step) {
    if (timed->crew->threads == 1) return step(timed->subjects);
    int failed = 0;
#pragma omp parallel num_threads(timed->crew->threads) reduction(+ : failed)
    failed = step(&timed->subjects[omp_get_thread_num()]) != C4_OK;
    if (failed == 0) return C4_OK;
    return c4_fail(C4_ERR_FAILED, "%s: failed in %d of %d threads", timed->row->name, failed,
                   timed->crew->threads);
}

static enum c4_status compare(const struct timed *timed) {
    const struct c4_ops_row *row = timed->row;
    for (int i = 0; i < timed->crew->threads; i++)
        C4_TRY(c4_op_work_compare(&timed->crew->works[i], row->name,
                                  row->backend->bit_exact ? 0 : C4_PEER_TOLERANCE));
    return C4_OK;
}

static enum c4_status check(struct timed *timed) {
    for (int i = 0; i < timed->crew->threads; i++) c4_op_work_reset(&timed->crew->works[i]);
    int64_t start_ns = c4_clock_ns();
    C4_TRY(together(timed, c4_op_subject_load));
    int64_t loaded_ns = c4_clock_ns();
    C4_TRY(together(timed, c4_op_subject_run));
    int64_t ran_ns = c4_clock_ns();
    C4_TRY(together(timed, c4_op_subject_store));
    int64_t reorder_ns = c4_clock_ns() - ran_ns + loaded_ns - start_ns;
    /* A ring that keeps the last ones: Google Benchmark's trials come first. */
    timed->row->reorder_seconds[timed->checks++ % timed->samples] = (double)reorder_ns * 1e-9;
    return compare(timed);
}

static bool before(void *context) {
    struct timed *timed = context;
    timed->interrupted = c4_interrupted() != C4_OK;
    if (timed->interrupted) return false;
    if (!timed->failed && check(timed) == C4_OK) return true;
    c4_text_set(&timed->row->fault, c4_error());
    return false;
}

static void call(void *context) {
    struct timed *timed = context;
    if (together(timed, c4_op_subject_run) != C4_OK) timed->failed = true;
}

enum { BACKENDS = 16 };

static void close_subjects(struct timed *timed) {
    for (int i = 0; timed->subjects && i < timed->crew->threads; i++)
        c4_op_subject_close(&timed->subjects[i]);
    free(timed->subjects);
}

/* Opened one after the other, because a library may share what it creates among threads. */
static enum c4_status open_subjects(struct timed *timed) {
    size_t threads = (size_t)timed->crew->threads;
    timed->subjects = calloc(threads, sizeof *timed->subjects);
    if (!timed->subjects) return c4_fail(C4_ERR_MEMORY, "no memory for %zu threads", threads);
    for (size_t i = 0; i < threads; i++)
        C4_TRY(
            c4_op_subject_open(&timed->subjects[i], timed->row->backend, &timed->crew->works[i]));
    if (!timed->subjects[0].api) return C4_OK;
    return c4_text_set(&timed->row->kernel,
                       timed->subjects[0].api->kernel(timed->subjects[0].prepared));
}

static enum c4_status time_rows(struct c4_ops_bench *bench, struct timed *timed, int count,
                                struct c4_gbench *gbench) {
    struct c4_gbench_case cases[BACKENDS];
    struct c4_gbench_counter counters[BACKENDS][3];
    for (int k = 0; k < count; k++) {
        struct c4_ops_row *row = timed[k].row;
        const double threads = timed[k].crew->threads;
        C4_TRY(open_subjects(&timed[k]));
        counters[k][0] =
            (struct c4_gbench_counter){"flops_nominal", threads * row->cost.flops, true};
        counters[k][1] = (struct c4_gbench_counter){"bytes", threads * row->cost.bytes, true};
        counters[k][2] = (struct c4_gbench_counter){"images", threads * row->shape->images, true};
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
    if (!c4_gbench_run(gbench, cases, count, bench->samples, bench->sample_seconds, &error))
        return c4_fail(C4_ERR_FAILED, "%s", error);
    for (int k = 0; k < count; k++) {
        struct c4_ops_row *row = timed[k].row;
        if (timed[k].failed && row->fault.length == 0)
            c4_text_add(&row->fault, "%s: failed while it was timed", row->name);
        if (row->fault.lost)
            return c4_fail(C4_ERR_MEMORY, "%s: no memory for its fault", row->name);
        row->measured = row->fault.length > 0 ? 0 : cases[k].measured;
        row->reorders = timed[k].checks < timed[k].samples ? timed[k].checks : timed[k].samples;
    }
    return c4_interrupted();
}

static enum c4_status run_rows(struct c4_ops_bench *bench, int first, int last, struct crew *crew,
                               struct c4_gbench *gbench) {
    struct timed timed[BACKENDS];
    const int count = last - first;
    for (int k = 0; k < count; k++)
        timed[k] =
            (struct timed){.row = &bench->rows[first + k], .crew = crew, .samples = bench->samples};
    enum c4_status status = time_rows(bench, timed, count, gbench);
    for (int k = 0; k < count; k++) close_subjects(&timed[k]);
    return status;
}

static enum c4_status run_shape(struct c4_ops_bench *bench, const struct c4_backend *reference,
                                int first, int last, struct c4_gbench *gbench) {
    const struct c4_op_shape *shape = bench->rows[first].shape;
    struct crew crew;
    enum c4_status status =
        make_crew(&crew, shape, bench->threads, c4_op_function(reference, shape->slot));
    if (status == C4_OK) {
        for (int i = 0; i < PEAK_SAMPLES; i++) c4_peak_sample(&bench->peak);
        status = run_rows(bench, first, last, &crew, gbench);
        for (int i = 0; i < PEAK_SAMPLES; i++) c4_peak_sample(&bench->peak);
    }
    free_crew(&crew);
    return status;
}

static enum c4_status verdict(const struct c4_ops_bench *bench) {
    int faults = 0;
    const char *fault = "";
    for (int i = 0; i < bench->count; i++)
        if (bench->rows[i].fault.length > 0 && faults++ == 0) fault = bench->rows[i].fault.bytes;
    if (faults == 0) return C4_OK;
    return c4_fail(C4_ERR_RESULT, "%d of %d rows are void because of wrong results: %s%s", faults,
                   bench->count, fault, faults > 1 ? ", ..." : "");
}

enum c4_status c4_ops_bench_run(struct c4_ops_bench *bench, const struct c4_backend *reference,
                                void (*tick)(void *context, int done), void *context) {
    struct c4_gbench *gbench = c4_gbench_open("conv4", C4_VERSION);
    if (!gbench) return c4_fail(C4_ERR_MEMORY, "no memory for Google Benchmark");
    c4_peak_start_best(&bench->peak, bench->threads, peak_seconds);
    enum c4_status status = C4_OK;
    for (int i = 0, last; i < bench->count && status == C4_OK; i = last) {
        last = c4_ops_bench_shape_end(bench, i);
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
