/* Doing a run of the study: train and measure, segment by segment. What is done here knows no
 * store: rows and a checkpoint are left for whoever asked. */
#ifndef C4_REPRO_RUN_RUN_H
#define C4_REPRO_RUN_RUN_H

#include <stdint.h>

#include "core/op/backend.h"
#include "repro/run/images.h"
#include "repro/run/row_list.h"
#include "repro/run/shared_references.h"

/* What all runs of a process work with. Borrowed. */
struct c4_runner {
    const char *folder; /* of the study */
    const struct c4_protocol *protocol;
    const struct c4_scale *scale;
    const struct c4_images *images;
    const struct c4_step_api *step;
    struct c4_gram_slots gram;
    const char *backend; /* as rows name it */
    bool wide;           /* the backend computes in double, and so do its checkpoints */
    int threads;
    struct c4_caches caches;
    const char *kernels; /* of struct c4_plan_config; the same in all processes of a study */
    const struct c4_shared_references *references; /* NULL: this process shares none */
    double arrival_seconds; /* how long to wait for a checkpoint of another machine; 0: not */
    /* After every batch: how many images were worked on since the last call. Anything but C4_OK
     * ends the segment with that status. */
    enum c4_status (*advance)(void *context, uint32_t images);
    void *context;
};

/* The runner's plans for networks of a block order. */
struct c4_plan_config c4_runner_plan_config(const struct c4_runner *runner, enum c4_order order);

enum { C4_CHECKPOINT_PATH_SIZE = 160 };

struct c4_known_checkpoint {
    char path[C4_CHECKPOINT_PATH_SIZE]; /* in the folder; "" : none */
    char sha256[C4_SHA256_HEX_SIZE];
    uint32_t epoch;
};

/* Epochs from + 1 .. to of a run; epoch 0 is the network that it starts from. A plain value. */
struct c4_segment {
    struct c4_run run;
    int64_t from; /* the last epoch that is done; -1: none */
    uint32_t to;
    struct c4_known_checkpoint last;   /* of epoch `from`, unless that is -1 */
    struct c4_known_checkpoint source; /* the last one of run.from, unless that is "" */
};

/* The work of a whole run, as a number of images forwarded: those of its measurements, and a
 * trained one as three. Depends on nothing but the runner's protocol and scale, and reads nothing
 * else. */
uint64_t c4_run_work(const struct c4_runner *runner, const struct c4_run *run);

/* How many epochs of the run a segment has: as many as make a few seconds of work. Segments end at
 * multiples of it and at the last epoch, whatever was done by whom. */
uint32_t c4_run_segment_epochs(const struct c4_runner *runner, const struct c4_run *run);
/* The last epoch of the segment behind epoch `done`. */
uint32_t c4_run_segment_end(const struct c4_runner *runner, const struct c4_run *run, int64_t done);

/* checkpoints/KEY/epoch-0004.safetensors */
void c4_run_checkpoint_path(const char *key, uint32_t epoch, char path[C4_CHECKPOINT_PATH_SIZE]);

/* A run under way, and what runs share: one plan, the references' features. */
struct c4_execution;
enum c4_status c4_execution_new(const struct c4_runner *runner, struct c4_execution **execution);
void c4_execution_free(struct c4_execution *execution); /* NULL allowed */

/* Does a segment: appends its rows and writes the checkpoint of its last epoch, whose hash goes to
 * `last`. A run that goes on where the execution's last segment ended is not loaded again. The rows
 * and the checkpoint do not depend on that, nor on the number of threads with a bit-exact backend.
 * *faulty: the run itself is what failed (its loss is not finite), and would fail again. A layer
 * that is constant is no failure: its CKA is a row without a value. A checkpoint that cannot be
 * read or is not the known one is C4_ERR_DATA, after runner->arrival_seconds. */
enum c4_status c4_execution_segment(struct c4_execution *execution,
                                    const struct c4_segment *segment, struct c4_row_list *rows,
                                    struct c4_known_checkpoint *last, bool *faulty);

/* To be called when the runner's number of threads has changed, between segments: makes the plans
 * for that number. The network of the run under way, if there is one, stays as it is, so with a
 * bit-exact backend no bit depends on the call. On failure the run is left, and the next segment
 * loads its checkpoint. Errors as those of the backend's plans. */
enum c4_status c4_execution_change_team(struct c4_execution *execution);

/* The images that the run under way trains on; NULL without one. */
const struct c4_dataset *c4_execution_training(const struct c4_execution *execution);

#endif
