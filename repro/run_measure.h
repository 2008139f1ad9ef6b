/* The rows of one epoch: accuracy and CKA of a network with fixed weights. */
#ifndef C4_REPRO_RUN_MEASURE_H
#define C4_REPRO_RUN_MEASURE_H

#include "core/net/train.h"
#include "core/similarity/cka.h"
#include "repro/run.h"

enum { C4_EPOCH_RESULTS = 24, C4_EPOCH_COSTS = 16 };

/* Images, labels and memory for measuring one run. */
struct c4_measure {
    const struct c4_runner *runner;
    const struct c4_run *run;
    struct c4_dataset training;    /* view of the run's images */
    uint8_t *labels, *test_labels; /* as drawn for the seed */
    float *features[C4_LAYERS];    /* [forwarded, features] */
    float *logits;                 /* [accuracy images, 10] */
    uint32_t forwarded;
    struct c4_cka_reference *reference[C4_LAYERS];
    bool reference_told;  /* its cost is among the rows */
    uint32_t pass_images; /* already reported of the pass under way */
};

/* Draws labels and reserves memory. Release in every case. */
enum c4_status c4_measure_init(struct c4_measure *measure, const struct c4_runner *runner,
                               const struct c4_run *run);
void c4_measure_free(struct c4_measure *measure);

/* Passes over training and test images that report to runner->advance(). */
struct c4_pass c4_measure_training_pass(struct c4_measure *measure, struct c4_plan *plan);
struct c4_pass c4_measure_test_pass(struct c4_measure *measure, struct c4_plan *plan);

/* Makes the network in the plan the one that CKA compares with. */
enum c4_status c4_measure_reference(struct c4_measure *measure, struct c4_plan *plan);

/* Rows of an epoch in the making. */
struct c4_epoch_rows {
    struct c4_result_row results[C4_EPOCH_RESULTS];
    struct c4_cost_row costs[C4_EPOCH_COSTS];
    int result_count, cost_count;
};

/* Appends the rows of the network in the plan:
 *   train_accuracy        of the first train_accuracy_images training images, on the drawn
 *                         labels
 *   test_accuracy         of the first accuracy_images test images, on the drawn labels
 *   test_accuracy_clean   of the same, on the true labels
 *   cka_biased, cka_debiased   of each layer to the reference, over the first cka_images test
 * images Images pass in file order in batches of the protocol's size, normalised as the protocol
 * says. */
enum c4_status c4_measure_epoch(struct c4_measure *measure, struct c4_plan *plan,
                                struct c4_epoch_rows *rows);

void c4_rows_result(struct c4_epoch_rows *rows, const char *quantity, double value, int64_t n);
void c4_rows_pass(struct c4_epoch_rows *rows, const char *what,
                  const struct c4_pass_result *result);

#endif
