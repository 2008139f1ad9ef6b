/* A study of the paper's scale whose workers only pretend: they answer like workers, with as many
 * rows, and train nothing. What is left is the load of the coordinator. */
#ifndef C4_TESTS_LOAD_PRETEND_H
#define C4_TESTS_LOAD_PRETEND_H

#include <stdatomic.h>

#include "repro/run/run.h"

/* Rows of an epoch: the first one (0), one in between, the last one with its controls. */
enum { PRETEND_FIRST, PRETEND_INNER, PRETEND_LAST, PRETEND_PARTS };
enum { PRETEND_KINDS = 16 };

/* The rows of runs of a kind, as a real run of a few images gave them. Indices into the rows. */
struct pretend_kind {
    enum c4_run_kind kind;
    int data;
    bool true_labels;
    int result[PRETEND_PARTS + 1], cost[PRETEND_PARTS + 1]; /* part p: [p] .. [p + 1] */
};

/* In a file that the coordinator makes and all workers map; the rows follow. */
struct pretend_shared {
    double segment_seconds;    /* how long a worker pretends to be busy; 0: it answers at once */
    _Atomic uint64_t messages; /* sent by workers and to them */
    _Atomic uint64_t segments; /* answered */
    _Atomic uint64_t wait_ns;  /* between an answer and the next segment */
    int kinds, results, costs;
    struct pretend_kind kind[PRETEND_KINDS];
    struct c4_cost_row cost[]; /* `costs` of them; then `results` struct c4_result_row */
};

/* The environment variable that names that file. */
#define PRETEND_FILE "C4_PRETEND_FILE"

/* Trains a few images in `folder` for each kind of run of the study, and writes the file of their
 * rows. Without the costs that runs share: a reference is prepared by one of all. Errors of runs.
 */
enum c4_status pretend_write(const char *folder, const char *path, double segment_seconds);

/* Maps the file; NULL on failure. */
struct pretend_shared *pretend_map(const char *path);

/* The kind of a run; NULL: none was made. */
const struct pretend_kind *pretend_kind_of(const struct pretend_shared *shared,
                                           const struct c4_run *run);

/* The part that an epoch of the run is. */
int pretend_part(const struct c4_run *run, int64_t epoch);

/* The hidden command `worker` of this program; its exit status. */
int pretend_worker(void);

#endif
