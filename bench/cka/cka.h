/* CKA of each layer with a cached reference, through each backend's Gram slot. */
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
    double flops, bytes;    /* of a comparison */
    double prepare_seconds; /* the reference's side, once */
    double seconds[C4_SAMPLES_MAX];
    int measured;
    char fault[256]; /* why the row is void; "" if its check passed */
};

enum { C4_CKA_ROWS_MAX = 256 };

struct c4_cka_bench {
    int samples, threads;
    struct c4_cka_row rows[C4_CKA_ROWS_MAX]; /* those of one layer and n stand together */
    int count;
    struct c4_peak peak; /* on as many threads, sampled with each round of samples */
};

/* With samples and threads set and the rest 0: adds a row for the layer, n and each backend that
 * has the Gram slot itself. C4_ERR_FAILED beyond C4_CKA_ROWS_MAX. */
enum c4_status c4_cka_bench_add(struct c4_cka_bench *bench, int layer, size_t n,
                                const struct c4_backend *const *backends, int backend_count);

/* About how many seconds the run will take, from comparisons of C4_CKA_CHECK_ROWS rows. */
enum c4_status c4_cka_bench_predict(const struct c4_cka_bench *bench, double *seconds);

/* Times all rows on random features, backends in turn. Before that, the first C4_CKA_CHECK_ROWS
 * rows of the same features are compared through the backend and through `reference` by the same
 * method: equal bits, or within C4_PEER_TOLERANCE of the value. C4_ERR_RESULT if rows are void,
 * after all others were timed; c4_interrupted()'s status after a signal. */
enum { C4_CKA_CHECK_ROWS = 192 };
enum c4_status c4_cka_bench_run(struct c4_cka_bench *bench, const struct c4_backend *reference,
                                void (*tick)(void *context, double flops_done), void *context);

/* FLOPs of the whole run, what `tick` counts up to. */
double c4_cka_bench_flops(const struct c4_cka_bench *bench);

void c4_cka_bench_print(const struct c4_cka_bench *bench);
json_t *c4_cka_bench_json(const struct c4_cka_bench *bench);

#endif
