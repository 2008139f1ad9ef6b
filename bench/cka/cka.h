/* Times CKA of each layer with a prepared reference, through each backend's Gram slot. */
#ifndef C4_BENCH_CKA_CKA_H
#define C4_BENCH_CKA_CKA_H

#include <jansson.h>

#include "bench/measure/calibrate.h"
#include "core/similarity/cka.h"

struct c4_cka_row {
    char name[64]; /* layer/nN/backend */
    int layer;
    size_t n;
    const struct c4_backend *backend;
    enum c4_cka_method method;
    double flops, bytes;    /* per comparison */
    double prepare_seconds; /* preparing the reference, once */
    double seconds[C4_SAMPLES_MAX];
    int measured;
    char fault[256]; /* why the row is void; "" if its check passed */
};

enum { C4_CKA_ROWS_MAX = 256 };

struct c4_cka_bench {
    int samples, threads;
    struct c4_cka_row rows[C4_CKA_ROWS_MAX]; /* rows of the same layer and n are adjacent */
    int count;
    struct c4_peak peak; /* on the same number of threads, one sample per round */
};

/* Adds a row of this layer and n for each backend that has a Gram slot of its own. Before the first
 * call, `samples` and `threads` are set and the rest is 0. C4_ERR_FAILED beyond C4_CKA_ROWS_MAX. */
enum c4_status c4_cka_bench_add(struct c4_cka_bench *bench, int layer, size_t n,
                                const struct c4_backend *const *backends, int backend_count);

/* Estimates how long the run will take, from comparisons of C4_CKA_CHECK_ROWS examples. */
enum c4_status c4_cka_bench_predict(const struct c4_cka_bench *bench, double *seconds);

/* Times all rows on random features, the backends in turn. First, a row's CKA of the first
 * C4_CKA_CHECK_ROWS examples is checked against `reference` by the same method: the same bits if
 * the backend is bit-exact, else within C4_PEER_TOLERANCE of the biased value. A row that differs
 * is void and not timed. `tick` (may be NULL) gets the FLOPs done so far. C4_ERR_RESULT if rows are
 * void, after all others were timed; c4_interrupted()'s status after a signal. */
enum { C4_CKA_CHECK_ROWS = 192 };
enum c4_status c4_cka_bench_run(struct c4_cka_bench *bench, const struct c4_backend *reference,
                                void (*tick)(void *context, double flops_done), void *context);

/* FLOPs of the whole run: the last value that `tick` gets. */
double c4_cka_bench_flops(const struct c4_cka_bench *bench);

/* The rows as text on stdout and as a JSON array. */
void c4_cka_bench_print(const struct c4_cka_bench *bench);
json_t *c4_cka_bench_json(const struct c4_cka_bench *bench);

#endif
