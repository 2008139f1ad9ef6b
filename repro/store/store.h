/* The study on disk: FOLDER/study.db (SQLite) with one writer, safe to kill at any moment.
 *
 * Tables: schema, writer (the lock), setting (what all rows of this folder have in common), run,
 * provenance, result (no times: two studies with the same settings have the same rows, bit for
 * bit), cost (times and places) and checkpoint. The view results joins result with its provenance.
 *
 * Rows of a segment of epochs appear together with its checkpoint's hash in one transaction, after
 * the checkpoint's file has its final name. Every transaction checks that the lock is still ours.
 * The journal is truncated rather than shared memory used, so that the folder may lie on NFS or
 * Lustre.
 *
 * Statuses: a missing permission is C4_ERR_ENVIRONMENT; a damaged, foreign or newer database
 * C4_ERR_DATA; a lock held by others, other settings, a full disk C4_ERR_FAILED. One thread at a
 * time. */
#ifndef C4_REPRO_STORE_STORE_H
#define C4_REPRO_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/file/sha256.h"

enum { C4_STORE_SCHEMA = 3, C4_STORE_PATH_SIZE = 4096 };

struct c4_store;

/* Opens or makes the study in `folder` and takes its lock, which names host, process and a lease
 * number that only grows. A lock whose process is gone is taken over; one of a live process is
 * refused, and so is one of another host, whose processes cannot be seen from here, unless
 * `take_over`. *store is NULL on failure. */
enum c4_status c4_store_open(const char *folder, bool take_over, struct c4_store **store);

/* Gives the lock back. NULL is fine. */
void c4_store_close(struct c4_store *store);

/* Moves study.db, checkpoints/ and figures/ of `folder` into the new folder FOLDER/previous-<date>,
 * whose name goes to moved ("" if there was nothing to move). Nothing is deleted and nothing else
 * is touched. A study that a live process writes to is refused. */
enum c4_status c4_store_set_aside(const char *folder, char moved[C4_STORE_PATH_SIZE]);

/* All that is written from here to c4_store_end() is one transaction: with C4_OK it is all there,
 * with another status, which is returned, or if the process is killed nothing of it. */
enum c4_status c4_store_begin(struct c4_store *store);
enum c4_status c4_store_end(struct c4_store *store, enum c4_status status);

/* Remembers a setting, or compares it with the one that is there: C4_ERR_FAILED says what differs.
 */
enum c4_status c4_store_setting(struct c4_store *store, const char *name, const char *value);

/* Remembers a setting in place of the one that is there. */
enum c4_status c4_store_setting_put(struct c4_store *store, const char *name, const char *value);

/* The setting's value, or "" if it is not there. */
enum c4_status c4_store_setting_read(struct c4_store *store, const char *name, char *value,
                                     size_t size);

/* Makes the run known as planned, or compares its spec with the one that is there. */
enum c4_status c4_store_run_add(struct c4_store *store, const char *run, const char *spec);

/* How far a run is, in table `run` and while a coordinator hands runs out. */
enum c4_run_state {
    C4_RUN_PLANNED, /* nobody has begun it, or nobody goes on with it at present */
    C4_RUN_RUNNING,
    C4_RUN_DONE,
    C4_RUN_FAILED /* given up until the next start */
};
extern const char *const c4_run_state_names[]; /* as in run.status; NULL ends it */

/* Where numbers come from. */
struct c4_provenance {
    const char *data, *data_sha256;             /* what was trained on: c4_dataset_text() */
    const char *evaluation, *evaluation_sha256; /* what was measured on, likewise */
    const char *code_version;
    int arithmetic;
    const char *backend;
    bool synthetic;  /* either set is made up */
    bool substitute; /* either set stands for an official one */
};

/* Rows are plain values, so that they can pass through a pipe. */
struct c4_result_row {
    int64_t epoch;
    char quantity[24];
    char layer[8], reference[24], images[16]; /* "" where the quantity has none */
    char statistics[8];                       /* "batch", "running" */
    double value;
    int64_t n; /* images behind the value */
};

struct c4_cost_row {
    int64_t epoch;
    char what[24];  /* "train", "train_phase" (parts of "train"), "cka", ... */
    char layer[16]; /* or phase of training; "" where it has none */
    char method[8]; /* of CKA; "" elsewhere */
    double seconds;
    double images_per_s, flops, bytes; /* 0: not known */
    char started[24], ended[24];       /* of the epoch, UTC */
};

/* The rows of some epochs of a run, and the checkpoint that it can go on from. */
struct c4_store_segment {
    const char *run;
    enum c4_run_state state; /* of the run from now on */
    const struct c4_provenance *provenance;
    const char *cross_images;                     /* rows on these images have another one; NULL */
    const struct c4_provenance *cross_provenance; /* NULL without cross_images */
    const struct c4_result_row *results;
    int result_count;
    const struct c4_cost_row *costs;
    int cost_count;
    int threads;
    const char *place;      /* the PUs of the worker, as "0-3" */
    uint32_t epoch;         /* of the checkpoint */
    const char *checkpoint; /* path in the folder */
    char checkpoint_sha256[C4_SHA256_HEX_SIZE];
};

enum { C4_STORE_KEPT = 2 }; /* checkpoints of a run: the last, and one in case it is damaged */

/* One transaction: all of it or nothing. Checkpoints before the last C4_STORE_KEPT leave the table.
 */
enum c4_status c4_store_segment(struct c4_store *store, const struct c4_store_segment *segment);

enum c4_status c4_store_run_set_state(struct c4_store *store, const char *run,
                                      enum c4_run_state state);

/* The state of a run; C4_RUN_PLANNED if the store does not know it. */
enum c4_status c4_store_run_state(struct c4_store *store, const char *run,
                                  enum c4_run_state *state);

struct c4_store_checkpoint {
    uint32_t epoch;
    char path[160]; /* in the folder */
    char sha256[C4_SHA256_HEX_SIZE];
};

/* The newest checkpoints of a run first, `capacity` at most. */
enum c4_status c4_store_checkpoints(struct c4_store *store, const char *run,
                                    struct c4_store_checkpoint *checkpoints, int capacity,
                                    int *count);

/* Removes all of the run's rows and its checkpoints from the table, and plans it anew. */
enum c4_status c4_store_restart(struct c4_store *store, const char *run);

/* Removes the run's rows of epochs above `epoch`, or all with epoch -1. */
enum c4_status c4_store_rewind(struct c4_store *store, const char *run, int64_t epoch);

/* Which value of a run: what the columns of `result` hold. NULL or "" matches ""; statistics NULL
 * and n 0 match any (there is one only where the quantity is no CKA). */
struct c4_store_key {
    const char *run, *quantity, *layer, *reference, *images, *statistics;
    int64_t n;
};

/* values[e] = the quantity after epoch e, for e = 0..epochs; NaN where there is no row. *synthetic
 * (may be NULL) is set to whether any of them came from synthetic images. */
enum c4_status c4_store_series(struct c4_store *store, const struct c4_store_key *key,
                               uint32_t epochs, double *values, bool *synthetic);

/* The quantity after one epoch; NaN where there is no row. */
enum c4_status c4_store_value(struct c4_store *store, const struct c4_store_key *key, int64_t epoch,
                              double *value);

#endif
