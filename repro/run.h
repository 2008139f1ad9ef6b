/* Doing one run of the study: train, measure, store, epoch by epoch. */
#ifndef C4_REPRO_RUN_H
#define C4_REPRO_RUN_H

#include <stdint.h>

#include "core/data/dataset.h"
#include "core/op/backend.h"
#include "repro/schedule.h"
#include "repro/store.h"

/* What all runs of a study work with. Borrowed. */
struct c4_runner {
    const char *folder; /* of the study */
    const struct c4_protocol *protocol;
    const struct c4_scale *scale;
    const struct c4_step_api *step;
    c4_gram_block_fn *gram;
    const char *backend; /* as rows name it */
    bool wide;           /* the backend computes in double, and so do its checkpoints */
    int threads;
    size_t l2_bytes;
    const struct c4_dataset *training;   /* at least as many images as any run trains on */
    const struct c4_dataset *evaluation; /* the test set */
    struct c4_store *store;
    /* After every batch: how many images were worked on since the last call. Anything but C4_OK
     * ends the run with that status; the epoch under way is lost, earlier ones are stored. */
    enum c4_status (*advance)(void *context, uint32_t images);
    /* A sentence for the user. */
    void (*say)(void *context, const char *sentence);
    void *context;
};

/* Images forwarded for CKA: protocol->cka_images rounded up to whole batches, as long as the
 * evaluation set has them, because a smaller last batch would have other statistics. */
uint32_t c4_run_forwarded(const struct c4_protocol *protocol, uint32_t available);

/* Training images that the accuracy after an epoch is measured on: the scale's number or all. */
uint32_t c4_run_train_accuracy_images(const struct c4_runner *runner, const struct c4_run *run);

/* Images that a run works on from after epoch `done` (-1: from the beginning) to its end, in
 * training and in evaluation: the unit of advance(). */
uint64_t c4_run_images(const struct c4_runner *runner, const struct c4_run *run, int64_t done);

/* The last epoch whose checkpoint is in the store and sound, or -1. Rows behind it are removed, and
 * say() tells which checkpoints were missing or damaged. */
enum c4_status c4_run_resume_epoch(const struct c4_runner *runner, const struct c4_run *run,
                                   int64_t *done);

/* What one call of c4_run_execute() trained. */
struct c4_run_work {
    uint64_t images; /* trained on */
    double seconds;  /* in training them */
};

/* Continues the run where its last sound checkpoint ends, and adds to *work. Rows of every epoch, 0
 * (the initial weights) included: accuracies, loss, and CKA of each layer to the reference; see
 * repro/run_measure.h. A loss that is not finite is C4_ERR_FAILED and marks the run as failed. */
enum c4_status c4_run_execute(const struct c4_runner *runner, const struct c4_run *run,
                              struct c4_run_work *work);

/* Seconds per image and per measurement on this machine, from a second of trial: a plan that is
 * thrown away takes a few steps and evaluations. */
struct c4_run_speed {
    double train_seconds, evaluate_seconds; /* per image */
    double cka_seconds;                     /* per epoch, without forwarding the images */
};
enum c4_status c4_run_calibrate(const struct c4_runner *runner, struct c4_run_speed *speed);

/* Seconds that the run will take from after epoch `done`. */
double c4_run_predict(const struct c4_runner *runner, const struct c4_run *run, int64_t done,
                      const struct c4_run_speed *speed);

#endif
