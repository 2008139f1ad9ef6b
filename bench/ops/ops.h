/* Benchmarks of single ops, all backends side by side, timed by Google Benchmark. */
#ifndef C4_BENCH_OPS_OPS_H
#define C4_BENCH_OPS_OPS_H

#include <jansson.h>

#include "bench/measure/calibrate.h"
#include "bench/ops/list.h"
#include "bench/ops/work.h"
#include "core/base/text.h"
#include "core/cost/op_cost.h"

struct c4_ops_row {
    char name[96]; /* slot/label/backend */
    const struct c4_op_shape *shape;
    const struct c4_backend *backend;
    struct c4_op_cost cost;  /* of one thread's call */
    double *seconds;         /* [samples] of a call by all threads */
    int measured;            /* number of samples; below `samples` only after a fault or a signal */
    double *reorder_seconds; /* [samples] from and to canonical layouts, not part of the call */
    int reorders;            /* number of these */
    struct c4_text kernel;   /* a library's name for its kernel; empty: the backend's own */
    struct c4_text fault;    /* why the row is void; empty if its checks passed */
};

/* Each of `threads` OpenMP threads calls the op at the same time, on `batch` images of its own. */
struct c4_ops_bench {
    int batch, threads, samples;
    double sample_seconds;
    struct c4_op_shape shapes[C4_OP_SHAPES_MAX];
    struct c4_ops_row *rows; /* those of one shape are adjacent */
    int count;
    struct c4_peak peak; /* for this number of threads, sampled around each shape */
    char *gbench_json;   /* of the run, for c4_ops_bench_save() */
};

/* With batch, threads, samples and sample_seconds set and the rest 0: adds a row for each shape and
 * each of the `backends` that has the op itself or prepares it in its own layouts, if `filter` (a
 * POSIX extended regular expression; NULL: all) matches anywhere in its name. C4_ERR_USAGE: a bad
 * expression, or no row. Call c4_ops_bench_free() in every case. */
enum c4_status c4_ops_bench_select(struct c4_ops_bench *bench,
                                   const struct c4_backend *const *backends, int backend_count,
                                   const char *filter);
void c4_ops_bench_free(struct c4_ops_bench *bench);

/* Index after the last row of the same shape as row `first`. */
int c4_ops_bench_shape_end(const struct c4_ops_bench *bench, int first);

/* Estimates the run's duration from single calls for one image (under a second). */
enum c4_status c4_ops_bench_predict(const struct c4_ops_bench *bench,
                                    const struct c4_backend *reference, double *seconds);

/* Times all rows, shape by shape, with the samples of a shape's rows in random order. Before each
 * sample the row is checked against `reference`, bit for bit or within C4_PEER_TOLERANCE depending
 * on its backend; a row is void from its first fault on. `tick` (may be NULL) receives the number
 * of rows done. C4_ERR_RESULT if rows are void, after all others were timed; C4_ERR_ENVIRONMENT in
 * a build without Google Benchmark; c4_interrupted()'s status after a signal, with the rows done so
 * far. */
enum c4_status c4_ops_bench_run(struct c4_ops_bench *bench, const struct c4_backend *reference,
                                void (*tick)(void *context, int done), void *context);

/* Calls the op of each row on the calling thread, once without counting and then `calls` times
 * through c4_op_subject_count(). Nothing is timed, checked or kept. C4_ERR_MEMORY,
 * c4_interrupted()'s status after a signal, or the failure of an op that is prepared. */
enum c4_status c4_ops_bench_call(const struct c4_ops_bench *bench, int calls);

/* C4_OK if this build has Google Benchmark; otherwise C4_ERR_ENVIRONMENT, naming what to install.
 */
enum c4_status c4_ops_bench_available(void);

/* Rows as text on stdout and as a JSON array. */
void c4_ops_bench_print(const struct c4_ops_bench *bench);
json_t *c4_ops_bench_json(const struct c4_ops_bench *bench);

/* Google Benchmark's own JSON, without the host's name; C4_ERR_FAILED if it is not valid JSON. */
enum c4_status c4_ops_bench_save(const struct c4_ops_bench *bench, const char *path);

#endif
