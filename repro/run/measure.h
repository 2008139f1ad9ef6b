/* The rows of one epoch: accuracy and CKA of a network with fixed weights. */
#ifndef C4_REPRO_RUN_MEASURE_H
#define C4_REPRO_RUN_MEASURE_H

#include "repro/run/reference_cache.h"
#include "repro/run/training.h"

/* What measuring a run needs: images, labels, memory. */
struct c4_measure {
    const struct c4_runner *runner;
    const struct c4_run *run;
    struct c4_reference_cache *cache;
    struct c4_known_checkpoint source; /* of fine-tuning; path "" otherwise */
    const struct c4_training *training;
    const struct c4_dataset *evaluation;
    uint8_t *evaluation_labels;                              /* as drawn for the seed */
    uint32_t train_images, tests;                            /* that accuracies are measured on */
    struct c4_row_counts epoch_rows, all_rows, control_rows; /* numbers of images for CKA: after an
                                   epoch, after the last one, and those of control_images alone */
    uint32_t forwarded;                                      /* for epoch_rows, in whole batches */
    struct c4_feature_space *space; /* of features, until a reference is asked for */
    float *logits;                  /* [train_images or tests or forwarded, 10] */
    struct c4_pass_progress progress;
};

/* Draws the labels of the evaluation images and reserves memory. `training`, `space` and `cache`
 * must outlive it. Release in every case. C4_ERR_MEMORY. */
enum c4_status c4_measure_init(struct c4_measure *measure, const struct c4_runner *runner,
                               const struct c4_run *run, const struct c4_known_checkpoint *source,
                               const struct c4_training *training, struct c4_feature_space *space,
                               struct c4_reference_cache *cache);
void c4_measure_free(struct c4_measure *measure);

/* Images that the run works on in one epoch and in its measurement: the unit of advance(). */
struct c4_run_images {
    uint32_t trained, measured; /* of an epoch */
    uint32_t start;             /* measured before the first one */
    uint32_t control;           /* of the last one in addition */
};
void c4_run_images(const struct c4_runner *runner, const struct c4_run *run,
                   struct c4_run_images *images);

/* Appends the rows of the network in the plan after `epoch` (0: the run's start), all with the
 * study's statistics unless said:
 *   train_accuracy, train_accuracy_clean   of the first train_accuracy_images training images, on
 *                         the drawn and on the true labels
 *   test_accuracy, test_accuracy_clean     of the first accuracy_images evaluation images
 *   cka_biased, cka_debiased   of each layer to each reference that the run has, over the first
 *                         cka_images evaluation images (and over the first curve_images in
 *                         pre-training); to the pre-trained network also on the other half
 *   after the run's last epoch: cka_* by batch and by running statistics, over the first
 *                         control_images, to all of these but the other seed's initialisation
 * Images pass in file order in batches of the protocol's size. Evaluation, CKA and, with the
 * study's statistics, controls share one pass over the batches that they have in common. At epoch 0
 * features and logits are those of the reference that the run starts from, and shared with others.
 */
enum c4_status c4_measure_epoch(struct c4_measure *measure, struct c4_plan *plan, uint32_t epoch,
                                struct c4_row_list *rows);

#endif
