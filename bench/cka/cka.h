/* Times CKA of each layer from features in memory, by each backend's Gram slots: preparing a side,
 * a comparison, both together (the whole value); the product alone; and peers on the same arrays.
 * A value from two files is in files.h. */
#ifndef C4_BENCH_CKA_CKA_H
#define C4_BENCH_CKA_CKA_H

#include <jansson.h>

#include "bench/cka/peers/peers.h"
#include "bench/measure/calibrate.h"
#include "core/host/team.h"
#include "core/similarity/cka.h"

enum c4_cka_subject {
    C4_CKA_VALUE,   /* biased and debiased CKA of two sides */
    C4_CKA_PRODUCT, /* X X' of one side, in float, neither centred nor compared */
    C4_CKA_FILES    /* a value from two NPY files by a new process */
};

/* Seconds of one run; a sample is the mean of the runs in it. Without a peer's clock asked is 0. */
struct c4_cka_sample {
    double whole;            /* of a peer by its own clock */
    double prepare, compare; /* parts of `whole`: one side, and the other side with the value */
    double pack, product; /* parts of `prepare`: a thread's share of both; 0 in the feature form */
    double asked;         /* a peer's run from request to answer, by this process's clock */
};

/* What is measured in turn. */
struct c4_cka_group {
    enum c4_cka_subject subject;
    int layer; /* of a product: C4_LAYERS */
    size_t n;
    int threads, samples;
};

struct c4_cka_row {
    char name[96]; /* [files/]layer/nN/backend[/tN] */
    struct c4_cka_group group;
    size_t p;
    const struct c4_backend *backend; /* NULL: a peer */
    int peer;                         /* index of its name; -1: a backend */
    const char *origin;               /* a backend's variant; a peer's is in told */
    enum c4_cka_method method;
    double flops, bytes; /* of a comparison */
    double whole_flops;
    struct c4_cka_sample *samples; /* [group.samples] */
    int measured;
    enum c4_peer_state state; /* of a backend MEASURED or VOID */
    struct c4_text reason;    /* why, unless it is MEASURED */
    struct c4_text told;      /* of a peer: versions and algorithm; of a backend empty */
};

enum { C4_CKA_TEAMS = 8 };

struct c4_cka_bench {
    double sample_seconds;   /* a sample is one run or more for this long */
    struct c4_cka_row *rows; /* rows of a group are adjacent */
    int count, capacity;
    int threads; /* of the first row; other numbers are part of their rows' names */
    struct c4_cka_peers peers;
    struct c4_peak peaks[C4_CKA_TEAMS]; /* for each number of threads, a sample in each round */
    int peak_count;
    enum c4_pinning pinning; /* of each team */
    struct c4_team team;     /* the last */
    bool has_team;
};

/* Adds a row for each backend that has Gram slots of its own and each peer that is wanted (of
 * products and files: numpy and pytorch only). Numbers of threads come in ascending order. Before
 * the first call sample_seconds and, of peers, `wanted`, `python` and `patience_seconds` are set
 * and the rest is 0. c4_cka_bench_free() in every case. C4_ERR_MEMORY. */
enum c4_status c4_cka_bench_add(struct c4_cka_bench *bench, const struct c4_cka_group *group,
                                const struct c4_backend *const *backends, int backend_count);
void c4_cka_bench_free(struct c4_cka_bench *bench);

/* Estimates how long the backends' rows will take, from comparisons of C4_CKA_CHECK_ROWS examples.
 */
enum c4_status c4_cka_bench_predict(const struct c4_cka_bench *bench, double *seconds);

/* Times all rows but those of files on random features, a group's backends and peers in turn. For
 * each number of threads it starts a team (core/host/team.h) and the peers. First, a row's CKA (or
 * product) of the first C4_CKA_CHECK_ROWS examples is checked against `reference` by the same
 * method: the same bits if the backend is bit-exact, else within C4_PEER_TOLERANCE of the biased
 * value (or of the largest product). Peers' values of all examples are compared with those of the
 * first backend that passed, within C4_PEER_TOLERANCE. A row that differs is void and not timed.
 * `tick` (may be NULL) gets the FLOPs done so far. C4_ERR_RESULT if backends' rows are void, after
 * all others were timed; what became of peers is in their rows; c4_interrupted()'s status after a
 * signal; errors of teams, c4_peers_start() and of memory. */
enum { C4_CKA_CHECK_ROWS = 192 };
enum c4_status c4_cka_bench_run(struct c4_cka_bench *bench, const struct c4_backend *reference,
                                void (*tick)(void *context, double flops_done), void *context);

/* FLOPs of the whole run: the last value that `tick` gets. */
double c4_cka_bench_flops(const struct c4_cka_bench *bench);

/* How many rows from `first` on are of its group. */
int c4_cka_bench_alike(const struct c4_cka_bench *bench, int first);

/* C4_OK, or the error of the peers' row in the worst state: C4_ERR_RESULT if it is void,
 * C4_ERR_FAILED if it failed, C4_ERR_ENVIRONMENT if it is absent and `all` were required or no
 * peer's row was measured. */
enum c4_status c4_cka_bench_verdict(const struct c4_cka_bench *bench, bool all);

/* The median of a member of the samples, which is at `offset` in each. */
struct c4_spread c4_cka_row_spread(const struct c4_cka_row *row, size_t offset);

/* The median of `whole` of the group's fastest backend over the row's samples of a peer: how many
 * times as long the peer takes. NaN: nothing to compare. */
double c4_cka_row_ratio(const struct c4_cka_bench *bench, int row);

/* The row's peak; NULL: none was measured. */
const struct c4_peak *c4_cka_row_peak(const struct c4_cka_bench *bench,
                                      const struct c4_cka_row *row);

/* FLOPs of one side's product, the triangle only: n (n + 1) p. */
double c4_cka_row_product_flops(const struct c4_cka_row *row);

extern const char c4_cka_product_name[]; /* the layer's name of products */

/* The rows as text on stdout and as a JSON array. */
void c4_cka_bench_print(const struct c4_cka_bench *bench);
json_t *c4_cka_bench_json(const struct c4_cka_bench *bench);

#endif
