/* The study on disk: FOLDER/study.db (SQLite) with a single writer, which may be killed at any
 * moment. repro/store/schema.h has its tables.
 *
 * The rows of a segment of epochs and its checkpoint's hash are committed in one transaction, after
 * the checkpoint's file has its final name. Every transaction checks that the lock is still ours.
 * The journal mode is TRUNCATE, which needs no shared memory, so that the folder may be on NFS or
 * Lustre.
 *
 * The folder may be moved or removed at any moment: then nothing is made at its old path, and
 * whatever is asked next fails with C4_ERR_ENVIRONMENT.
 *
 * Statuses: a path that is too long for SQLite is C4_ERR_USAGE; missing permission is
 * C4_ERR_ENVIRONMENT; a file that is not a database, is damaged or has an unsupported schema is
 * C4_ERR_DATA; another program's database, a lock held by another process, different settings and a
 * full disk are C4_ERR_FAILED. One thread at a time. */
#ifndef C4_REPRO_STORE_STORE_H
#define C4_REPRO_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/base/text.h"
#include "core/file/sha256.h"
#include "repro/store/folder.h"
#include "repro/study/schedule.h"

enum { C4_STORE_PATH_SIZE = 4096 };

struct c4_store;

/* Opens or makes the study in `folder` and takes its lock (repro/store/lock.h): the kernel's, on
 * FOLDER/study.lock, which ends with the process, and the row of `writer` for other machines. A
 * study that a live process of this machine works on is refused, and so is one whose row names
 * another host, whose processes cannot be checked, unless `take_over`. *store is NULL on failure.
 */
enum c4_status c4_store_open(const char *folder, bool take_over, struct c4_store **store);

/* Opens a copy of the study in memory: nothing of what is written reaches the folder, and another
 * process may go on writing there. *store is NULL on failure, and with C4_OK if the folder has no
 * study. Errors as c4_store_open(), except those of the lock. */
enum c4_status c4_store_open_copy(const char *folder, struct c4_store **store);

/* Releases the lock. `store` may be NULL. */
void c4_store_close(struct c4_store *store);

/* C4_ERR_ENVIRONMENT if the path that the store was opened with no longer leads to the same folder.
 * Every transaction checks it, too. */
enum c4_status c4_store_check_folder(const struct c4_store *store);

/* For processes that work for the one that has the store. */
enum c4_status c4_store_folder(const struct c4_store *store, struct c4_folder_identity *identity);

/* Appends what the user should know about the lock, a sentence, or nothing. */
enum c4_status c4_store_note(const struct c4_store *store, struct c4_text *note);

/* Moves study.db, checkpoints/ and figures/ of `folder` into the new folder FOLDER/previous-<date>,
 * whose name goes to moved ("" if there was nothing to move). Nothing is deleted and nothing else
 * is touched. The lock is held meanwhile; refusals and `take_over` as in c4_store_open(). */
enum c4_status c4_store_set_aside(const char *folder, bool take_over,
                                  char moved[C4_STORE_PATH_SIZE]);

/* Everything written between c4_store_begin() and c4_store_end() is one transaction. With C4_OK it
 * is committed; with another status, which c4_store_end() returns, or if the process is killed,
 * none of it is. */
enum c4_status c4_store_begin(struct c4_store *store);
enum c4_status c4_store_end(struct c4_store *store, enum c4_status status);

/* Stores a setting, or compares it with the stored one. C4_ERR_FAILED: they differ. */
enum c4_status c4_store_setting(struct c4_store *store, const char *name, const char *value);

/* Stores a setting, replacing any stored value. */
enum c4_status c4_store_setting_put(struct c4_store *store, const char *name, const char *value);

/* Sets *value to the setting's value, or to "" if it is missing. */
enum c4_status c4_store_setting_read(struct c4_store *store, const char *name,
                                     struct c4_text *value);

/* Adds the run as planned under the protocol, or compares it with the stored one of the same key.
 * C4_ERR_FAILED: they differ; the sentence says in what. */
enum c4_status c4_store_run_add(struct c4_store *store, const struct c4_run *run,
                                const struct c4_protocol *protocol);

/* State of a run, in table `run` and in the coordinator. */
enum c4_run_state {
    C4_RUN_PLANNED, /* not begun, or interrupted */
    C4_RUN_RUNNING,
    C4_RUN_DONE,
    C4_RUN_FAILED /* given up until the next start */
};
extern const char *const c4_run_state_names[]; /* as in run.status; ends with NULL */

/* Where values come from. */
struct c4_provenance {
    const char *data, *data_sha256;             /* training images: c4_dataset_text() */
    const char *evaluation, *evaluation_sha256; /* images measured on, likewise */
    const char *code_version;
    int arithmetic;
    const char *backend;
    bool synthetic;  /* either set is synthetic */
    bool substitute; /* either set stands in for an official one */
};

/* Rows are plain values, so that they can be sent through a pipe. */
struct c4_result_row {
    int64_t epoch;
    char quantity[24];
    char layer[8], reference[24], images[16]; /* "" where the quantity has none */
    char statistics[8];                       /* "batch", "running" */
    double value;
    int64_t n;   /* images that the value was measured on */
    int measure; /* 1 + enum c4_similarity_id; 0: the quantity is no similarity */
};

struct c4_cost_row {
    int64_t epoch;
    enum c4_cost_what what;
    char layer[16]; /* or phase of a training step; "" where there is none */
    char method[8]; /* of CKA; "" elsewhere */
    double seconds;
    double images_per_s, flops, bytes; /* 0: unknown */
    char started[24], ended[24];       /* of the epoch, UTC */
};

/* The rows of some epochs of a run, and the checkpoint to resume it from. */
struct c4_store_segment {
    const char *run;
    enum c4_run_state state; /* new state of the run */
    const struct c4_provenance *provenance;
    const char *cross_images; /* rows on these images have cross_provenance; or NULL */
    const struct c4_provenance *cross_provenance; /* NULL without cross_images */
    const struct c4_result_row *results;
    int result_count;
    const struct c4_cost_row *costs;
    int cost_count;
    int threads;
    const char *host;            /* name of the machine of the worker; NULL: unknown */
    const char *place;           /* where the worker was to run: PUs, such as "0-3", or "any" */
    const char *place_read_back; /* where it could run; NULL: unknown */
    int node;                    /* NUMA node of its first thread; -1: unknown */
    int memory_node;             /* that its memory lies on, read back; -1: unknown, or several */
    const char *program;         /* version of conv4 that did the work */
    uint32_t epoch;              /* of the checkpoint */
    const char *checkpoint;      /* path in the folder */
    char checkpoint_sha256[C4_SHA256_HEX_SIZE];
};

/* Of its hash in the name of a checkpoint that was merged (repro/merge/merge.h). */
enum { C4_STORE_HASH_DIGITS = 12 };

enum { C4_STORE_KEPT = 2 }; /* checkpoints kept per run: the last, and one in case it is damaged */

/* Stores a segment in one transaction, and the hash of the run's rows if it is done now.
 * Checkpoints before the last C4_STORE_KEPT are removed from
 * the table. */
enum c4_status c4_store_segment(struct c4_store *store, const struct c4_store_segment *segment);

enum c4_status c4_store_run_set_state(struct c4_store *store, const char *run,
                                      enum c4_run_state state);

/* *version: the lowest version of similarity that rows of the run have, of those that are not this
 * program's (C4_SIMILARITY_VERSION); 0 if there is none. */
enum c4_status c4_store_other_similarity(struct c4_store *store, const char *run, int64_t *version);

/* The state of a run; C4_RUN_PLANNED if the store does not know it. */
enum c4_status c4_store_run_state(struct c4_store *store, const char *run,
                                  enum c4_run_state *state);

struct c4_store_checkpoint {
    uint32_t epoch;
    char path[160]; /* in the folder */
    char sha256[C4_SHA256_HEX_SIZE];
};

/* At most `capacity` checkpoints of a run, newest first. */
enum c4_status c4_store_checkpoints(struct c4_store *store, const char *run,
                                    struct c4_store_checkpoint *checkpoints, int capacity,
                                    int *count);

/* The last epoch that the run has rows of; -1: none. */
enum c4_status c4_store_last_epoch(struct c4_store *store, const char *run, int64_t *epoch);

/* Removes all rows and checkpoints of the run from the tables, and sets its state to
 * C4_RUN_PLANNED. Costs that runs share stay. */
enum c4_status c4_store_restart(struct c4_store *store, const char *run);

/* Removes the run's rows and checkpoints after `epoch`, or all if it is -1; its state becomes
 * C4_RUN_PLANNED. */
enum c4_status c4_store_rewind(struct c4_store *store, const char *run, int64_t epoch);

#endif
